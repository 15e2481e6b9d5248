"""
Where n8n's public API is, behind the address of the server itself.
"""

from __future__ import annotations

API = "/api/v1"
# The most that a page holds; a larger number is cut to it in silence (n8n 2.41, "public-api/v1").
PAGE_SIZE = 250


def path(*parts: str) -> str:
    """The path of a resource, as in `/api/v1/workflows`."""
    return "/".join((API, *parts))


def server_of(base_url: str) -> str:
    """The server's own address, also where somebody has written that of its API."""
    return base_url.rstrip("/").removesuffix(API)
