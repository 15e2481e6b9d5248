"""
docs/web-api.md: the pages that are served over HTTP, as they describe themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from masterops.app import App
from masterops.cli.references.text import table

HEAD = """# HTTP

What `ops up` and `ops web` serve, from the OpenAPI description at `/schema/openapi.json`. The
addresses of pings are described in [heartbeats](heartbeats.md#what-can-be-said). What is refused
comes as `application/problem+json` with a code of [errors](errors.md).

"""


def web_page() -> str:
    """Every route with its methods and answers, then the shapes of the answers."""
    from masterops.web.pages import make_pages

    # The routes are made without being asked anything, so there is nothing that they need of an application.
    described = make_pages(cast("App", None)).openapi_schema.to_schema()
    parts = [HEAD.rstrip("\n") + "\n"]
    for path, methods in sorted(described["paths"].items()):
        for method, operation in sorted(methods.items()):
            if isinstance(operation, Mapping):
                parts.append(_route(path, method, operation))
    shapes = described.get("components", {}).get("schemas", {})
    if shapes:
        parts.append("## Shapes\n")
    parts += [_shape(name, shape) for name, shape in sorted(shapes.items())]
    return "\n".join(parts)


def _route(path: str, method: str, operation: Mapping[str, Any]) -> str:
    lines = [
        f"## {method.upper()} {path}\n",
        f"{operation.get('description') or operation.get('summary', '')}\n",
    ]
    parameters = [
        (f"`{each['name']}`", each["in"], _type(each.get("schema", {})), each.get("description", ""))
        for each in operation.get("parameters", [])
    ]
    if parameters:
        lines.append(table(("parameter", "in", "type", "is"), parameters))
    answers = [
        (code, _content(answer), answer.get("description", ""))
        for code, answer in sorted(operation.get("responses", {}).items())
    ]
    lines.append(table(("answer", "body", "when"), answers))
    return "\n".join(lines)


def _content(answer: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{kind}: {_type(body.get('schema', {}))}" for kind, body in answer.get("content", {}).items()
    )


def _shape(name: str, shape: Mapping[str, Any]) -> str:
    required = set(shape.get("required", []))
    rows = [
        (f"`{key}`", _type(value), "yes" if key in required else "no")
        for key, value in shape.get("properties", {}).items()
    ]
    return f"### {name}\n\n" + table(("key", "type", "always"), rows)


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return " or ".join(_type(each) for each in schema[word])
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(kind)
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return f"{kind} ({schema['format']})" if "format" in schema else str(kind)
