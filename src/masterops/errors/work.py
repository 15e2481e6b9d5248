"""Work that was not done: cycles, jobs, workflows, log records, notices, output, statements."""

from __future__ import annotations

from typing import ClassVar

from masterops.errors.base import Category, MasterOpsError


class CycleUnfinished(MasterOpsError):
    """The cycle did not end within {seconds:g} s"""

    code = "JOB001"
    hint = "`ops logs --errors-only` may say why; a dead worker's job is taken over within half a minute."


class JobFailed(MasterOpsError):
    """The job {job} failed: {reason}"""

    code = "JOB002"
    hint = "`ops logs --errors-only` has the whole error; `ops jobs retry ID` tries it again."


class JobBusy(MasterOpsError):
    """The job {job} is {state} already, as {id}"""

    code = "JOB003"
    hint = "`ops jobs show {id}` shows how it goes."


class ScriptRunning(MasterOpsError):
    """The script {script} is running already"""

    code = "SCR001"
    category = "conflict"
    recovery = "retry"
    hint = "`ops run --history {script}` shows since when; `ops run --wait` begins when it has ended."


class ScriptFailed(MasterOpsError):
    """The script {script} failed: {reason}"""

    code = "SCR002"
    category = "internal"
    hint = "`ops logs --trace {run}` shows what it did, `ops logs --errors-only -o json` the traceback."


class WorkflowError(MasterOpsError):
    """A workflow's file and n8n do not come together."""

    code = "WFL000"
    category: ClassVar[Category] = "usage"


class WorkflowFileUnusable(WorkflowError):
    """The file {path} cannot be used: {reason}"""

    code = "WFL001"
    hint = "See to its rights and to the disk."


class WorkflowsInvalid(WorkflowError):
    """{count} error(s) in the files: {reason}"""

    code = "WFL002"
    category = "validation"
    hint = "`ops workflows validate` shows each with its fix. Nothing was changed."


class WorkflowMoved(WorkflowError):
    """Somebody changed what is in n8n since it was last pulled or deployed: {reason}"""

    code = "WFL003"
    category = "conflict"
    hint = "Pull it and put both together, or give --force to overwrite it. Nothing was changed."


class CredentialsMissing(WorkflowError):
    """{connection} lacks credentials: {reason}"""

    code = "WFL004"
    category = "configuration"
    hint = "Make them in n8n under these names. Nothing was changed."


class DeploymentCut(WorkflowError):
    """Deployment {deployment} stopped in the middle, at {file}: {reason}"""

    code = "WFL005"
    category = "conflict"
    hint = "Deploy again to finish it, or `ops workflows rollback` to undo it."


class RollbackRefused(WorkflowError):
    """Deployment {deployment} is not undone: {reason}"""

    code = "WFL006"
    category = "conflict"
    hint = "Look at `ops workflows diff`; --force undoes it all the same. Nothing was changed."


class DeploymentRunning(WorkflowError):
    """Somebody else deploys to {connection} at this moment."""

    code = "WFL007"
    category = "conflict"
    recovery = "retry"
    hint = "Wait until that is done and try again."


class SpoolUnusable(MasterOpsError):
    """The log spool cannot be used: {reason} ({path})"""

    code = "LOG001"
    category = "configuration"
    hint = "Nothing in it is lost. Let this user read and write there, or move aside what is in the way."


class ChannelGone(MasterOpsError):
    """There is no channel named {channel!r} any more, or it is switched off"""

    code = "ALR001"
    category = "configuration"
    hint = "Notices that waited for it are given up; `ops alerts log` shows them."


class ChannelCrashed(MasterOpsError):
    """The channel {channel} has a fault of ours: {reason}"""

    code = "ALR002"
    category = "internal"
    hint = "`ops logs --errors-only` has the traceback: please report it."


class OutputFailed(MasterOpsError):
    """The output cannot be written: {reason}"""

    code = "OUT001"
    category = "usage"
    hint = "Write it to a place with room."


class CassetteUnusable(MasterOpsError):
    """The recording {file} cannot be used: {reason}"""

    code = "OUT002"
    category = "usage"
    hint = "`ops record` writes it anew; `--to` names another folder."


class LeftoversUnusable(MasterOpsError):
    """The list of what tests made at an account, {file}, cannot be used: {reason}"""

    code = "OUT003"
    category = "usage"
    hint = "Without it nobody knows what to remove; look for records named masterops-test in the account."


class QueryFailed(MasterOpsError):
    """PostgreSQL refused the query: {reason}"""

    code = "DB020"
    category = "database"
    hint = "Check the values of --filter against the columns' types: `ops db query {table} --limit 1`."
