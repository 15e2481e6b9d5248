"""
The row API: tables and functions of a project, asked as the role of the key or token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import msgspec

from masterops.sandbox.answer import Answer
from masterops.sandbox.service import Ask
from masterops.sandbox.supabase import description, functions, grammar, preferences
from masterops.sandbox.supabase.catalogue import Table
from masterops.sandbox.supabase.database import Session
from masterops.sandbox.supabase.preferences import Preferences
from masterops.sandbox.supabase.problems import rest
from masterops.sandbox.supabase.statements import SOURCE, Reader, Statement, ident

READS = ("GET", "HEAD")
ONE = "application/vnd.pgrst.object+json"


@dataclass(frozen=True)
class Rows:
    """
    One request to the row API, inside its transaction.
    """

    session: Session
    reader: Reader
    schema: str
    prefer: Preferences
    headers: Mapping[str, str]
    max_rows: int

    def answer(self, ask: Ask, rest_path: str, anonymous: bool) -> Answer:
        """The answer to a request. Raises Refusal and SqlError."""
        parts = [unquote(part) for part in rest_path.strip("/").split("/") if part]
        if not parts:
            return description.answer(self.reader, self.schema, ask.method, anonymous)
        if parts[0] == "rpc" and len(parts) == 2:
            return self._called(ask, parts[1])
        if len(parts) > 1:
            raise rest(404, "PGRST125", "Invalid path specified in request URL")
        table = self.reader.table(parts[0])
        match ask.method:
            case "GET" | "HEAD":
                return self._read(table, ask.query)
            case "POST":
                return self._inserted(table, ask)
            case "PATCH":
                return self._updated(table, ask)
            case "DELETE":
                return self._deleted(table, ask)
        raise rest(405, "PGRST117", f"Unsupported HTTP method: {ask.method}")

    def _read(self, table: Table, query: str) -> Answer:
        node, _ = grammar.parsed(query, table.name)
        self._ranged(node)
        total = self._total(table, node)
        node.limit = min(self.max_rows, node.limit if node.limit is not None else self.max_rows)
        body, given = self._aggregated(self.reader.select(table, node))
        return self._shown(body, given, node.offset, total)

    def _ranged(self, node: grammar.Node) -> None:
        """The header Range, where the query names none."""
        first, dash, last = self.headers.get("Range", "").partition("-")
        if dash and first.isdigit() and node.limit is None and not node.offset:
            node.offset = int(first)
            node.limit = int(last) - int(first) + 1 if last.isdigit() else None

    def _total(self, table: Table, node: grammar.Node) -> int | None:
        """How many rows fit: counted, or as the planner believes."""
        counted = self.reader.counted(table, node)
        if self.prefer.count == "exact":
            return int(self.session.rows(counted.text, counted.values)[0][0])
        if not self.prefer.count:
            return None
        planned = Statement(f"EXPLAIN (FORMAT JSON) {counted.text.replace('count(*)', '1', 1)}")
        found: Any = self.session.rows(planned.text, counted.values)[0][0]
        believed = int(found[0]["Plan"]["Plan Rows"])
        if self.prefer.count == "estimated" and believed <= self.max_rows:
            return int(self.session.rows(counted.text, counted.values)[0][0])
        return believed

    def _aggregated(self, rows: Statement, before: Statement | None = None) -> tuple[bytes, int]:
        """The rows of a statement as one JSON array, and how many there are."""
        made = Statement("WITH ")
        if before is not None:
            made.put(before).add(", ")
        made.add("pgrst_shown AS (").put(rows).add(") ")
        made.add("SELECT COALESCE(json_agg(pgrst_shown), '[]')::text, count(*) FROM pgrst_shown")
        [(body, count)] = self.session.rows(made.text, made.values)
        return body.encode(), int(count)

    def _shown(self, body: bytes, given: int, offset: int, total: int | None, status: int = 0) -> Answer:
        headers = {
            "Content-Range": preferences.content_range(offset, given, total),
            "Content-Type": "application/json; charset=utf-8",
        }
        if self.prefer.applied:
            headers["Preference-Applied"] = self.prefer.applied
        code = status or preferences.status(offset, given, total)
        if self.headers.get("Accept", "").startswith(ONE):
            if given != 1:
                message, details = (
                    "Cannot coerce the result to a single JSON object",
                    f"The result contains {given} rows",
                )
                raise rest(406, "PGRST116", message, details)
            one = msgspec.json.decode(body, type=list[msgspec.Raw])[0]
            return Answer(status or 200, bytes(one), headers | {"Content-Type": ONE})
        return Answer(code, body, headers)

    def _inserted(self, table: Table, ask: Ask) -> Answer:
        node, plain = grammar.parsed(ask.query, table.name)
        rows = _rows_of(ask.body, uniform="columns" not in plain)
        names = _named(plain["columns"]) if "columns" in plain else list(rows[0] if rows else {})
        _check_columns(table, names)
        if not rows:
            return self._written(table, node, Statement(f"SELECT * FROM {_name(table)} WHERE false"), 201)
        made = Statement(f"INSERT INTO {_name(table)} ")
        if names:
            made.add(f"({', '.join(map(ident, names))}) ")
            made.put(self._values(table, names, ask.body))
        else:
            made.add("DEFAULT VALUES")
        made.put(self._conflict(table, names, plain.get("on_conflict", "")))
        return self._written(table, node, made.add(" RETURNING "), 201)

    def _values(self, table: Table, names: Sequence[str], body: bytes) -> Statement:
        """The rows of a body as those of the table; a key that lacks is null, or the default if preferred."""
        text = body.decode()
        array = text if text.lstrip().startswith("[") else f"[{text}]"
        columns = ", ".join(f"x.{ident(name)}" for name in names)
        if self.prefer.missing != "default":
            populated = f"json_populate_recordset(NULL::{_name(table)}, %s::json)"
            return Statement(f"SELECT {columns} FROM {populated} AS x", [array])
        defaults = ", ".join(
            f"'{name.replace(chr(39), chr(39) * 2)}', {default}"
            for name in names
            if (default := _default(table, name)) is not None
        )
        element = f"jsonb_build_object({defaults.replace('%', '%%')}) || e"
        return Statement(
            f"SELECT {columns} FROM jsonb_array_elements(%s::jsonb) WITH ORDINALITY AS j (e, n), "
            f"LATERAL jsonb_populate_record(NULL::{_name(table)}, {element}) AS x ORDER BY j.n",
            [array],
        )

    def _conflict(self, table: Table, names: Sequence[str], on_conflict: str) -> Statement:
        target = _named(on_conflict) if on_conflict else list(table.key)
        if not self.prefer.resolution or not target:
            return Statement()
        made = Statement(f" ON CONFLICT ({', '.join(map(ident, target))}) DO ")
        if self.prefer.resolution == "ignore-duplicates":
            return made.add("NOTHING")
        sets = ", ".join(f"{ident(name)} = EXCLUDED.{ident(name)}" for name in names)
        return made.add(f"UPDATE SET {sets}")

    def _updated(self, table: Table, ask: Ask) -> Answer:
        node, plain = grammar.parsed(ask.query, table.name)
        (fields, *_) = _rows_of(ask.body, uniform=True) or [{}]
        names = _named(plain["columns"]) if "columns" in plain else list(fields)
        _check_columns(table, names)
        where = self._where(table, node, "UPDATE")
        if not names:
            return self._written(table, node, Statement(f"SELECT * FROM {_name(table)} WHERE false"), 200)
        sets = ", ".join(f"{ident(name)} = pgrst_body.{ident(name)}" for name in names)
        made = Statement(f"UPDATE {_name(table)} SET {sets} ")
        made.add(f"FROM (SELECT * FROM json_populate_record(NULL::{_name(table)}, %s::json)) AS pgrst_body")
        made.values.append(ask.body.decode())
        return self._written(table, node, made.put(where).add(" RETURNING "), 200)

    def _deleted(self, table: Table, ask: Ask) -> Answer:
        node, _ = grammar.parsed(ask.query, table.name)
        where = self._where(table, node, "DELETE")
        made = Statement(f"DELETE FROM {_name(table)}").put(where).add(" RETURNING ")
        return self._written(table, node, made, 200)

    def _where(self, table: Table, node: grammar.Node, verb: str) -> Statement:
        """The tests. Raises Refusal where there are none: Supabase loads pg-safeupdate."""
        where = self.reader.where(table, node)
        if not where.text:
            raise rest(400, "21000", f"{verb} requires a WHERE clause")
        return where

    def _written(self, table: Table, node: grammar.Node, made: Statement, status: int) -> Answer:
        """What a writing statement did: its rows, or nothing but how many."""
        shows = self.prefer.returns == "representation"
        if made.text.endswith(" RETURNING "):
            made.add(f"{ident(table.schema, table.name)}.*" if shows else "1")
        source = Statement(f"{SOURCE} AS (").put(made).add(")")
        node.limit, node.offset = None, 0
        if shows:
            body, given = self._aggregated(self.reader.select(table, node, source=SOURCE), source)
        else:
            body, given = self._aggregated(Statement(f"SELECT 1 FROM {SOURCE}"), source)
        if self.prefer.most is not None and given > self.prefer.most:
            message = "Query result exceeds max-affected preference constraint"
            raise rest(400, "PGRST124", message, f"The query affects {given} rows")
        if shows:
            return self._shown(body, given, 0, None, status)
        headers = {"Content-Range": "*/*"}
        if self.prefer.applied:
            headers["Preference-Applied"] = self.prefer.applied
        return Answer(201 if status == 201 else 204, b"", headers)

    def _called(self, ask: Ask, name: str) -> Answer:
        called = functions.called(self.reader, self.schema, name, ask)
        rows, function = called.statement, called.function
        if function.returns == "void":
            self.session.rows(rows.text, rows.values)
            return Answer(204, b"", {"Content-Range": "0-0/*"})
        if not function.many:
            [(body,)] = self.session.rows(f"SELECT to_json(x.v)::text FROM ({rows.text}) AS x", rows.values)
            return Answer(200, (body or "null").encode(), {"Content-Range": "0-0/*"})
        limit = min(self.max_rows, called.limit if called.limit is not None else self.max_rows)
        made = Statement(f"WITH {SOURCE} AS (").put(rows).add(")")
        element = "y" if called.shown else "y.v"
        made.add(
            f" SELECT COALESCE(json_agg({element}), '[]')::text, count(*), (SELECT count(*) FROM {SOURCE})"
        )
        made.add(" FROM (")
        if called.shown:
            table, node = called.shown
            made.put(self.reader.select(table, node, source=SOURCE))
        else:
            made.add(f"SELECT v FROM {SOURCE}")
        made.add(f" LIMIT {limit:d} OFFSET {called.offset:d}) AS y")
        [(body, given, total)] = self.session.rows(made.text, made.values)
        counted = int(total) if self.prefer.count else None
        return self._shown(body.encode(), int(given), called.offset, counted)


def _rows_of(body: bytes, *, uniform: bool) -> list[dict[str, Any]]:
    """The rows that were sent. Raises Refusal for what is no JSON, or for rows with other keys."""
    try:
        found: Any = msgspec.json.decode(body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise rest(400, "PGRST102", "Empty or invalid json") from None
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise rest(400, "PGRST102", "All object keys must match")
    if uniform and len({frozenset(row) for row in rows}) > 1:
        raise rest(400, "PGRST102", "All object keys must match")
    return rows


def _named(text: str) -> list[str]:
    scanner, found = grammar.Scanner(text, "columns parameter"), []
    while True:
        found.append(scanner.name())
        if scanner.done():
            return found
        scanner.expect(",")


def _check_columns(table: Table, names: Sequence[str]) -> None:
    for name in names:
        if name not in table.columns:
            message = f"Could not find the '{name}' column of '{table.name}' in the schema cache"
            raise rest(400, "PGRST204", message)


def _default(table: Table, name: str) -> str | None:
    """The expression of a column's default, an identity's next number included."""
    column = table.columns[name]
    if column.counted:
        place = f'"{table.schema}"."{table.name}"'.replace("'", "''")
        return f"nextval(pg_get_serial_sequence('{place}', '{name}'))"
    return column.default


def _name(table: Table) -> str:
    return ident(table.schema, table.name)
