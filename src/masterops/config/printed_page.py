"""
The printed reference of all settings: docs/config.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from masterops.config.alert_defaults import DEFAULT_RULES
from masterops.config.alert_keys import CHANNEL, RULE
from masterops.config.check_keys import CHECK, MAINTENANCE, OF_KIND
from masterops.config.keys import BUSINESS, DEFAULT_BUSINESSES, HEARTBEAT, SETTINGS
from masterops.config.services import OURS
from masterops.config.setting import ALLOW_INLINE_VARIABLE, Setting
from masterops.config.toml import literal

HEAD = """
# Configuration

This page is printed by the program from the same list that it loads its settings from.

Nothing has to be configured: without a file and without variables Master-Ops runs on its embedded
PostgreSQL, in demo mode. `ops init` writes a commented `masterops.toml`, and `ops config show`
prints every setting in effect and where it comes from.

## Where settings come from

Each place wins over those above it:

1. the defaults below
2. the file: `--config PATH`, else `$MASTEROPS_CONFIG`, else `masterops.toml` in the current folder, else
   `masterops.toml` in the home folder
3. `.env` beside that file, or in the current folder when there is no file
4. the environment

An empty variable counts as not set. The home folder is `$MASTEROPS_HOME`, else
`$XDG_DATA_HOME/masterops`, else `~/.local/share/masterops` (macOS: `~/Library/Application
Support/masterops`). `MASTEROPS_CONFIG` is looked up in the environment only, because it decides
which `.env` is read.

A `.env` holds one `NAME=value` a line. `export` may stand before it. Single quotes keep everything
as it is, double quotes know `\\n`, `\\t`, `\\"` and `\\\\`; a comment begins with `#` at the start
or after a blank. Nothing is substituted.

## Secrets

A secret is given by reference: `"env:NAME"` is a variable, `"file:PATH"` the first line of a file,
relative to the file that names it. A connection whose variable is not set is loaded without being
usable, and `ops doctor` names what it waits for; a file that cannot be read is an error.
"""


def reference_markdown() -> str:
    """The page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield HEAD.strip()
    yield (
        f"\nPlain secrets in the file are refused unless the file says `allow_inline_secrets = true` and the "
        f"environment `{ALLOW_INLINE_VARIABLE}=1`. No secret is ever printed."
    )
    yield "\n## Settings\n"
    yield from _table(SETTINGS, [_code(*each.variables) for each in SETTINGS])
    names = ", ".join(f"{name} (`{slug}`)" for slug, name, _ in DEFAULT_BUSINESSES)
    yield "\n## Businesses\n"
    yield f"One table `[businesses.<slug>]` each. As long as the file has none, there are {names}.\n"
    yield from _table(BUSINESS)
    yield "\n## Connections\n"
    yield (
        'One table `[connections."service/business"]` each, such as `[connections."hubspot/teelixir"]`; the '
        "business is `group` for an account that all share. The variables below are the group's. With a "
        "slug before it, in capitals and with `_` for `-`, a variable is that business's: "
        "`RED_HILL_FRESH_HUBSPOT_ACCESS_TOKEN`. A required variable makes its connection without any file."
    )
    yield from _connections()
    yield from _checks()
    yield "\n## Heartbeats\n"
    yield (
        "One table `[[heartbeats]]` each, with either `every` or `cron`; `ops heartbeat add` makes others "
        "without a file. What they are for: [heartbeats.md](heartbeats.md).\n"
    )
    yield from _table(HEARTBEAT)


def _connections() -> Iterator[str]:
    for service, settings in OURS.items():
        yield f"\n### {service}\n"
        yield from _table(settings, [_code(*each.plain) for each in settings])
    yield "\n## Channels\n"
    yield "One table `[[channels]]` each: a way to reach people. docs/alerts.md has examples.\n"
    yield from _table(CHANNEL)
    yield "\n## Alert rules\n"
    yield (
        "One table `[[alerts.rules]]` each, beside the default rules "
        f"({', '.join(f'`{each.name}`' for each in DEFAULT_RULES)}). docs/alerts.md explains them.\n"
    )
    yield from _table(RULE)


def _checks() -> Iterator[str]:
    yield "\n## Checks\n"
    yield "One table `[[checks]]` each, for what is looked at beside the connections: [health](health.md).\n"
    yield from _table(CHECK)
    for kind, settings in OF_KIND.items():
        yield f'\n### kind = "{kind}"\n'
        yield from _table(settings)
    yield "\n## Maintenance\n"
    yield "One table `[[maintenance]]` each; `ops health maintenance add` makes others without the file.\n"
    yield from _table(MAINTENANCE)


def _table(settings: Iterable[Setting], variables: list[str] | None = None) -> Iterator[str]:
    heads = ("Key", *(("Variable",) if variables else ()), "Value", "Default", "Meaning")
    yield _row(heads)
    yield _row(["---"] * len(heads))
    for index, setting in enumerate(settings):
        variable = (variables[index],) if variables else ()
        yield _row((f"`{setting.key}`", *variable, setting.kind.name, _default(setting), setting.help))


def _default(setting: Setting) -> str:
    if setting.way:
        return f"required for {setting.way}"
    if setting.required:
        return "required"
    return "" if setting.default in (None, ()) else f"`{literal(setting.default)}`"


def _code(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
