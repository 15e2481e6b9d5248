"""
Whether n8n shows a parameter, as far as that can be told from the file. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from masterops.workflows.code.catalogue import Kind, Parameter


def is_expression(value: Any) -> bool:
    """Whether a value is only known when the workflow runs."""
    return isinstance(value, str) and value.startswith("=")


def shown(parameter: Parameter, kind: Kind, given: Mapping[str, Any], version: float) -> bool | None:
    """True or False; None where an expression, or something that we do not know, decides."""
    answers = [_holds(name, wanted, kind, given, version) for name, wanted in parameter.show.items()]
    against = [_holds(name, wanted, kind, given, version) for name, wanted in parameter.hide.items()]
    if False in answers or True in against:
        return False
    return None if None in answers or None in against else True


def _holds(name: str, wanted: list[Any], kind: Kind, given: Mapping[str, Any], version: float) -> bool | None:
    if name == "@version":
        value: Any = version
    elif name.startswith("@") or "." in name:
        return None
    else:
        value = _value(name.removeprefix("/"), kind, given, version)
    if value is None or is_expression(value):
        return None
    values = value if isinstance(value, list) else [value]
    return any(_fits(each, condition) for each in values for condition in wanted)


def _value(name: str, kind: Kind, given: Mapping[str, Any], version: float) -> Any:
    """What is given, else the default of the one that is of this version."""
    if name in given:
        return given[name]
    found = [each for each in kind.parameters if each.name == name and each.default is not None]
    for each in found:
        only = each.show.get("@version")
        if only is None or any(_fits(version, condition) for condition in only):
            return each.default
    return None


def _fits(value: Any, condition: Any) -> bool:
    if not (isinstance(condition, dict) and "_cnd" in condition):
        return bool(value == condition) and isinstance(value, bool) == isinstance(condition, bool)
    (word, limit), *_ = condition["_cnd"].items()
    try:
        tests: dict[str, Callable[[], Any]] = {
            "eq": lambda: value == limit,
            "not": lambda: value != limit,
            "gte": lambda: value >= limit,
            "lte": lambda: value <= limit,
            "gt": lambda: value > limit,
            "lt": lambda: value < limit,
            "includes": lambda: limit in value,
            "startsWith": lambda: str(value).startswith(limit),
            "endsWith": lambda: str(value).endswith(limit),
            "between": lambda: limit["from"] <= value <= limit["to"],
            "exists": lambda: True,
        }
        return bool(tests[word]())
    except (KeyError, TypeError):
        return False
