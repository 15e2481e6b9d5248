"""
Reading a whole set of records in parallel, each once, from where it was left.
"""

from masterops.connectors.extraction.extract import extract
from masterops.connectors.extraction.spans import (
    Cursor,
    Extracted,
    Fetched,
    Misread,
    Readable,
    Span,
    Way,
    decoded,
)

__all__ = ["Cursor", "Extracted", "Fetched", "Misread", "Readable", "Span", "Way", "decoded", "extract"]
