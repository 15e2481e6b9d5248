"""
Secrets that are known by their shape, wherever in a text they stand.

Pure. Most texts hold none, so what is paid for is to find that out: for each shape there is a sign that it
cannot do without, and that is looked for first.
"""

from __future__ import annotations

import re
from functools import lru_cache

from masterops.logs.named import KEY

MARK = "***"
SHORTEST = 14  # characters of the shortest that has a beginning: sbp_ and ten more
LONGEST_USER = 19  # who is called like that in a URL may be a person
SHORTEST_TOKEN = 8
SHORT_PARAMETERS = ("key", "sig")
ABOUT_TOKENS = ("auth", "token", "scheme", "realm", "challenge", "header", "prefix")

# One word, or words joined by anything but a space, in which no `=` and no `:` makes a secret.
_WORD = re.compile(r"[\w.,/@+~#*$;!|()-]*")


def _behind(beginning: str, *rests: str) -> str:
    # The beginning is looked back at: the search then stops at signs that are rare, and not at letters. It
    # is a group, so that it is known where it began, and no letter or digit stands before it.
    return rf"(?<=(?<![A-Za-z0-9])({beginning}))(?:{'|'.join(rests)})"


def _sign(sign: str, *alternatives: str) -> re.Pattern[str]:
    return re.compile(f"{sign}(?:{'|'.join(alternatives)})")


# What its maker gave a beginning of its own. Every repetition, here and below, is bounded or cannot be split
# in two ways, so that no text, however made, takes longer than its length.
_DASHED = _sign(
    "-",
    _behind("pat-", r"[a-z]{2,3}\d?-[0-9a-f-]{8,}"),  # HubSpot: private app
    _behind(r"(?:na[12]|eu1|ap1)-", r"[0-9a-f]{4}(?:-[0-9a-f]{4,12}){3,4}"),  # HubSpot: developer
    _behind("xox[a-eo-s]-", r"(?=[A-Za-z%-]{0,64}\d)[A-Za-z0-9%-]{10,}"),  # Slack
    _behind("xapp-", r"\d-[A-Za-z0-9-]{10,}"),
    # OpenAI, Anthropic
    _behind("sk-", r"(?:proj|svcacct|admin|ant|or)-[A-Za-z0-9_-]{16,}", r"[A-Za-z0-9]{20,}"),
    _behind("glpat-", r"[A-Za-z0-9_-]{16,}"),  # GitLab
    _behind("pypi-", r"[A-Za-z0-9_-]{50,}"),
    _behind("GOCSPX-", r"[A-Za-z0-9_-]{20,}"),  # Google
)
_BEFORE_DASH = ("pat-", "sk-", "na1-", "na2-", "eu1-", "ap1-", "xox", "xapp-", "pypi-", "SPX-")
_UNDERLINED = _sign(
    "_",
    _behind("sb[ps]_", r"[A-Za-z0-9_]{10,}"),  # Supabase
    _behind("sb_", r"(?:secret|publishable)_[A-Za-z0-9_-]{10,}"),
    _behind("shp[a-z]{2}_", r"[A-Za-z0-9]{10,}"),  # Shopify
    _behind("shp[a-z]{3}_", r"[A-Za-z0-9]{10,}"),
    _behind("n8n_api_", r"[A-Za-z0-9]{10,}"),
    _behind("whsec_", r"[A-Za-z0-9+/=_-]{10,}"),  # Stripe and others: webhooks
    _behind("[sr]k_", r"(?:live|test)_[A-Za-z0-9]{10,}"),  # Stripe
    _behind("gh[oprsu]_", r"[A-Za-z0-9]{20,}"),  # GitHub
    _behind("github_pat_", r"[A-Za-z0-9_]{20,}"),
    _behind("npm_", r"[A-Za-z0-9]{30,}"),
)
_BEFORE_LINE = ("sb", "shp", "n8n_", "whsec", "k_", "gh", "npm_")
_DOTTED = _sign(
    r"\.",
    _behind(r"ya29\.", r"[A-Za-z0-9_-]{20,}"),  # Google
    _behind(r"SG\.", r"[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,}"),  # SendGrid
)
# JSON web tokens (Xero, Supabase, n8n): signed or encrypted.
WEB_TOKEN = re.compile(r"eyJ(?<![A-Za-z0-9]eyJ)[A-Za-z0-9_-]{8,512}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){1,3}")
CLOUD_KEY = re.compile(
    r"A(?<![A-Za-z0-9]A)(?:(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])|Iza[A-Za-z0-9_-]{35})"  # AWS, Google
)
# Whoever knows one of these addresses may use it. What tells which one it is stays.
HOOK = re.compile(
    r"(?P<keep>slack(?:-gov)?\.com/(?:services|workflows|triggers)/|zapier\.com/hooks/catch/\d{1,20}/"
    r"|discord(?:app)?\.com/api/(?:v\d{1,2}/)?webhooks/\d{1,20}/|webhook\.office\.com/webhookb?2?/"
    r"|telegram\.org/bot(?=\d))[^\s?#\"'<>]+",
    re.IGNORECASE,
)
SCHEME = re.compile(
    r"(?P<keep>[BbT](?<![\w=][BbT])(?:earer|asic|oken)\s{1,8})(?P<word>[A-Za-z0-9._~+/=-]{8,})"
)
# The password may itself have an @.
USER = re.compile(r"://(?P<user>[^/\s:@]*)(?P<password>:[^/\s]+)?(?=@)")
PARAMETER = re.compile(r"(?P<keep>[?&](?P<name>[\w.-]{1,80})=)[^&\s\"']+")
PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
    r"(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)"
)


def is_word(text: str) -> bool:
    """Whether a text is such that `hide_in_word` finds every secret in it."""
    return _WORD.fullmatch(text) is not None


def hide_in_word(text: str) -> str:
    """`hide` for what is one word: most texts that no other record has had are such, names and ids."""
    if len(text) < SHORTEST:
        return text
    text = _hide_beginnings(text)
    return HOOK.sub(_keep, text) if "hook" in text or "telegram.org" in text else text


def hide(text: str) -> str:
    """The same text with `***` for every shape of a secret."""
    text = _hide_beginnings(text)
    if "://" in text and "@" in text:
        text = USER.sub(_hide_user, text)
    if "hook" in text or "telegram.org" in text:
        text = HOOK.sub(_keep, text)
    if "=" in text and ("?" in text or "&" in text):
        text = PARAMETER.sub(_hide_parameter, text)
    if "earer" in text or "asic" in text or "Token" in text:
        text = SCHEME.sub(_hide_word, text)
    if "PRIVATE KEY" in text:
        text = PRIVATE_KEY.sub(MARK, text)
    return text


def _hide_beginnings(text: str) -> str:
    if "eyJ" in text:
        text = WEB_TOKEN.sub(MARK, text)
    if "KIA" in text or "SIA" in text or "Iza" in text:
        text = CLOUD_KEY.sub(MARK, text)
    if "-" in text and _any_in(_BEFORE_DASH, text):
        text = _hide_whole(_DASHED, text)
    if "_" in text and _any_in(_BEFORE_LINE, text):
        text = _hide_whole(_UNDERLINED, text)
    return _hide_whole(_DOTTED, text) if "." in text else text


def _any_in(hints: tuple[str, ...], text: str) -> bool:
    for hint in hints:  # noqa: SIM110 - half the price of any(), and most texts come here
        if hint in text:
            return True
    return False


def _hide_whole(pattern: re.Pattern[str], text: str) -> str:
    """`sub`, with the beginning that was looked back at."""
    pieces: list[str] = []
    done = 0
    for found in pattern.finditer(text):
        start = max(done, found.start(found.lastindex or 0))
        pieces += (text[done:start], MARK)
        done = found.end()
    return "".join([*pieces, text[done:]]) if pieces else text


def _keep(match: re.Match[str]) -> str:
    return f"{match['keep']}{MARK}"


def _hide_parameter(match: re.Match[str]) -> str:
    return f"{match['keep']}{MARK}" if _is_secret_parameter(match["name"]) else match[0]


@lru_cache(1024)
def _is_secret_parameter(name: str) -> bool:
    return name.lower() in SHORT_PARAMETERS or KEY.search(name) is not None


def _hide_user(match: re.Match[str]) -> str:
    """`://user:***`, and no user either where that is a token: some services take theirs in its place."""
    user, password = match["user"], match["password"]
    web = match.string[max(0, match.start() - 5) : match.start()].lower().endswith(("http", "https"))
    odd = web and not password and len(user) >= SHORTEST_TOKEN and any(each.isdigit() for each in user)
    if "." not in user and (odd or len(user) > LONGEST_USER):
        user = MARK
    return f"://{user}:{MARK}" if password else f"://{user}"


def _hide_word(match: re.Match[str]) -> str:
    """Behind `Basic` may also stand a word of a sentence."""
    word = match["word"].rstrip(".")
    harmless = word.isalpha() and len(word) <= LONGEST_USER and (word.islower() or word.istitle())
    if match["keep"].startswith("Bearer"):  # nothing else is said of it
        harmless = harmless and word.lower().startswith(ABOUT_TOKENS)
    return match[0] if harmless else f"{match['keep']}{MARK}"
