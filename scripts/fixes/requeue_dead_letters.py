"""
Try log records again that the database refused, after the reason has been mended.

Without --apply it is tried and taken back, and what would become of them is shown. Doing it twice is safe:
what is stored is no dead letter any more. Exits with 1 when some are left after --apply.

Example:
    ops run requeue_dead_letters
    ops run requeue_dead_letters --apply
"""

from __future__ import annotations

import masterops
from masterops.scripting import Arguments, Column, columns, count, run, say, show

COLUMNS = (*columns("outcome"), Column("letters", "letters", show=count, right=True), *columns("reason"))


def main() -> int:
    given = Arguments(__doc__, writes=True).parse()
    with masterops.open_sync() as ops:
        done = ops.replay_dead_letters(dry_run=not given.apply)
    stored = "stored" if given.apply else "would be stored"
    rows = [{"outcome": stored, "letters": done.stored, "reason": ""}] if done.stored else []
    rows += [{"outcome": "refused", "letters": many, "reason": why} for why, many in done.refused.items()]
    if done.torn:
        rows.append({"outcome": "left", "letters": done.torn, "reason": "it is not a whole record"})
    show(rows, COLUMNS, given.output, empty="There are no dead letters.")
    if done.tried and not given.apply:
        say("Nothing was changed; --apply does it.")
    return 1 if given.apply and done.left else 0


if __name__ == "__main__":
    run(main)
