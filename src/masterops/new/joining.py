"""
A connector inside Master-Ops joins its lists: registry, settings, twins.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from masterops import errors
from masterops.new.choices import Choices
from masterops.new.files import Made
from masterops.new.imports import in_order

TWINS_END = "    }\n    services |= _others("
SETTINGS = """\
    "{name}": (
{credentials}
        Setting(
            "base_url",
            kinds.URL,
            "Where its API is.",
            default="{base_url}",
            plain=("{upper}_BASE_URL",),
        ),
        Setting("calls_per_{unit}", _CALLS, "The most calls in any {unit}.", default={calls}),
        CHECK_EVERY,
        *CIRCUIT,
        ENABLED,
    ),
"""


def joined(choices: Choices, ours: Path, credentials: str) -> list[Made]:
    """The lists of the source at `ours`, with the connector in them. Raises NotASource."""
    name, title = choices.name, choices.title
    block = SETTINGS.format(
        name=name,
        credentials=textwrap.indent(credentials, "    "),
        base_url=choices.base_url,
        upper=name.upper(),
        unit=choices.unit,
        calls=choices.calls,
    )
    return [
        _edited(ours / "config" / "services.py", {"}\n\nSERVICES: ": block}),
        _edited(
            ours / "connectors" / "registry.py",
            {"}\nCONNECTORS: ": f'    "{name}": {title},\n'},
            f"from masterops.connectors.{name} import {title}",
        ),
        _edited(ours / "sandbox" / "tokens.py", {")\nSLUG = ": f', "{name}"'}),
        _edited(
            ours / "sandbox" / "server.py",
            {TWINS_END: f'        "{name}": {title}Twin(names, virtual, seed=seed),\n'},
            f"from masterops.sandbox.{name}.twin import {title}Twin",
        ),
    ]


def _edited(path: Path, insertions: dict[str, str], line: str = "") -> Made:
    """A file with a text before each anchor, and one more import."""
    try:
        before = path.read_text()
    except OSError:
        raise errors.NotASource(path=path, reason="there is no such file") from None
    text = before
    for anchor, insertion in insertions.items():
        if text.count(anchor) != 1:
            raise errors.NotASource(path=path, reason="it does not look as it is known")
        text = text.replace(anchor, insertion + anchor)
    if line:
        place = text.index("\nfrom masterops")
        text = in_order(f"{text[:place]}\n{line}{text[place:]}", "masterops")
    return Made(path, text, before)
