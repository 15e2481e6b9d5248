"""
Tables and views of Supabase, read and written, over real HTTP and a real PostgreSQL.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from masterops import errors
from masterops.connectors.supabase import Supabase, all_of, any_of, column
from masterops.connectors.supabase.keyset import Nulls
from masterops.connectors.supabase.selection import PAGE
from tests.connectors.project import Project

id, name = column("id"), column("name")
WORDS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=30)


class Order(msgspec.Struct, frozen=True):
    """
    Some columns of an order.
    """

    id: int
    total: Decimal
    placed_at: datetime | None


# --- reading ---


async def test_any_value_travels_unharmed(supabase: Supabase) -> None:
    """
    Written, found alone, found in a group and found in a list: the very same text.
    """
    values = [
        "",
        "null",
        "NULL",
        "a,b",
        "(x)",
        '"',
        "\\",
        "%",
        "a.b:c",
        " x ",
        "茶",
        "{1,2}",
        "eq.1",
        "+&=?#",
    ]

    @settings(max_examples=40, database=None, suppress_health_check=list(HealthCheck))
    @given(WORDS)
    def collect(value: str) -> None:
        values.append(value)

    collect()
    items = supabase.table("items", key="id")
    made = (await items.insert_many([{"name": value} for value in values])).rows
    texts = {row["id"]: row["name"] for row in made}
    alone = [await items.select().where(id.eq(key), name.eq(value)).maybe() for key, value in texts.items()]
    grouped = [
        await items.select().where(id.eq(key), name.eq(value) | name.is_(None)).maybe()
        for key, value in texts.items()
    ]
    listed = [row async for row in items.select().where(id.in_(list(texts)), name.in_(values[:40])).rows()]

    assert values == list(texts.values())
    assert None not in alone
    assert None not in grouped
    assert {key for key, value in texts.items() if value in values[:40]} == {row["id"] for row in listed}


async def test_every_row_is_read_though_the_server_cuts_its_pages(
    project: Project, supabase: Supabase
) -> None:
    """
    At seven instead of a thousand, and says nothing of it.
    """
    await project.settings(max_rows=7)

    found = [row["id"] async for row in supabase.table("items").select("name").rows()]
    page = await supabase.table("items").select().page(PAGE, count="exact")

    assert list(range(1, 26)) == found
    assert (7, 25) == (len(page.rows), page.total)


async def test_a_key_that_is_none_is_found_out(project: Project, supabase: Supabase) -> None:
    """
    In one page, and where its rows fall on both sides of a page's end.
    """
    orders = supabase.table("orders", key="customer_id")
    with pytest.raises(errors.UnexpectedAnswer) as within:
        _ = [row async for row in orders.select().rows()]
    with pytest.raises(errors.UnexpectedAnswer) as across:
        _ = [row async for row in orders.select().rows(size=1)]

    assert "same key" in within.value.message
    assert "rows of orders were read" in across.value.message


async def test_an_order_of_one_s_own_loses_no_row(supabase: Supabase) -> None:
    """
    Nor those without a value, wherever they stand: the same as in one page.
    """
    ways: list[tuple[bool, Nulls | None]] = [
        (descending, nulls) for descending in (False, True) for nulls in (None, "first", "last")
    ]
    for descending, nulls in ways:
        asked = supabase.table("orders", key="id").select("id,placed_at")
        asked = asked.order("placed_at", descending=descending, nulls=nulls)

        found = [row["id"] async for row in asked.rows(size=7)]

        assert [row["id"] for row in (await asked.order("id").page()).rows] == found
        assert 40 == len(set(found))


async def test_rows_that_come_and_go_meanwhile_cost_no_other_its_place(supabase: Supabase) -> None:
    """
    With keys that are no numbers, so that new rows come before and behind.
    """
    notes = supabase.table("notes", key="id")
    rows = [{"owner": "00000000-0000-0000-0000-000000000001", "body": str(number)} for number in range(60)]
    before = [row["id"] for row in (await notes.insert_many(rows)).rows]
    gone, found = set(before[::9]), []
    async for row in notes.select().rows(size=10):
        found.append(row["id"])
        if len(found) == 15:
            await notes.delete(id.in_(list(gone)))
            await notes.insert_many(rows[:5])

    assert set(before) - gone <= set(found)
    assert len(found) == len(set(found))


async def test_values_keep_their_kind(supabase: Supabase) -> None:
    """
    Numbers exactly, nulls, arrays, json with what is inside it, moments, letters of every alphabet.
    """
    data = {
        "price": Decimal("0.10"),
        "none": None,
        "list": [1, [True, "ü"]],
        "text": "1.50",
        "big": 2**53 + 1,
    }
    orders = supabase.table("orders", key="id")
    made = await orders.insert({"total": Decimal("9999999999.99"), "data": data, "placed_at": None})
    customer = await supabase.table("customers", key="id").insert(
        {"name": "Tæ 茶 🍵", "tags": ["a,b", 'c"d', "{e}", "null"], "email": None}
    )
    typed = await supabase.table("orders", key="id", row=Order).select().where(id.eq(made["id"])).one()

    assert (Decimal("9999999999.99"), data, None) == (made["total"], made["data"], made["placed_at"])
    assert ("Tæ 茶 🍵", ["a,b", 'c"d', "{e}", "null"], None) == tuple(
        customer[each] for each in ("name", "tags", "email")
    )
    assert Order(made["id"], Decimal("9999999999.99"), None) == typed


FOUND = [
    (column("tags").contains(["b,c"]), "B"),
    (column("tags").contained_by(["a"]), "AC"),
    (column("tags").overlaps(["a", "x"]), "A"),
    (column("data").contains({"k": [1]}), "A"),
    (column("data->>k").eq("v"), "B"),
    (column("span").range("adj", "[1,3)"), "AC"),
    (column("span").range("sl", "[2,9)"), "AB"),
    (column("span").range("sr", "[0,1)"), "BC"),
    (column("span").range("nxr", "[1,4)"), "ABC"),
    (column("span").range("nxl", "[2,4)"), "C"),
    (name.like("A*"), "A"),
    (name.ilike(any_of("a%", "b%")), "AB"),
    (name.gte(all_of("A", "B")), "BC"),
    (name.match("^[AB]$"), "AB"),
    (name.imatch("^c$"), "C"),
    (column("email").is_(None), "AC"),
    (column("email").is_("not_null"), "B"),
    (column("email").is_distinct("b@example.org"), "AC"),
    (column("email").neq("x"), "B"),
    (~name.in_(["A", "B"]), "C"),
    (name.eq("A") | (name.gt("B") & ~column("email").eq("x")), "A"),
    (name.search("a", kind="fts", config="simple"), "A"),
    (name.search("b or c", kind="wfts"), "BC"),
    (column("order").eq(2), "B"),
    (column("odd, name").lte(1), "A"),
]
THINGS = """
CREATE TABLE public.things (
    name text PRIMARY KEY, tags text[] NOT NULL, email text, data jsonb, span int4range, "order" int,
    "odd, name" int
);
GRANT ALL ON public.things TO service_role;
INSERT INTO public.things VALUES
    ('A', '{a}', NULL, '{"k": [1, 2]}', '[0,1)', 1, 1), ('B', '{"b,c"}', 'b@example.org', '{"k": "v"}', '[1,2)', 2, 2),
    ('C', '{}', NULL, NULL, '[3,4)', 3, 3);
"""


async def test_an_operator_finds_what_it_says(project: Project, supabase: Supabase) -> None:
    """
    Each is carried out by PostgreSQL.
    """
    await supabase.ping()
    project.run(THINGS)
    things = supabase.table("things", key="name").select("name").order("name")

    found = ["".join([row["name"] async for row in things.where(test).rows()]) for test, _ in FOUND]

    assert [expected for _, expected in FOUND] == found


async def test_what_is_embedded_comes_with_its_row(supabase: Supabase) -> None:
    """
    To one and to many, narrowed by columns of what is embedded.
    """
    asked = supabase.table("orders", key="id").select("id,customer:customers!inner(name)")
    found = await asked.where(column("customer.id").eq(1)).page()
    many = await supabase.table("customers", key="id").get(1, "name,orders(id,status)")

    assert {row["id"] for row in found.rows} == {row["id"] for row in many["orders"]}
    assert {many["name"]} == {row["customer"]["name"] for row in found.rows}


async def test_rows_are_counted(supabase: Supabase) -> None:
    """
    A planner may be wrong, and gives a number all the same.
    """
    every = supabase.table("orders").select()

    assert (40, 40) == (await every.count(), await every.count("estimated"))
    assert await every.count("planned") > 0


async def test_one_row_is_one_row(supabase: Supabase) -> None:
    """
    None, one, and more than one are three different ends.
    """
    orders = supabase.table("orders", key="id")
    with pytest.raises(errors.NotFound):
        await orders.get(99_999)
    with pytest.raises(errors.UnexpectedAnswer):
        await orders.select().one()

    assert (7, None) == ((await orders.get(7))["id"], await orders.select().where(id.eq(0)).maybe())


async def test_a_table_without_a_key_says_what_to_do(supabase: Supabase) -> None:
    """
    A view has none; with one that is told it is read.
    """
    with pytest.raises(errors.BadValue) as caught:
        _ = [row async for row in supabase.table("paid_orders").select().rows()]
    with pytest.raises(errors.UnknownName) as unknown:
        _ = [row async for row in supabase.table("order").select().rows()]
    found = [row async for row in supabase.table("paid_orders", key="id").select().rows(size=5)]

    assert "key=" in caught.value.advice
    assert "orders" in unknown.value.advice
    assert len(found) == await supabase.table("paid_orders").select().count()


async def test_a_new_table_is_there_once_postgrest_was_told(project: Project, supabase: Supabase) -> None:
    """
    And without a grant the error says that one lacks.
    """
    with pytest.raises(errors.NotFound) as missing:
        await supabase.table("teas", key="id").get(1)
    project.run("CREATE TABLE public.teas (id int PRIMARY KEY)")
    with pytest.raises(errors.Forbidden) as refused:
        await supabase.table("teas", key="id").select().page()
    project.run("GRANT ALL ON public.teas TO service_role")

    assert "reload schema" in missing.value.advice
    assert ("42501", 403) == (refused.value.facts["sqlstate"], refused.value.status)
    assert {"id": 1} == await supabase.table("teas", key="id").insert({"id": 1})


async def test_another_schema_is_read_and_written(project: Project, supabase: Supabase) -> None:
    """
    Where it is exposed.
    """
    script = "DROP SCHEMA IF EXISTS sales CASCADE; CREATE SCHEMA sales; CREATE TABLE sales.leads (id int PRIMARY KEY);"
    await supabase.ping()
    with pytest.raises(errors.NotFound) as hidden:
        await supabase.schema("sales").table("leads").select().page()
    await project.settings(schemas=["public", "sales"])
    project.run(
        f"{script} GRANT ALL ON SCHEMA sales TO service_role; GRANT ALL ON sales.leads TO service_role"
    )
    leads = supabase.schema("sales").table("leads")
    await leads.insert_many([{"id": 1}, {"id": 2}])

    assert "exposed" in hidden.value.advice
    assert [1, 2] == [row["id"] async for row in leads.select().rows(size=1)]


# --- writing ---


async def test_rows_that_do_not_name_the_same_columns_take_the_defaults(supabase: Supabase) -> None:
    """
    And not null, which would be refused or, worse, kept.
    """
    made = await supabase.table("orders", key="id").insert_many([{"total": 1}, {"status": "paid"}, {}])

    assert [("draft", 1), ("paid", 0), ("draft", 0)] == [(row["status"], row["total"]) for row in made.rows]


async def test_only_the_columns_named_are_taken(supabase: Supabase) -> None:
    """
    Whatever else a row has.
    """
    rows = [{"total": 3, "nonsense": 1}]
    made = await supabase.table("orders", key="id").insert_many(rows, columns=["total"])

    assert [Decimal("3.00")] == [row["total"] for row in made.rows]


async def test_a_row_that_conflicts_costs_no_other(supabase: Supabase) -> None:
    """
    The statement is halved until it is alone; its constraint is named.
    """
    customers = supabase.table("customers", key="id")
    rows = [{"name": f"N{number}", "email": f"n{number}@example.org"} for number in range(8)]
    await customers.insert(rows[5])
    done = await customers.insert_many(rows)
    with pytest.raises(errors.Conflict) as caught:
        await customers.insert(rows[5])

    assert ([5], 7) == ([error.index for error in done.errors], len(done.rows))
    assert ("customers_email_key", "23505") == (
        caught.value.facts["constraint"],
        caught.value.facts["sqlstate"],
    )


async def test_a_refusal_names_the_columns_and_not_what_stands_in_them(supabase: Supabase) -> None:
    """
    A person's address is in no error, so that it is in no log.
    """
    customers = supabase.table("customers", key="id")
    ann = {"name": "Ann", "email": "ann.(a)=(b)@example.org"}
    await customers.insert(ann)
    with pytest.raises(errors.Conflict) as taken:
        await customers.insert(ann)
    with pytest.raises(errors.Conflict) as missing:
        await supabase.table("orders", key="id").insert({"customer_id": 987_654, "total": 1})

    assert "Key (email)=(…) already exists." in str(taken.value)
    assert "Key (customer_id)=(…) is not present in table" in str(missing.value)
    for caught in (taken, missing):
        told = f"{caught.value!r} {caught.value.facts} {caught.value.__cause__!r}"
        assert "ann." not in told and "987654" not in told


async def test_an_upsert_a_second_time_changes_nothing(supabase: Supabase) -> None:
    """
    By the primary key, and by another that is unique.
    """
    customers = supabase.table("customers")
    rows = [{"email": f"u{number}@example.org", "name": f"U{number}"} for number in range(5)]
    first = await customers.upsert_many(rows, on_conflict=["email"])
    second = await customers.upsert_many(rows, on_conflict=["email"])
    by_key = await customers.upsert({"id": first.rows[0]["id"], "name": "Other"})
    left = await customers.upsert(
        {"email": "u1@example.org", "name": "X"}, on_conflict=["email"], ignore=True
    )

    assert [row["id"] for row in first.rows] == [row["id"] for row in second.rows]
    assert by_key is not None
    assert ("Other", "u0@example.org", None) == (by_key["name"], by_key["email"], left)


async def test_of_rows_about_the_same_record_the_last_is_sent(supabase: Supabase) -> None:
    """
    One statement may not touch a row twice; the places of the others are told.
    """
    rows = [{"id": 900, "name": "a"}, {"id": 901, "name": "b"}, {"id": 900, "name": "c"}]
    done = await supabase.table("items").upsert_many(rows)

    assert ([0], {"b", "c"}) == (done.replaced, {row["name"] for row in done.rows})


async def test_a_change_of_every_row_must_be_meant(supabase: Supabase) -> None:
    """
    Nothing is sent otherwise.
    """
    items = supabase.table("items", key="id")
    for doing in (items.update({"name": "x"}), items.delete()):
        with pytest.raises(errors.BadValue) as caught:
            await doing
        assert "every=True" in caught.value.advice

    assert 0 == await items.select().where(name.eq("x")).count()


async def test_more_rows_than_meant_are_left_as_they_are(supabase: Supabase) -> None:
    """
    The database takes it all back.
    """
    items = supabase.table("items", key="id")
    with pytest.raises(errors.Invalid) as caught:
        await items.update({"name": "x"}, id.lt(9), max_affected=3)
    changed = await items.update({"name": "y"}, id.lt(4), max_affected=3)
    gone = await items.delete(name.eq("y"))

    assert "max-affected" in caught.value.message
    assert ([1, 2, 3], 3) == (sorted(row["id"] for row in changed), len(gone))
    assert 22 == await items.select().count()


async def test_an_insert_that_bears_its_key_is_made_once_though_its_answer_was_lost(
    project: Project, supabase: Supabase
) -> None:
    """
    It is looked for; one without a key is in doubt, and says so.
    """
    items = supabase.table("items", key="id")
    await project.fault(cut=True, times=1)
    made = await items.insert({"id": 500, "name": "Once"})
    await project.fault(status=502, times=1)
    again = await items.insert({"id": 501, "name": "Twice"})
    await project.fault(cut=True, times=1)
    with pytest.raises(errors.OutcomeUnknown):
        await items.insert({"name": "Doubt"})

    assert ("Once", "Twice") == (made["name"], again["name"])
    assert 2 == await items.select().where(id.in_([500, 501])).count()


async def test_what_postgres_has_taken_back_is_sent_again(project: Project, supabase: Supabase) -> None:
    """
    A write that was to be done over (40001) is not in doubt: four attempts, and the error that it is.
    """
    with pytest.raises(errors.ServerFailed) as caught:
        await supabase.rpc("fail", {"code": "40001"})

    assert ("40001", 4) == (caught.value.facts["sqlstate"], len(project.notebook.metrics))
