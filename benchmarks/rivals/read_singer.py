"""
A Singer tap of the Meltano SDK, its messages written to a file.
"""

import contextlib
import json
import sys
import tempfile
import time
from importlib.metadata import version

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator

url, properties = sys.argv[1:]
FIELDS = th.ObjectType(*(th.Property(name, th.StringType) for name in properties.split(",")))


class Contacts(RESTStream):
    """The list of contacts."""

    name = "contacts"
    path = "/crm/v3/objects/contacts"
    primary_keys = ("id",)
    records_jsonpath = "$.results[*]"
    next_page_token_jsonpath = "$.paging.next.after"
    url_base = url
    schema = th.PropertiesList(
        th.Property("id", th.StringType),
        th.Property("properties", FIELDS),
        th.Property("createdAt", th.DateTimeType),
        th.Property("updatedAt", th.DateTimeType),
        th.Property("archived", th.BooleanType),
    ).to_dict()

    @property
    def authenticator(self):
        return BearerTokenAuthenticator(token="a-token-of-the-benchmark")

    def get_url_params(self, context, next_page_token):
        after = {"after": next_page_token} if next_page_token else {}
        return {"limit": 100, "properties": properties, **after}


class TapContacts(Tap):
    """The tap."""

    name = "tap-contacts"
    config_jsonschema = th.PropertiesList().to_dict()

    def discover_streams(self):
        return [Contacts(self)]


tap = TapContacts(config={})
with tempfile.TemporaryFile("w+") as messages:
    wall, cpu = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(messages):
        tap.sync_all()
    spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    messages.seek(0)
    records = sum('"RECORD"' in line for line in messages)
print(json.dumps({"records": records, "version": version("singer-sdk"), **spent}))
