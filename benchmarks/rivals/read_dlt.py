"""
dlt: its generic REST source, iterated.
"""

import json
import sys
import time
from importlib.metadata import version

from dlt.sources.rest_api import rest_api_source

url, properties = sys.argv[1:]
source = rest_api_source(
    {
        "client": {
            "base_url": url,
            "auth": {"type": "bearer", "token": "a-token-of-the-benchmark"},
            "paginator": {"type": "cursor", "cursor_path": "paging.next.after", "cursor_param": "after"},
        },
        "resources": [
            {
                "name": "contacts",
                "endpoint": {
                    "path": "crm/v3/objects/contacts",
                    "params": {"limit": 100, "properties": properties},
                    "data_selector": "results",
                },
            }
        ],
    }
)
wall, cpu = time.perf_counter(), time.process_time()
records = sum(1 for _ in source.resources["contacts"])
spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
print(json.dumps({"records": records, "version": version("dlt"), **spent}))
