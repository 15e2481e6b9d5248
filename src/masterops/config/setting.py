"""
What one setting is: its key, its kind, what it is for, and the variables that set it.
"""

from __future__ import annotations

from typing import NamedTuple

from masterops.config.kinds import Kind

GROUP = "group"  # stands for all businesses together where an account is shared
SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
LONGEST_WAIT_SECONDS = 3600

ALLOW_INLINE = "allow_inline_secrets"
ALLOW_INLINE_VARIABLE = "MASTEROPS_ALLOW_INLINE_SECRETS"


class Setting(NamedTuple):
    """
    One setting: of the whole, of a business, or of a service's connections.
    """

    key: str  # dotted, as in the file: `http.timeout_seconds`
    kind: Kind
    help: str
    default: object = None
    example: object = None  # for the written file, where there is no default to show
    plain: tuple[str, ...] = ()  # variables without our prefix that count too
    required: bool = False
    # One of several ways to give credentials, told by its required setting: the last whose that is written,
    # else the first. All of it is required then, and nothing of the others.
    way: str = ""

    @property
    def section(self) -> str:
        """The table it stands in; empty at the top of the file."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """Its key inside the table."""
        return self.key.rpartition(".")[2]

    @property
    def secret(self) -> bool:
        """Whether it is given by reference and shown as `***`."""
        return self.kind.secret

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that set it; the first that is set counts."""
        if self.key == ALLOW_INLINE:
            return ()  # a variable alone must not be enough: see references.py
        return (f"MASTEROPS_{self.key.upper().replace('.', '_')}", *self.plain)
