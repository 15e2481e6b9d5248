"""
What can be wrong with a workflow's file: codes that never change their meaning, and how each is mended.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]

# code -> (severity, what it is, how to mend it)
CODES: dict[str, tuple[Severity, str, str]] = {
    "WF001": ("error", "the file cannot be read", "Name a file that is there and that you may read."),
    "WF002": ("error", "not JSON", "Mend the text at that line; `ops workflows pull` writes it anew."),
    "WF003": ("error", "larger than 10 MB", "Take data out of the workflow: it belongs in a table or file."),
    "WF004": ("error", "not the shape of a workflow", "Compare with a file that `ops workflows pull` wrote."),
    "WF005": ("error", "a node lacks what every node has", "Give it name, type, typeVersion and position."),
    "WF006": ("error", "two nodes have one name", "Rename one of them: connections go by name."),
    "WF007": ("error", "n8n has no such node", "Correct the type, or make a catalogue of your n8n."),
    "WF008": ("error", "the node has no such version", "Take one of the versions named."),
    "WF009": ("error", "a parameter that is needed is missing", "Fill it in."),
    "WF010": ("error", "a parameter has a value that it cannot have", "Take one of the values named."),
    "WF011": ("warning", "the node knows no such parameter", "Correct its name, or take it out."),
    "WF012": ("error", "a connection to or from no node", "Correct the name or take it out."),
    "WF013": ("error", "a connection from an output that is not there", "Use an output that the node has."),
    "WF014": ("warning", "no trigger leads to the node", "Connect it, or take it out."),
    "WF015": ("error", "a loop without a way out", "Lead out of it with If, Switch or Loop Over Items."),
    "WF016": ("error", "nothing starts the workflow", "Add a trigger, a webhook or a schedule."),
    "WF017": ("error", "two workflows have one webhook", "Give one of them another path."),
    "WF018": ("error", "a credential is not there", "Make it in n8n under that name, or correct the name."),
    "WF019": ("error", "an expression names a node that is not there", "Correct the name in the expression."),
    "WF020": ("error", "a secret stands in the file", "Move it into a credential of n8n."),
    "WF021": ("warning", "nothing handles its errors", "Set settings.errorWorkflow, or onError at a node."),
    "WF022": ("error", "a schedule that never comes", "Choose a day that there is."),
    "WF023": ("error", "not a schedule", "Write five or six fields, as in `0 7 * * 1`."),
    "WF024": ("error", "a masked secret stands in the file", "Put a credential in its place."),
    "WF025": ("error", "a placeholder is not filled in", "`ops workflows library add` fills it."),
    "WF026": ("error", "two files have one workflow", "Rename one of the workflows."),
    "WF027": ("warning", "another workflow is not among the files", "Check its name, or deploy it first."),
    "WF028": ("warning", "a node of a package of others", "See that the package is installed."),
    "WF029": ("error", "a workflow that is called is nowhere", "Correct its name, or write its file too."),
}  # fmt: skip


class Problem(NamedTuple):
    """
    One thing that is wrong, and where.
    """

    file: str
    line: int | None
    node: str | None
    code: str
    message: str
    hint: str = ""

    @property
    def severity(self) -> Severity:
        """Whether it may be deployed all the same."""
        return CODES[self.code][0]

    @property
    def fix(self) -> str:
        """How to mend it."""
        return self.hint or CODES[self.code][2]


class Loose(NamedTuple):
    """
    The same before it is known in which file and line.
    """

    code: str
    message: str
    node: str | None = None
    hint: str = ""
