"""
hubspot-api-client: `batch_api.upsert`, a hundred at a time. It neither removes duplicates nor halves a batch
that is refused: who uses it has to, and does here.
"""

import json
import sys
import time
from pathlib import Path

from hubspot import HubSpot
from hubspot.crm.contacts import (
    ApiException,
    BatchInputSimplePublicObjectBatchInputUpsert,
    SimplePublicObjectBatchInputUpsert,
)

url, file = sys.argv[1:]
batches = HubSpot(access_token="a-token-of-the-benchmark", host=url).crm.contacts.batch_api
given = json.loads(Path(file).read_text())


def sent(inputs):
    """How many of them were written."""
    try:
        return len(batches.upsert(BatchInputSimplePublicObjectBatchInputUpsert(inputs=inputs)).results)
    except ApiException as error:
        if error.status != 409 or len(inputs) == 1:
            return 0
        half = len(inputs) // 2
        return sent(inputs[:half]) + sent(inputs[half:])


wall, cpu = time.perf_counter(), time.process_time()
rows = [
    SimplePublicObjectBatchInputUpsert(
        id=id, id_property="order_key", properties=properties, object_write_trace_id=id
    )
    for id, properties in dict(given).items()
]
written = sum(sent(rows[start : start + 100]) for start in range(0, len(rows), 100))
spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
print(json.dumps({"written": written, **spent}))
