"""
What a connector says as data, against an OpenAPI file: one of a few lines, and Unleashed's where
MASTEROPS_SPEC_DIR has it.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from masterops.connectors.client import ResourceClient
from masterops.connectors.paginators import Numbered
from masterops.connectors.resource import Listing, Resource
from masterops.testing.contract import misfits
from masterops.testing.openapi import Specs
from masterops.testing.twins import Twins

FOLDER = os.environ.get("MASTEROPS_SPEC_DIR")


class Part(msgspec.Struct):
    """
    A part of a product.
    """

    name: str | None = None


class Product(msgspec.Struct):
    """
    What the connector reads.
    """

    id: str
    price: Decimal
    parts: list[Part]
    note: str | None = None


PRODUCTS = Resource(
    "products", "/products", Product, listing=Listing(rows="data", pager=Numbered("page", size="size"))
)
ROW = {
    "type": "object",
    "required": ["id", "price", "parts"],
    "properties": {
        "id": {"type": "string"},
        "price": {"type": "number"},
        "note": {"type": "string", "nullable": True},
        "parts": {"type": "array", "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
    },
}


def answering(schema: object) -> dict[str, Any]:
    return {"responses": {"200": {"content": {"application/json": {"schema": schema}}}}}


SPEC: dict[str, Any] = {
    "paths": {
        "/products": {
            "get": {
                "parameters": [
                    {"name": "page", "in": "query", "schema": {"type": "integer"}},
                    {"name": "size", "in": "query", "schema": {"type": "integer"}},
                ],
                **answering(
                    {"properties": {"data": {"type": "array", "items": {"$ref": "#/components/schemas/Row"}}}}
                ),
            },
            "post": {
                "requestBody": {
                    "content": {"application/json": {"schema": {"type": "object", "required": ["price"]}}}
                },
                **answering({"$ref": "#/components/schemas/Row"}),
            },
        },
        "/products/{id}": {"get": answering({"$ref": "#/components/schemas/Row"})},
    },
    "components": {"schemas": {"Row": ROW}},
}


class Shop:
    """
    A connector of one resource, which nobody asks anything.
    """

    def __init__(self, resource: Resource[Product]) -> None:
        nobody: Any = None
        self.products = ResourceClient(nobody, nobody, resource)


def specs(folder: Path, change: Callable[[dict[str, Any]], object] = lambda spec: None) -> Specs:
    """The file with one thing changed."""
    spec = copy.deepcopy(SPEC)
    change(spec)
    (folder / "shop.json").write_bytes(msgspec.json.encode(spec))
    return Specs(folder / "shop.json")


def row(spec: dict[str, Any]) -> Any:
    return spec["components"]["schemas"]["Row"]


def listed(spec: dict[str, Any]) -> Any:
    return spec["paths"]["/products"]["get"]


def test_a_connector_that_fits_is_told_nothing(tmp_path: Path) -> None:
    """
    Reads, and the write that the file knows.
    """
    assert [] == misfits(specs(tmp_path), Shop(PRODUCTS), verbs=("list", "get", "create"))


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], object], list[str]]] = {
    "a path": (
        lambda spec: spec["paths"].pop("/products/{id}"),
        ["products.get: no GET /products/1 is promised"],
    ),
    "a parameter that must be sent": (
        lambda spec: listed(spec)["parameters"].append({"name": "shop", "in": "query", "required": True}),
        ["products.list: shop must be sent, and is not"],
    ),
    "a parameter that is no more": (
        lambda spec: listed(spec)["parameters"].pop(),
        ["products.list: size is sent, and is no parameter of it"],
    ),
    "a field that is no more": (
        lambda spec: row(spec)["properties"].pop("note"),
        ["products.list: note is read, and not promised", "products.get: note is read, and not promised"],
    ),
    "a field that may be absent": (
        lambda spec: row(spec)["required"].remove("price"),
        [
            "products.list: price is needed, and may be absent",
            "products.get: price is needed, and may be absent",
        ],
    ),
    "a field that may be null": (
        lambda spec: row(spec)["properties"]["price"].update(nullable=True),
        ["products.list: price may be null", "products.get: price may be null"],
    ),
    "a field of another type": (
        lambda spec: row(spec)["properties"]["parts"]["items"]["properties"]["name"].update(type="integer"),
        [
            "products.list: parts[].name is promised as integer, and read as something else",
            "products.get: parts[].name is promised as integer, and read as something else",
        ],
    ),
    "records elsewhere": (
        lambda spec: listed(spec).update(answering({"properties": {"items": {"type": "array"}}})),
        ["products.list: records are read at data, where none are promised"],
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_does_not_fit_is_named(change: str, tmp_path: Path) -> None:
    """
    Each change of the file is one misfit of each verb that it touches.
    """
    changed, told = CHANGES[change]

    assert told == [str(each) for each in misfits(specs(tmp_path, changed), Shop(PRODUCTS))]


def test_what_was_sent_is_compared_too(tmp_path: Path) -> None:
    """
    A body, a query, and a path that nobody knows.
    """
    file = specs(tmp_path, lambda spec: listed(spec)["parameters"][0].update(required=True))

    assert ["request.price is missing"] == file.sent_wrongly("POST", "/products", {"name": "Tea"})
    assert [] == file.sent_wrongly("POST", "/products", {"price": 3})
    assert ["page"] == file.missing("GET", "/products", {"size": "3"})
    assert None is file.missing("GET", "/nothing", {}) is file.sent_wrongly("GET", "/nothing", None)


def test_a_connector_without_resources_is_refused(tmp_path: Path) -> None:
    """
    Nothing compared is no agreement.
    """
    with pytest.raises(ValueError, match="ResourceClient"):
        misfits(specs(tmp_path), object.__new__(Shop))


def test_a_resource_that_pages_otherwise_sends_otherwise(tmp_path: Path) -> None:
    """
    The parameters are those of its paginator.
    """
    other = replace(PRODUCTS, listing=Listing(rows="data", pager=Numbered("page", size="per_page")))

    assert ["products.list: per_page is sent, and is no parameter of it"] == [
        str(each) for each in misfits(specs(tmp_path), Shop(other))
    ]


@pytest.mark.skipif(
    not FOLDER or not list(Path(FOLDER).rglob("unleashed.openapi.yaml")),
    reason="MASTEROPS_SPEC_DIR names no folder with unleashed.openapi.yaml",
)
async def test_unleashed_fits_its_file(masterops_twin: Twins) -> None:
    """
    But for one webhook, which it never reads alone, and for stock without a quantity, which is no answer to it.
    """
    file = next(Path(str(FOLDER)).rglob("unleashed.openapi.yaml"))
    async with masterops_twin("unleashed").connected() as unleashed:
        found = {str(each) for each in misfits(Specs(file), unleashed)}

    assert {
        "webhooks.get: no GET /webhooks/subscriptions/1 is promised",
        "stock_on_hand.list: ProductGuid is needed, and may be absent",
        "stock_on_hand.list: AllocatedQty may be null",
        "stock_on_hand.list: AvailableQty may be null",
        "stock_on_hand.list: QtyOnHand may be null",
    } == found
