"""
A form with files, as bytes to send. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from masterops.transport import Content


def form(texts: Mapping[str, str], files: Mapping[str, bytes], *, field: str, boundary: str) -> Content:
    """
    The body of an upload: texts by name, then every file under the name `field`, with its own name.
    `boundary` must not occur in them; a random one does not. Names hold no quote and no line's end.
    """
    parts = [_part(f'form-data; name="{name}"', text.encode(), boundary) for name, text in texts.items()]
    parts += [
        _part(f'form-data; name="{field}"; filename="{name}"', content, boundary)
        for name, content in files.items()
    ]
    end = f"--{boundary}--\r\n".encode()
    return Content(b"".join([*parts, end]), f"multipart/form-data; boundary={boundary}")


def _part(disposition: str, content: bytes, boundary: str) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"
