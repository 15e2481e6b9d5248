"""
Secrets that are known by the name that stands before them, as a key or inside a text.

Pure. In JSON, connection strings, headers, XML, addresses, command lines and prose; talking about secrets is
none. Every repetition is bounded or cannot be split in two ways, so that no text, however made, takes longer
than its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

MARK = "***"

# Not bounded on the left, so that accessToken, access_token and hubspottoken are all known.
NAME = (
    r"(?:pass(?:word|wd|wort|phrase|code)|pwd|pswd|secret|token|authorization|cookie|credential|signature|jwt"
    r"|hmac(?:[-_. ]?(?:key|sha[-_]?\d{1,3}))?|auth(?:orization)?[-_. ]?code"
    r"|(?:api|access|account|private|secret|shared|master|consumer|signing|session|encryption"
    r"|service[-_. ]?role)[-_. ]?key)"
)
_QUALIFIED = r"(?:[-_. ]?(?:value|text|raw|plain|string|header|hash|base64|b64|v?\d))*"
# Words of their own, that stand in many others: oauth, authors, hotpot.
_SHORT_NAME = r"(?:(?<![A-Za-z])|(?-i:(?<=[a-z])(?=[A-Z])))(?:auth|otp|bearer)"

KEY = re.compile(rf"(?:{NAME}|{_SHORT_NAME})(?P<many>s?){_QUALIFIED}$", re.IGNORECASE)

# `{"name": "password", "value": "..."}`: keys under which a name stands, those under which its value does,
# and of these the ones that hardly mean anything else.
TELLING = re.compile(
    r"(?:name|key|k|field|header|property|param|parameter|attribute|variable|label|id|type|loc)",
    re.IGNORECASE,
)
VALUE = re.compile(
    r"(?:(?:new|old|current|previous|prior|default|raw|string|field|property|header)[-_ ]?)?(?:values?|val)",
    re.IGNORECASE,
)
TOLD = re.compile(
    rf"{VALUE.pattern}|v|content|default|input|old|new|before|after|from|to",
    re.IGNORECASE,
)
# What else stands beside a secret's name in a list of names.
NAMES_BESIDE = frozenset(
    {"email", "e-mail", "mail", "name", "user", "username", "user_name", "login", "id", "user_id", "phone",
     "address", "first_name", "last_name", "host", "port", "url", "domain", "role", "client_id",
     "grant_type", "scope"}
)  # fmt: skip

# How the names begin, all but those of two words: looking for these takes a tenth of a pattern's time.
_BEGINNINGS = (
    "pass", "pwd", "pswd", "secret", "token", "authorization", "cookie", "credential", "signature", "jwt",
    "hmac",
)  # fmt: skip
_ENDINGS = ("key", "code")
_BEFORE = re.compile(
    r"(?:api|access|account|private|secret|shared|master|consumer|signing|session|encryption"
    r"|service[-_. ]?role|auth)[-_. ]?$"
)
LONGEST_BEFORE = len("service-role-")
_NO_VALUE = (
    r"(?:none|null|true|false|str|bytes|any|secret|expired|invalid|malformed|missing|required|revoked|unknown"
    r"|wrong|refused|denied)"
)
_QUOTE = r"\\{0,8}[\"']"
_TAIL = rf"(?P<many>s)?{_QUALIFIED}"

# `"access_token":"..."`, `password=...`, `secret: ...`, `("Authorization", "...")`,
# `name="password" value="..."`.
ASSIGNED = re.compile(
    rf"(?P<name>{NAME}{_TAIL}"
    rf"(?:{_QUOTE}\s{{0,8}},?\s{{0,8}}(?:{_QUOTE})?(?:new|old)?[-_ ]?values?)?"
    rf"(?:{_QUOTE})?[ \t]{{0,3}}(?:(?P<equals>=>?+)|:"
    # A pair of texts, where the second is no word such as those that stand in a list of names.
    r"|(?<=[\"']),(?=[ \t]{0,3}[bru]{0,2}\\{0,8}[\"'](?![a-z_]{1,19}\\{0,8}[\"'])"
    r"[^\"'\n]{1,8192}[\"'][ \t]{0,3}[)\]])"
    r")[ \t]{0,3}+)"
    r"(?!\[?\\{0,8}[\"']?\*\*\*)"  # it is hidden already
    rf"(?!{_NO_VALUE}(?:[\s,;.)}}\]|]|$))"  # no values, but what programs say of them
    r"(?(many)(?!\d[\d.,]*(?:\W|$)))"  # tokens=12 is a count
    r"(?:(?P<scheme>[\"']?(?:Bearer|Basic|Token|Digest|ApiKey|Negotiate|OAuth)[ \t]{1,3})[^\s\"']+"
    r"|(?P<double>[bfru]{0,2}\")(?:[^\"\\\n]|\\.)+"
    r"|(?P<single>[bfru]{0,2}')(?:[^'\\\n]|\\.)+"
    r"|(?P<inner>(?:\[[ \t]{0,3})?\\{1,8}[\"'])(?:[^\"'\\\n]|\\(?!\\{0,8}[\"']))+"  # JSON inside JSON
    # A list of texts, all of them.
    r"|(?P<list>\[(?=\s{0,8}[bru]{0,2}[\"']))(?:[\s,bru]|\"(?:[^\"\\]|\\.)*(?:\"|$)|'(?:[^'\\]|\\.)*(?:'|$))+"
    r"|(?<=cookie:|ookie:[ \t]|okie:[ \t]{2}|kie:[ \t]{3})[^\r\n\"']+"  # a header's whole line
    r"|(?(equals)[^\s\"']+"
    # Behind a colon may stand a sentence: one word alone is a value, and so is one with a digit in it.
    r"|(?!\{\s{0,8}[\"'\\])(?:[^\s\"']*\d[^\s\"']*|[^\s\"']{20,}"
    r"|[^\s\"']+(?:(?<=[,;}])|(?=[ \t]{0,3}(?:[\r\n\"']|$)))))"
    r")",
    re.IGNORECASE,
)
# `<ns:password type="x">...</`, and `<key>password</key><value>...</`.
ELEMENT = re.compile(
    rf"(?P<name>{NAME}{_TAIL}(?:</[\w:.-]{{1,40}}>\s{{0,40}}<[\w:.-]{{0,40}}value)?(?:\s[^<>]{{0,200}}+)?+>\s{{0,40}})"
    rf"(?!{_NO_VALUE}\s{{0,8}}<)(?(many)(?!\d{{1,20}}<))"
    r"(?:<!\[CDATA\[[^\]]{0,8192}\]\]>|[^<>]+)(?=</)",
    re.IGNORECASE,
)
# `password%3D...`, `%22password%22%3A%22...%22`.
ENCODED = re.compile(
    rf"(?P<name>{NAME}{_TAIL}(?:%2[27])?%3[AD](?:%20|\+){{0,2}}(?:%2[27])?)"
    r"(?:[^\s&\"'%]|%(?!2[267C]|7D))+",
    re.IGNORECASE,
)
# `--api-token ...`: what follows may be a sentence's next word, as behind a colon.
OPTION = re.compile(
    r"(?P<name>(?<![\w-])--(?P<option>[a-zA-Z][\w-]{0,60}+)[ \t]{1,3})(?![-<\[(*]|[A-Z_]+\b)"
    r"(?:(?P<double>\")[^\"\n]+|(?P<single>')[^'\n]+"
    r"|[^\s\"']*\d[^\s\"']*|[^\s\"']{20,}|[^\s\"']+(?=[ \t]{0,3}(?:[\r\n\"']|$)))"
)
# `curl -u user:password`, and what other programs have from it.
LOGIN = re.compile(
    r"(?P<name>(?<![\w-])-(?:[uU]|-(?:proxy-)?user)(?:[ \t]{1,3}|=)?"
    r"(?:(?P<quote>[\"'])[^\s:\"']{0,128}:|[^\s:\"']{1,128}:(?!\d{1,9}(?!\S))))(?!\*\*\*)"
    r"(?(quote)[^\"'\n]+|[^\s\"']+)"
)


def hide(text: str) -> str:
    """The same text with `***` for each value behind a secret's name."""
    lowered = _lowered(text)
    if "-u" in lowered and ("curl" in lowered or "user" in lowered):
        text = LOGIN.sub(_keep, text)
        lowered = _lowered(text)
    starts = _starts(lowered)
    if starts and "--" in text:
        text = OPTION.sub(_keep_option, text)
        starts = _starts(_lowered(text))
    pieces: list[str] = []
    done = 0
    for at in starts:
        if at < done:
            continue
        found = ASSIGNED.match(text, at) or ELEMENT.match(text, at) or ENCODED.match(text, at)
        if found:
            pieces += (text[done:at], _keep(found))
            done = found.end()
    return "".join([*pieces, text[done:]]) if pieces else text


def _starts(lowered: str) -> list[int]:
    """Where a secret's name may begin, in order."""
    starts: list[int] = []
    for beginning in _BEGINNINGS:
        if beginning in lowered:
            starts += _places(beginning, lowered)
    for ending in _ENDINGS:
        if ending in lowered:
            for at in _places(ending, lowered):
                before = _BEFORE.search(lowered, max(0, at - LONGEST_BEFORE), at)
                if before:
                    starts.append(before.start())
    starts.sort()
    return starts


def _places(part: str, text: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + 1)


def _lowered(text: str) -> str:
    """In small letters, each where its capital was: İ alone becomes two."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else text.replace("İ", "I").lower()


def _keep_option(match: re.Match[str]) -> str:
    return _keep(match) if KEY.search(match["option"]) else match[0]


def _keep(match: re.Match[str]) -> str:
    groups = match.groupdict()
    opening = next(
        (groups[each] for each in ("scheme", "double", "single", "inner", "list") if groups.get(each)), ""
    )
    return f"{match['name']}{opening}{MARK}"
