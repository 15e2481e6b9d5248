"""
An n8n of the stack gets its owner and an API key, as a person would do in the browser.

It is no call to a service: the stack talks to its own program while it sets it up, before any connection,
limit or record of Master-Ops exists. So this is the standard library's client, without a proxy.
"""

from __future__ import annotations

import http.cookiejar
import json
import time
import urllib.error
import urllib.request
from typing import Any

from masterops.config import Secret
from masterops.errors import ServiceFailed

LABEL = "Master-Ops"
SECONDS = 30.0
PAUSE = 0.5


def works(url: str, key: str) -> bool:
    """Whether n8n takes this API key."""
    request = urllib.request.Request(f"{url}/api/v1/workflows?limit=1", headers={"X-N8N-API-KEY": key})
    try:
        with _opener().open(request, timeout=SECONDS) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            return False
        raise ServiceFailed(service="n8n", reason=f"its API answered {error.code}") from None
    except OSError as error:
        raise ServiceFailed(service="n8n", reason=f"its API does not answer: {error}") from None


def key_for(url: str, email: str, password: str) -> Secret:
    """
    A new API key that may do everything, of the owner, who is made where there is none yet.

    Raises ServiceFailed, with n8n's own words.
    """
    n8n = _N8n(url)
    settings = n8n.call("GET", "/rest/settings")
    if settings["userManagement"]["showSetupOnFirstLoad"]:
        owner = {"email": email, "firstName": "Master", "lastName": "Ops", "password": password}
        n8n.call("POST", "/rest/owner/setup", owner)
    else:
        n8n.call("POST", "/rest/login", {"emailOrLdapLoginId": email, "password": password})
    for each in n8n.call("GET", "/rest/api-keys")["items"]:
        if each["label"] == LABEL:  # of a stack whose file of variables is gone: nobody knows it any more
            n8n.call("DELETE", f"/rest/api-keys/{each['id']}")
    scopes = n8n.call("GET", "/rest/api-keys/scopes")
    made = n8n.call("POST", "/rest/api-keys", {"label": LABEL, "expiresAt": None, "scopes": scopes})
    return Secret(str(made["rawApiKey"]))


class _N8n:
    """
    Its internal API, with the cookie of whoever has signed in.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._opener = _opener()

    def call(self, method: str, path: str, body: object = None) -> Any:
        """What stands under `data`. It refuses a sixth sign-in within a minute: then it is asked again."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(self._url + path, data, headers, method=method)
        for _ in range(3):
            try:
                with self._opener.open(request, timeout=SECONDS) as answer:
                    return json.load(answer)["data"]
            except urllib.error.HTTPError as error:
                if error.code != 429:
                    raise ServiceFailed(service="n8n", reason=_words(path, error)) from None
                time.sleep(float(error.headers.get("Retry-After") or PAUSE))
            except (OSError, ValueError, KeyError) as error:
                raise ServiceFailed(service="n8n", reason=f"{path}: {error}") from None
        raise ServiceFailed(service="n8n", reason="it refuses to sign the owner in so often; wait a minute")


def _words(path: str, error: urllib.error.HTTPError) -> str:
    try:
        said = json.load(error).get("message", "")
    except (ValueError, AttributeError, OSError):
        said = ""
    return f"{path} answered {error.code} {said}".strip()


def _opener() -> urllib.request.OpenerDirector:
    """Without a proxy, with cookies."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
