"""
Every error of Master-Ops, in one tree.

    MasterOpsError
    ├── ConnectorCrashed               a fault of ours in one connector                 exit 1
    ├── UsageError                     the call or the command is wrong                 exit 2
    │   ├── UnknownName                business, service, table, column, operator, ...
    │   ├── BadValue
    │   └── NotOverwritten  NotWritten  NotASource
    ├── ConfigError                    the configuration is wrong                       exit 2
    │   ├── ConfigSyntax  ConfigKey  ConfigType  ConfigReference  ConfigInlineSecret
    │   ├── ConfigFileMissing  ConfigFileExists  ConfigFileUnusable
    │   └── PluginUnusable             a connector that is installed beside us
    ├── DatabaseError                  PostgreSQL cannot be used                        exit 3
    │   ├── DatabaseUnreachable  DatabaseRefused  DatabaseTooOld  DatabaseLost
    │   ├── EmbeddedMissing  EmbeddedFailed  EmbeddedInUse  EmbeddedVersion  DataDirectoryUnusable  DiskFull
    │   └── MigrationChanged  MigrationGap  MigrationFailed  MigrationUnknown  MigrationName  MigrationPending
    ├── CycleUnfinished                a cycle takes too long                           exit 1
    ├── JobFailed  JobBusy             a job failed for good, or is in the queue        exit 1
    ├── ScriptRunning  ScriptFailed    a script is running already, or failed           exit 1
    ├── WorkflowError                  a workflow's file and n8n do not come together   exit 1
    │   ├── WorkflowFileUnusable  WorkflowsInvalid  WorkflowMoved  CredentialsMissing
    │   └── DeploymentCut  RollbackRefused  DeploymentRunning
    ├── SpoolUnusable                  log records cannot be read or written on disk    exit 1
    ├── ChannelGone  ChannelCrashed    a notice that no channel takes                   exit 1
    ├── OutputFailed                   stdout cannot be written                         exit 1
    ├── CassetteUnusable               a recording cannot be read or written            exit 1
    ├── LeftoversUnusable              nor the list of what tests have to remove        exit 1
    ├── QueryFailed                    one statement was refused by PostgreSQL          exit 1
    ├── SandboxError                   a twin cannot be started or reached              exit 1
    │   ├── PortTaken  SandboxFailed  SandboxState
    ├── StackError                     the local stack of `ops dev` cannot be used      exit 1
    │   ├── DatabaseElsewhere  ProgramMissing  StackPortTaken  ComposeUnusable  OtherBackend
    │   └── ServiceFailed  StackBusy  InstallFailed
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

from masterops.errors.base import (
    Blame,
    Category,
    ConnectorCrashed,
    MasterOpsError,
    Recovery,
)
from masterops.errors.database import (
    DatabaseError,
    DatabaseLost,
    DatabaseRefused,
    DatabaseTooOld,
    DatabaseUnreachable,
    DataDirectoryUnusable,
    DiskFull,
    EmbeddedFailed,
    EmbeddedInUse,
    EmbeddedMissing,
    EmbeddedVersion,
    MigrationChanged,
    MigrationFailed,
    MigrationGap,
    MigrationName,
    MigrationPending,
    MigrationUnknown,
)
from masterops.errors.remote import (
    AnswerTooLarge,
    BudgetExhausted,
    CircuitOpen,
    Conflict,
    Forbidden,
    Invalid,
    MalformedAnswer,
    NameNotResolved,
    NetworkError,
    NotFound,
    NotLicensed,
    NotServed,
    OutcomeUnknown,
    QuotaExhausted,
    RateLimited,
    RemoteError,
    ServerFailed,
    Timeout,
    TlsFailed,
    Unauthenticated,
    UnexpectedAnswer,
)
from masterops.errors.serving import (
    AddressTaken,
    AddressUnusable,
    BadRequest,
    BodyTooLarge,
    NoSuchPage,
    NotReady,
    PingNotKept,
    PortTaken,
    RequestError,
    RequestFailed,
    SandboxError,
    SandboxFailed,
    SandboxState,
    TooManyPings,
    WebError,
    WrongMethod,
)
from masterops.errors.stack import (
    ComposeUnusable,
    DatabaseElsewhere,
    InstallFailed,
    OtherBackend,
    ProgramMissing,
    ServiceFailed,
    StackBusy,
    StackError,
    StackPortTaken,
)
from masterops.errors.usage import (
    BadValue,
    ConfigError,
    ConfigFileExists,
    ConfigFileMissing,
    ConfigFileUnusable,
    ConfigInlineSecret,
    ConfigKey,
    ConfigReference,
    ConfigSyntax,
    ConfigType,
    NotASource,
    NotOverwritten,
    NotWritten,
    PackageMissing,
    PluginUnusable,
    UnknownName,
    UsageError,
)
from masterops.errors.work import (
    CassetteUnusable,
    ChannelCrashed,
    ChannelGone,
    CredentialsMissing,
    CycleUnfinished,
    DeploymentCut,
    DeploymentRunning,
    JobBusy,
    JobFailed,
    LeftoversUnusable,
    OutputFailed,
    QueryFailed,
    RollbackRefused,
    ScriptFailed,
    ScriptRunning,
    SpoolUnusable,
    WorkflowError,
    WorkflowFileUnusable,
    WorkflowMoved,
    WorkflowsInvalid,
)

__all__ = [
    "AddressTaken",
    "AddressUnusable",
    "AnswerTooLarge",
    "BadRequest",
    "BadValue",
    "Blame",
    "BodyTooLarge",
    "BudgetExhausted",
    "CassetteUnusable",
    "Category",
    "ChannelCrashed",
    "ChannelGone",
    "CircuitOpen",
    "ComposeUnusable",
    "ConfigError",
    "ConfigFileExists",
    "ConfigFileMissing",
    "ConfigFileUnusable",
    "ConfigInlineSecret",
    "ConfigKey",
    "ConfigReference",
    "ConfigSyntax",
    "ConfigType",
    "Conflict",
    "ConnectorCrashed",
    "CredentialsMissing",
    "CycleUnfinished",
    "DataDirectoryUnusable",
    "DatabaseElsewhere",
    "DatabaseError",
    "DatabaseLost",
    "DatabaseRefused",
    "DatabaseTooOld",
    "DatabaseUnreachable",
    "DeploymentCut",
    "DeploymentRunning",
    "DiskFull",
    "EmbeddedFailed",
    "EmbeddedInUse",
    "EmbeddedMissing",
    "EmbeddedVersion",
    "Forbidden",
    "InstallFailed",
    "Invalid",
    "JobBusy",
    "JobFailed",
    "LeftoversUnusable",
    "MalformedAnswer",
    "MasterOpsError",
    "MigrationChanged",
    "MigrationFailed",
    "MigrationGap",
    "MigrationName",
    "MigrationPending",
    "MigrationUnknown",
    "NameNotResolved",
    "NetworkError",
    "NoSuchPage",
    "NotASource",
    "NotFound",
    "NotLicensed",
    "NotOverwritten",
    "NotReady",
    "NotServed",
    "NotWritten",
    "OtherBackend",
    "OutcomeUnknown",
    "OutputFailed",
    "PackageMissing",
    "PingNotKept",
    "PluginUnusable",
    "PortTaken",
    "ProgramMissing",
    "QueryFailed",
    "QuotaExhausted",
    "RateLimited",
    "Recovery",
    "RemoteError",
    "RequestError",
    "RequestFailed",
    "RollbackRefused",
    "SandboxError",
    "SandboxFailed",
    "SandboxState",
    "ScriptFailed",
    "ScriptRunning",
    "ServerFailed",
    "ServiceFailed",
    "SpoolUnusable",
    "StackBusy",
    "StackError",
    "StackPortTaken",
    "Timeout",
    "TlsFailed",
    "TooManyPings",
    "Unauthenticated",
    "UnexpectedAnswer",
    "UnknownName",
    "UsageError",
    "WebError",
    "WorkflowError",
    "WorkflowFileUnusable",
    "WorkflowMoved",
    "WorkflowsInvalid",
    "WrongMethod",
]
