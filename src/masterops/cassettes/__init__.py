"""
Recordings of what a service answered, with everything personal in them made up.
"""

from masterops.cassettes.cassette import Cassette, Exchange, read, write
from masterops.cassettes.recorder import record
from masterops.cassettes.scrub import Scrubber

__all__ = ["Cassette", "Exchange", "Scrubber", "read", "record", "write"]
