"""
aiolimiter where nobody has to wait: acquires a second of the processor.
"""

import asyncio
import json
import sys
import time
from importlib.metadata import version
from statistics import median

from aiolimiter import AsyncLimiter

acquires = int(sys.argv[1])


async def rate():
    limiter = AsyncLimiter(1_000_000, 10)
    start = time.process_time()
    for _ in range(acquires):
        await limiter.acquire()
    return acquires / (time.process_time() - start)


rates = [asyncio.run(rate()) for _ in range(5)]
print(json.dumps({"rate": median(rates), "version": version("aiolimiter")}))
