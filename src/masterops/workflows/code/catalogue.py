"""
What is known of n8n's nodes: versions, outputs, parameters and the values that they may have. Pure but for
reading the file.

Ours holds the nodes that are used most; `ops workflows catalogue` makes one of everything that an installed
n8n has. Where something cannot be known it is left out, and nothing is said about it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from masterops import errors
from masterops.core.spelling import nearest

OURS = "n8n-nodes-base."
ALSO_OURS = "@n8n/n8n-nodes-langchain."
PACKAGES = {"n8n-nodes-base": OURS, "@n8n/n8n-nodes-langchain": ALSO_OURS}
LIST = Path("dist") / "types" / "nodes.json"


class Parameter(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    One parameter: when it is shown, what it may be, and what it is when nothing is said.
    """

    name: str
    kind: str = "string"
    required: bool = False
    default: Any = None
    values: tuple[str | int | float | bool, ...] = ()
    show: dict[str, list[Any]] = {}
    hide: dict[str, list[Any]] = {}


class Kind(msgspec.Struct, frozen=True, omit_defaults=True):
    """
    Some versions of one type of node. `outputs` is how many lead out of it, None where its parameters decide.
    """

    versions: tuple[float, ...]
    trigger: bool = False
    outputs: int | None = 1
    parameters: tuple[Parameter, ...] = ()


class Catalogue(msgspec.Struct, frozen=True):
    """
    Types by their names. `whole` says that a type of n8n that is not here does not exist.
    """

    source: str
    types: dict[str, tuple[Kind, ...]]
    whole: bool = False

    def kind(self, type: str, version: float) -> Kind | None:
        """What is known of a node of that version."""
        return next((each for each in self.types.get(type, ()) if version in each.versions), None)

    def versions(self, type: str) -> list[float]:
        """The versions of a type."""
        return sorted({version for each in self.types.get(type, ()) for version in each.versions})

    def near(self, type: str) -> str | None:
        """What a wrong type may have meant."""
        return nearest(type, list(self.types))


@cache
def ours() -> Catalogue:
    """The nodes that are used most."""
    data = files("masterops.workflows.code").joinpath("catalogue.json").read_bytes()
    return msgspec.json.decode(data, type=Catalogue)


def load(path: Path) -> Catalogue:
    """One that `made` made. Raises BadValue."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Catalogue)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        hint = "Make it anew: ops workflows catalogue --from FOLDER_OF_N8N."
        raise errors.BadValue(kind="catalogue", value=str(path), reason=str(error), hint=hint) from None


def made(folder: Path, *, only: Iterable[str] | None = None) -> Catalogue:
    """Of an installed n8n, in whose node_modules its nodes are. Raises BadValue."""
    modules = next(
        (
            each
            for each in (folder, folder / "node_modules", folder.parent)
            if (each / "n8n-nodes-base").is_dir()
        ),
        None,
    )
    if modules is None:
        reason = "there is no n8n-nodes-base in it."
        hint = "Name the folder node_modules in which n8n is installed."
        raise errors.BadValue(kind="folder of n8n", value=str(folder), reason=reason, hint=hint)
    wanted = None if only is None else set(only)
    types: dict[str, list[Kind]] = {}
    for package, prefix in PACKAGES.items():
        for raw in _listed(modules / package / LIST):
            name = prefix + str(raw["name"])
            if wanted is None or name in wanted:
                types.setdefault(name, []).append(_kind(raw))
    held = {name: tuple(kinds) for name, kinds in sorted(types.items())}
    return Catalogue(f"n8n {_version(modules)}", held, whole=only is None)


def text(catalogue: Catalogue) -> str:
    """The bytes of its file: one line a type."""
    lines = [
        f"    {json.dumps(name)}: {msgspec.json.encode(kinds).decode()}"
        for name, kinds in catalogue.types.items()
    ]
    head = f'{{\n  "source": {json.dumps(catalogue.source)},\n  "whole": {json.dumps(catalogue.whole)},\n'
    return head + '  "types": {\n' + ",\n".join(lines) + "\n  }\n}\n"


def _listed(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        found: list[dict[str, Any]] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise errors.BadValue(kind="list of nodes", value=str(path), reason=str(error)) from None
    return found


def _version(modules: Path) -> str:
    package = modules / "n8n" / "package.json"
    return str(json.loads(package.read_bytes())["version"]) if package.exists() else "unknown"


def _kind(raw: Mapping[str, Any]) -> Kind:
    versions = raw["version"] if isinstance(raw["version"], list) else [raw["version"]]
    outputs = raw.get("outputs")
    return Kind(
        versions=tuple(float(each) for each in versions),
        trigger="trigger" in raw.get("group", []),
        outputs=sum(_is_main(each) for each in outputs) if isinstance(outputs, list) else None,
        parameters=tuple(_parameter(each) for each in raw["properties"] if _counts(each)),
    )


def _is_main(output: Any) -> bool:
    return (output.get("type") if isinstance(output, dict) else output) == "main"


def _counts(raw: Mapping[str, Any]) -> bool:
    return raw["type"] not in ("notice", "hidden", "curlImport", "callout", "button")


def _parameter(raw: Mapping[str, Any]) -> Parameter:
    """Without the values of a list that n8n fills by asking the service."""
    conditions = raw.get("displayOptions") or {}
    choices = raw.get("options") or []
    closed = raw["type"] == "options" and not (raw.get("typeOptions") or {}).get("loadOptionsMethod")
    values = [each["value"] for each in choices if closed and "value" in each]
    default = raw.get("default")
    return Parameter(
        name=raw["name"],
        kind=raw["type"],
        required=bool(raw.get("required")),
        default=default if isinstance(default, str | int | float | bool) and default != "" else None,
        values=tuple(values) if all(isinstance(each, str | int | float | bool) for each in values) else (),
        show=conditions.get("show") or {},
        hide=conditions.get("hide") or {},
    )
