"""
HubSpot's connector set up as an OAuth app: what the standard suite promises of credentials.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from masterops.connectors.hubspot import HubSpot
from masterops.testing import Said, connector_suite
from masterops.transport import Transport
from tests.connectors.oauth_child import APP, connection
from tests.connectors.test_hubspot_suite import HubSpotKit


class HubSpotAppKit(HubSpotKit):
    """
    Contacts, read by an app whose access tokens run out.
    """

    lacks = {}
    other_secrets = ("refresh-token-of-the-suite", APP["client_secret"])

    def connect(self, url: str, transport: Transport, **more: Any) -> HubSpot:
        return HubSpot(connection(url, "refresh-token-of-the-suite", **more), transport)

    async def get(self, connector: HubSpot, id: str) -> Any:
        return await connector.contacts.get(id, coalesce=False)

    def refreshed(self, path: str, body: bytes, credential: str) -> Said | None:
        if not path.endswith("/token"):
            return None
        assert ["refresh_token"] == parse_qs(body.decode())["grant_type"]
        given = {"access_token": credential, "refresh_token": f"refresh-of-{credential}", "expires_in": 1_800}
        return Said.json(200, given)


class BesideOthersKit(HubSpotAppKit):
    """
    The same, of a service that wants another header beside the token.
    """

    def connect(self, url: str, transport: Transport, **more: Any) -> HubSpot:
        connector = super().connect(url, transport, **more)
        target = connector.contacts._target
        connector.contacts._target = replace(target, headers=lambda: {"X-Tenant": "7"})
        return connector


TestHubSpotApp = connector_suite(HubSpotAppKit(), about="credential")
TestBesideOthers = connector_suite(BesideOthersKit(), about="credential_that_has_run_out")
