"""
docs/python-api.md: what `import masterops` gives, and the verbs of every connector.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import masterops
from masterops.app.demo import demo_connection
from masterops.app.public import Ops, SyncOps
from masterops.cli.references.text import doc
from masterops.config import Secret
from masterops.connectors.registry import CONNECTORS
from masterops.logs import Logger
from masterops.logs.logger import Perf
from masterops.transport import Transport

HEAD = """# Python

What `import masterops` gives. Everything else is inside, and may change. `masterops.open()` is for
async code; `masterops.open_sync()` has the same objects for scripts, where every call waits for its
answer and lists are plain iterators.
"""
QUOTED = re.compile(r"(: |-> )'([^']*)'")  # annotations that were kept as text
NOISE = re.compile(r"masterops(?:\.\w+)+\.|collections\.abc\.|typing\.|datetime\.(?=datetime)|pathlib\.")


def python_page() -> str:
    """The functions, the objects that they give, the connectors."""
    parts = [HEAD, "## Functions\n"]
    for name in masterops.__all__:
        thing = getattr(masterops, name)
        if callable(thing):
            parts.append(_entry(f"masterops.{name}", thing, level="###"))
    for kind in (Ops, SyncOps, Logger, Perf):
        parts += [f"## {kind.__name__}\n", f"{doc(kind)}\n", *_methods(kind)]
    for service in CONNECTORS:
        parts += _connector(service)
    return "\n".join(parts)


def _connector(service: str) -> Iterator[str]:
    """A connector's own verbs, its resources, and the verbs of those, each kind once."""
    connection = demo_connection(service, "teelixir", "http://127.0.0.1:1")
    if service == "n8n":  # the one that has no twin, and so no demo key
        connection = replace(connection, values={**connection.values, "api_key": Secret("of-nobody")})
    made = CONNECTORS[service](connection, cast("Transport", None))  # nothing is called
    kind = type(made)
    yield f"## {kind.__name__}\n"
    yield f'`ops.connect("{service}", business=...)`. {doc(kind)}\n'
    yield from _methods(kind)
    resources: dict[type, list[str]] = {}
    for name, value in vars(made).items():
        if not name.startswith("_") and type(value).__module__.startswith("masterops.connectors"):
            resources.setdefault(type(value), []).append(name)
    for each, names in resources.items():
        yield f"### {kind.__name__}: {', '.join(names)}\n"
        yield f"{doc(each)}\n"
        yield from _methods(each)


def _methods(kind: type) -> Iterator[str]:
    for name, member in inspect.getmembers(kind):
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"- `{name}`: {_first(doc(member.fget))}\n"
        elif inspect.isfunction(member):
            yield f"- `{_signature(name, member)}`: {_first(doc(member))}\n"


def _entry(name: str, thing: Any, *, level: str) -> str:
    return f"{level} {name}\n\n```text\n{_signature(name, thing)}\n```\n\n{doc(thing)}\n"


def _signature(name: str, function: Any) -> str:
    """How it is called, without `self` and with names instead of places."""
    target = inspect.unwrap(function)
    signature = inspect.signature(target)
    known = [each for each in signature.parameters.values() if each.name != "self"]
    text = QUOTED.sub(r"\1\2", str(signature.replace(parameters=known)))
    word = "async " if inspect.iscoroutinefunction(target) else ""
    return NOISE.sub("", f"{word}{name}{text}")


def _first(text: str) -> str:
    """The first paragraph in one line."""
    return " ".join(text.split("\n\n")[0].split())
