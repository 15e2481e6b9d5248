"""
HubSpot's OAuth: consent, tokens, refresh, revocation, under dated paths, v3 and v1.

Each business has one app, whose id and secret are made from its name. Consent is given at once:
/oauth/authorize leads straight back with a code, good once and for ten minutes (reported). An access token
lives 30 minutes (`expires_in` 1800). HubSpot answers a refresh with the same refresh token (reported); by
default the twin gives a new one and refuses the old, because a client must survive that too. The words of
refusals are reported.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

import msgspec

from masterops.sandbox.answer import Answer, json_answer
from masterops.sandbox.clock import Clock

ACCESS_SECONDS = 1_800
CODE_SECONDS = 600
VERSIONS = ("2026-03", "2026-09", "v3", "v1")
SCOPES = ("crm.objects.contacts.read", "crm.objects.contacts.write", "oauth")


class App(msgspec.Struct, frozen=True):
    """
    An app that may be installed in one business's account.
    """

    business: str
    client_id: str
    client_secret: str
    hub_id: int


class Access(msgspec.Struct, frozen=True):
    """
    An access token that was given out.
    """

    app: App
    expires_at: datetime


def app_for(business: str, hub_id: int) -> App:
    """The app of a business; no real app has an id of this form."""
    return App(business, f"sandbox-app-{business}", f"sandbox-app-secret-{business}", hub_id)


class Grants:
    """
    Codes and tokens that are good, of all apps.
    """

    def __init__(self, apps: list[App], clock: Clock) -> None:
        self.apps = {app.client_id: app for app in apps}
        self.access: dict[str, Access] = {}
        self.refresh: dict[str, App] = {}
        self.rotate: dict[str, bool] = {}  # by business
        self._codes: dict[str, tuple[App, str, datetime]] = {}
        self._clock = clock

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer | None:
        """The answer to a request under /oauth; None when it is no such request."""
        parts = path.strip("/").split("/")
        if parts[0] != "oauth":
            return None
        if parts[1:] == ["authorize"] and method == "GET":
            return self._authorize(dict(parse_qsl(query)))
        if len(parts) < 3 or parts[1] not in VERSIONS or method != "POST":
            return None
        given = dict(parse_qsl(body.decode(errors="replace")))
        if parts[2:] == ["token"]:
            return self._token(given)
        if parts[2:] == ["token", "introspect"]:
            return self._introspect(given)
        return self._revoke(given) if parts[2:] == ["token", "revoke"] else None

    def forget(self, business: str) -> None:
        """Take back everything that was given to a business's app."""
        self.access = {token: held for token, held in self.access.items() if held.app.business != business}
        self.refresh = {token: app for token, app in self.refresh.items() if app.business != business}

    def _authorize(self, given: dict[str, str]) -> Answer:
        app, back = self.apps.get(given.get("client_id", "")), given.get("redirect_uri", "")
        if app is None or not back.startswith(("http://", "https://")):
            return _refused("BAD_CLIENT_ID", "missing or unknown client id, or no redirect_uri")
        code = str(uuid4())
        self._codes[code] = (app, back, self._clock.now() + timedelta(seconds=CODE_SECONDS))
        told = {"code": code} | ({"state": given["state"]} if "state" in given else {})
        return Answer(302, b"", {"Location": f"{back}{'&' if '?' in back else '?'}{urlencode(told)}"})

    def _token(self, given: dict[str, str]) -> Answer:
        app = self.apps.get(given.get("client_id", ""))
        if app is None:
            return _refused("BAD_CLIENT_ID", "missing or unknown client id")
        if given.get("client_secret") != app.client_secret:
            return _refused("BAD_CLIENT_SECRET", "missing or invalid client secret")
        match given.get("grant_type"):
            case "authorization_code":
                return self._from_code(app, given)
            case "refresh_token":
                return self._from_refresh(app, given.get("refresh_token", ""))
        return _refused("BAD_GRANT_TYPE", "missing or unknown grant type")

    def _from_code(self, app: App, given: dict[str, str]) -> Answer:
        held = self._codes.pop(given.get("code", ""), None)
        if held is None or held[0] is not app:
            return _refused("BAD_AUTH_CODE", "missing or unknown auth code")
        if held[2] <= self._clock.now():
            return _refused("EXPIRED_AUTH_CODE", "the auth code has expired")
        if given.get("redirect_uri") != held[1]:
            return _refused("MISMATCH_REDIRECT_URI_AUTH_CODE", "redirect uri is not that of the auth code")
        return self._given(app, self._new_refresh(app))

    def _from_refresh(self, app: App, token: str) -> Answer:
        if self.refresh.get(token) is not app:
            return _refused("BAD_REFRESH_TOKEN", "missing or invalid refresh token")
        if not self.rotate.get(app.business, True):
            return self._given(app, token)
        del self.refresh[token]
        return self._given(app, self._new_refresh(app))

    def _new_refresh(self, app: App) -> str:
        token = f"sandbox-refresh-{uuid4()}"
        self.refresh[token] = app
        return token

    def _given(self, app: App, refresh: str) -> Answer:
        token = f"sandbox-access-{uuid4()}"
        self.access[token] = Access(app, self._clock.now() + timedelta(seconds=ACCESS_SECONDS))
        body = {
            "token_type": "bearer",
            "token_use": "access_token",
            "access_token": token,
            "refresh_token": refresh,
            "expires_in": ACCESS_SECONDS,
            "hub_id": app.hub_id,
            "user_id": app.hub_id + 500,
            "scopes": SCOPES,
        }
        return json_answer(200, body, {"Cache-Control": "no-store"})

    def _introspect(self, given: dict[str, str]) -> Answer:
        token = given.get("token", "")
        held = self.access.get(token)
        app = held.app if held is not None else self.refresh.get(token)
        if app is None or given.get("client_secret") != app.client_secret:
            return json_answer(200, {"active": False})
        left = (held.expires_at - self._clock.now()).total_seconds() if held is not None else None
        body = {
            "active": left is None or left > 0,
            "token": token,
            "token_type": "bearer",
            "token_use": "refresh_token" if left is None else "access_token",
            "client_id": app.client_id,
            "hub_id": app.hub_id,
            "user_id": app.hub_id + 500,
            "scopes": SCOPES,
        }
        return json_answer(200, body | ({} if left is None else {"expires_in": max(0, round(left))}))

    def _revoke(self, given: dict[str, str]) -> Answer:
        app = self.apps.get(given.get("client_id", ""))
        if app is None or given.get("client_secret") != app.client_secret:
            return _refused("BAD_CLIENT_SECRET", "missing or invalid client secret")
        if self.refresh.get(given.get("token", "")) is app:
            self.forget(app.business)
        self.access.pop(given.get("token", ""), None)
        return Answer(200)


def _refused(status: str, message: str) -> Answer:
    return json_answer(400, {"status": status, "message": message, "correlationId": str(uuid4())})
