"""
airbyte-cdk: a connector declared as a manifest, read as its command line reads it.
"""

import json
import logging
import sys
import time
from importlib.metadata import version

from airbyte_cdk.models import (
    AirbyteStream,
    ConfiguredAirbyteCatalog,
    ConfiguredAirbyteStream,
    DestinationSyncMode,
    SyncMode,
    Type,
)
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource

url, properties = sys.argv[1:]
FIELDS = {name: {"type": ["null", "string"]} for name in properties.split(",")}
SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}, "properties": {"type": "object"}}}
SCHEMA["properties"]["properties"]["properties"] = FIELDS
MANIFEST = {
    "version": "6.0.0",
    "type": "DeclarativeSource",
    "check": {"type": "CheckStream", "stream_names": ["contacts"]},
    "streams": [
        {
            "type": "DeclarativeStream",
            "name": "contacts",
            "primary_key": ["id"],
            "schema_loader": {"type": "InlineSchemaLoader", "schema": SCHEMA},
            "retriever": {
                "type": "SimpleRetriever",
                "requester": {
                    "type": "HttpRequester",
                    "url_base": url,
                    "path": "/crm/v3/objects/contacts",
                    "http_method": "GET",
                    "request_parameters": {"properties": properties},
                    "authenticator": {"type": "BearerAuthenticator", "api_token": "a-token-of-the-benchmark"},
                },
                "record_selector": {
                    "type": "RecordSelector",
                    "extractor": {"type": "DpathExtractor", "field_path": ["results"]},
                },
                "paginator": {
                    "type": "DefaultPaginator",
                    "page_size_option": {
                        "type": "RequestOption",
                        "inject_into": "request_parameter",
                        "field_name": "limit",
                    },
                    "page_token_option": {
                        "type": "RequestOption",
                        "inject_into": "request_parameter",
                        "field_name": "after",
                    },
                    "pagination_strategy": {
                        "type": "CursorPagination",
                        "page_size": 100,
                        "cursor_value": "{{ response.paging.next.after }}",
                        "stop_condition": "{{ not response.get('paging', {}).get('next', {}).get('after') }}",
                    },
                },
            },
        }
    ],
    "spec": {"type": "Spec", "connection_specification": {"type": "object", "properties": {}}},
}
stream = AirbyteStream(name="contacts", json_schema=SCHEMA, supported_sync_modes=[SyncMode.full_refresh])
modes = {"sync_mode": SyncMode.full_refresh, "destination_sync_mode": DestinationSyncMode.overwrite}
catalog = ConfiguredAirbyteCatalog(streams=[ConfiguredAirbyteStream(stream=stream, **modes)])
source = ConcurrentDeclarativeSource(catalog=catalog, config={}, state=[], source_config=MANIFEST)
wall, cpu = time.perf_counter(), time.process_time()
messages = source.read(logging.getLogger("airbyte"), {}, catalog, [])
records = sum(message.type is Type.RECORD for message in messages)
spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
print(json.dumps({"records": records, "version": version("airbyte-cdk"), **spent}))
