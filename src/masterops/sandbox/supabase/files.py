"""
What Storage keeps.
"""

from __future__ import annotations

import msgspec


class Stored(msgspec.Struct):
    """
    One file.
    """

    id: str
    data: bytes
    media_type: str
    at: str


class Bucket(msgspec.Struct):
    """
    One bucket and its files, by their paths.
    """

    id: str
    public: bool
    at: str
    file_size_limit: int | None = None
    allowed_mime_types: list[str] | None = None
    files: dict[str, Stored] = {}
