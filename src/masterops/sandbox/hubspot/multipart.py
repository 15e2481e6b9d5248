"""
A form with files, as a client uploads it.
"""

from __future__ import annotations

from email import policy
from email.parser import BytesParser

from masterops.sandbox.hubspot import problems


class Form:
    """
    The texts and the files of a form, by name.
    """

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.files: dict[str, bytes] = {}  # by the name of the file


def read(content_type: str, body: bytes) -> Form:
    """The form in a body. Raises Refusal: 415 for another media type, 400 for one that is broken."""
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        raise problems.Refusal(415, "HTTP 415 Unsupported Media Type", "UNSUPPORTED_MEDIA_TYPE")
    head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    form = Form()
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(content, bytes):
            continue
        file = part.get_filename()
        if file is None:
            form.texts[name] = content.decode(errors="replace")
        else:
            form.files[file] = content
    if not form.texts and not form.files:
        raise problems.invalid("The form could not be read.")
    return form
