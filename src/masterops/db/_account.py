"""
Which account PostgreSQL runs as.

It refuses to run as root. When we are root we hand it to an account that exists already and never make
one: `postgres` where Debian, Homebrew or an image has left it, else `nobody`, which every Unix has.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from masterops.errors import EmbeddedFailed

PREFERRED = ("postgres", "nobody")


class Identity(TypedDict, total=False):
    """The arguments of subprocess.Popen that change the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """
    A user of this machine, with its groups.
    """

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]

    @property
    def identity(self) -> Identity:
        """For subprocess.Popen; empty when it is ourselves, because only root may change accounts."""
        if os.geteuid() == self.uid:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": list(self.groups)}

    def give(self, file: int | Path) -> None:
        """Make it the owner of something that root has just created."""
        if os.geteuid() != self.uid:
            os.chown(file, self.uid, self.gid)


def of(uid: int) -> Account:
    """The account with this number; one without an entry in the user database is named by it."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        return Account(str(uid), uid, os.getegid() if uid == os.geteuid() else uid, ())
    return _from(entry)


def unprivileged() -> Account:
    """The account that serves for root."""
    for name in PREFERRED:
        try:
            return _from(pwd.getpwnam(name))
        except KeyError:
            continue
    raise EmbeddedFailed(
        reason=f"PostgreSQL does not run as root, and there is no account {' or '.join(PREFERRED)}",
        hint="Run ops as an ordinary user, or set `database.url` to a PostgreSQL 15 or newer.",
    )


def _from(entry: pwd.struct_passwd) -> Account:
    groups = tuple(os.getgrouplist(entry.pw_name, entry.pw_gid))
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, groups)


def can_enter(folder: Path, account: Account) -> bool:
    """Whether `account` may pass through `folder` and everything above it, as far as those exist."""
    return all(_allows(step, account, 1) for step in (folder, *folder.parents) if step.exists())


def can_run(program: Path, account: Account) -> bool:
    """Whether `account` may reach and execute `program`."""
    return can_enter(program.parent, account) and _allows(program, account, 5)


def _allows(path: Path, account: Account, wanted: int) -> bool:
    """The classic rule: the first of owner, group, others that applies decides."""
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if found.st_uid == account.uid:
        bits = mode >> 6
    elif found.st_gid == account.gid or found.st_gid in account.groups:
        bits = mode >> 3
    else:
        bits = mode
    return bits & wanted == wanted
