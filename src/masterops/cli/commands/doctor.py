"""
`ops doctor`: what is wrong with the set-up.
"""

from __future__ import annotations

import click
import msgspec

from masterops.app.doctor import Finding, examine
from masterops.cli import look
from masterops.cli.output import emit, output_option, write
from masterops.cli.session import Session, acting, pass_session
from masterops.cli.values import Column

COLUMNS = tuple(Column(key, key) for key in Finding.__struct_fields__)


@click.command()
@output_option()
@pass_session
@acting
async def doctor(session: Session, output: str) -> int:
    """
    Look at everything that Master-Ops needs, and say how to mend what is wrong. Exits with 1 if something is.

    Example:

    \b
        ops doctor
    """
    findings = []
    async for finding in examine(lambda: session.settings):
        findings.append(finding)
        if output == "table":
            write(_line(finding))
    if output != "table":
        emit([msgspec.structs.asdict(each) for each in findings], COLUMNS, output)
    return 1 if any(each.state == "failed" for each in findings) else 0


def _line(finding: Finding) -> str:
    mark, colour = look.STATES[finding.state]
    code = f" [{finding.code}]" if finding.code else ""
    indent = " " * 19
    said = look.wrap(f"{mark} {finding.check:<16} {finding.detail}{code}", indent)
    hint = f"{look.wrap(f'{indent}hint: {finding.hint}', indent)}\n" if finding.hint else ""
    return f"{look.paint(mark, colour)}{said.removeprefix(mark)}\n{hint}"
