"""
hubspot-api-client: `get_all`.
"""

import json
import sys
import time
from importlib.metadata import version

from hubspot import HubSpot

url, properties = sys.argv[1:]
client = HubSpot(access_token="a-token-of-the-benchmark", host=url)
wall, cpu = time.perf_counter(), time.process_time()
records = len(client.crm.contacts.get_all(properties=properties.split(",")))
spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
print(json.dumps({"records": records, "version": version("hubspot-api-client"), **spent}))
