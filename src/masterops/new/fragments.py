"""
The parts of a connector that differ by how its service knows its callers and how it pages.
"""

from __future__ import annotations

from typing import NamedTuple

from masterops.new.choices import Choices


class Auth(NamedTuple):
    """
    One way to give credentials: of the connector, of its twin, of its tests, and in words.
    """

    secrets: tuple[tuple[str, str], ...]  # setting and help
    headers: str
    credential: str
    words: str
    imports: str = ""
    twin_imports: str = ""


class Paging(NamedTuple):
    """
    One way to page: the connector's listing, the twin's pages, the suite's pages, what to ask the vendor.
    """

    listing: str
    page: str
    said: str
    question: str
    words: str
    stable: bool = True
    twin_imports: str = ""


BEARER = Auth(
    (("access_token", "An access token."),),
    """\
    token = connection.secret("access_token")

    def headers() -> dict[str, str]:
        return {"Authorization": f"Bearer {token.reveal()}"}""",
    """\
        return headers.get("Authorization", "").removeprefix("Bearer ")""",
    "a bearer token, which does not run out",
)
HEADER = Auth(
    (("api_key", "An API key."),),
    """\
    key = connection.secret("api_key")

    def headers() -> dict[str, str]:
        return {"$header": key.reveal()}""",
    """\
        return headers.get("$header", "")""",
    "the header `$header`",
)
BASIC = Auth(
    (("username", "The user name of the API."), ("password", "Its password.")),
    """\
    user, password = connection.secret("username"), connection.secret("password")

    def headers() -> dict[str, str]:
        both = f"{user.reveal()}:{password.reveal()}".encode()
        return {"Authorization": f"Basic {b64encode(both).decode()}"}""",
    """\
        scheme, _, encoded = headers.get("Authorization", "").partition(" ")
        try:
            return b64decode(encoded).decode() if scheme == "Basic" else ""
        except ValueError:
            return \"\"""",
    "user and password (HTTP Basic)",
    "from base64 import b64encode",
    "from base64 import b64decode",
)
WAYS_IN = {"bearer": BEARER, "header": HEADER, "basic": BASIC}

CURSOR = Paging(
    'rows="data", pager=Cursor("next_cursor"), size=$page_size',
    """\
        last, size = self.number(asked, "cursor", 0), self.number(asked, "limit", $page_size)
        found = [row for row in rows if int(row["id"]) > last]
        cursor = found[size - 1]["id"] if len(found) > size else None
        return json_answer(200, {"data": found[:size], "next_cursor": cursor})""",
    """\
        cursor = f"page-{number + 1}" if more else None
        return Said.json(200, {"data": [{"id": id} for id in ids], "next_cursor": cursor})""",
    "where the next cursor stands, how it is asked for, and the most records of a page.",
    "`cursor` and `limit`; `next_cursor` in the body",
)
PAGE = Paging(
    'rows="data", pager=Numbered("page", at="pages", size="per_page"), size=$page_size',
    """\
        number, size = self.number(asked, "page", 1), self.number(asked, "per_page", $page_size)
        found = rows[(number - 1) * size : number * size]
        return json_answer(200, {"data": found, "pages": -(-len(rows) // size)})""",
    """\
        return Said.json(200, {"data": [{"id": id} for id in ids], "pages": number + 1 + more})""",
    "the number of the first page, where the count of pages stands, and the most records of one.",
    "`page` and `per_page`; `pages` in the body",
    stable=False,
)
OFFSET = Paging(
    'rows="data", pager=Offset(at="total"), size=$page_size',
    """\
        first, size = self.number(asked, "offset", 0), self.number(asked, "limit", $page_size)
        return json_answer(200, {"data": rows[first : first + size], "total": len(rows)})""",
    """\
        total = 1_000_000 if more else 0
        return Said.json(200, {"data": [{"id": id} for id in ids], "total": total})""",
    "where the total stands, whether a short page is the last, and the most records of one.",
    "`offset` and `limit`; `total` in the body",
    stable=False,
)
LINK = Paging(
    "pager=Link(), size=$page_size",
    """\
        last, size = self.number(asked, "after", 0), self.number(asked, "limit", $page_size)
        found = [row for row in rows if int(row["id"]) > last]
        if len(found) <= size:
            return json_answer(200, found)
        query = urlencode({**asked, "limit": size, "after": found[size - 1]["id"]})
        return json_answer(200, found[:size], {"Link": f'<{address}?{query}>; rel="next"'})""",
    """\
        said = Said.json(200, [{"id": id} for id in ids])
        link = {"Link": f'<https://api.example.com/?after={number + 1}>; rel="next"'} if more else {}
        return Said(200, said.body, {**said.headers, **link})""",
    'that the header Link names the next page with rel="next", and the most records of one.',
    "`limit`; the header `Link`",
    twin_imports="from urllib.parse import urlencode",
)
PAGINGS = {"cursor": CURSOR, "page": PAGE, "offset": OFFSET, "link": LINK}
PAGERS = {"cursor": "Cursor", "page": "Numbered", "offset": "Offset", "link": "Link"}


def setting(choices: Choices, name: str, help: str) -> str:
    """A required secret, as a setting."""
    variable = f"{choices.name.upper()}_{name.upper()}"
    return f"""\
    Setting(
        "{name}",
        kinds.SECRET,
        "{help}",
        example="env:{variable}",
        plain=("{variable}",),
        required=True,
    ),"""


LIMITED = """
    def connect_limited(self, url: str, transport: Transport) -> tuple[$title, int, float]:
        return self.connect(url, transport, calls=5), 5, $seconds

    async def spend(self, connector: $title) -> None:
        await connector.customers.page()
"""

EXPECTED = '''
    def expected(self, business: str) -> str:
        """The credential that opens a business's account."""
        return f"{demo_token(self.name, business)}:{demo_key(self.name, business)}"
'''
