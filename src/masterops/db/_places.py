"""
Where the embedded server keeps its things.

Normally in `<home>/postgres`. Root hands the server to another account, which may be unable to enter
`home` (/root is closed to others, and so is a fresh mktemp folder). We widen nobody's permissions for
that: the cluster then lives under /var/lib/masterops, in a folder named by a hash of `home`.

A cluster that exists decides by itself where it is and whose it is; the rest applies to new ones only.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from masterops.db import _account
from masterops.db._account import Account
from masterops.errors import DataDirectoryUnusable, EmbeddedVersion

SHARED = Path("/var/lib/masterops")
LONGEST_SOCKET_FOLDER = 90  # sockaddr_un holds 104 bytes on macOS, and PostgreSQL adds "/.s.PGSQL.5432"


@dataclass(frozen=True, slots=True)
class Places:
    """
    The files of one cluster and the account that owns them.
    """

    base: Path
    major: int
    account: Account

    @property
    def data(self) -> Path:
        """The data directory; the major version is in its path, because each has its own format."""
        return self.base / str(self.major)

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.base / "server.log"

    @property
    def users(self) -> Path:
        """One locked file per process that uses the server."""
        return self.base / "users"

    @property
    def start_lock(self) -> Path:
        """Held while the server is started, stopped, joined or left."""
        return self.base / "start.lock"

    @property
    def server_lock(self) -> Path:
        """Held by every process of the server."""
        return self.base / "server.lock"

    @property
    def sockets(self) -> Path:
        """The private folder for the socket of a server that is started now."""
        inside = self.base / "run"
        if len(os.fsencode(inside)) < LONGEST_SOCKET_FOLDER:
            return inside
        name = f"{self.account.uid}-{digest(self.base)}"
        # Root's server runs under another account, which cannot enter root's runtime folder.
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        if runtime and os.geteuid() == self.account.uid and 0 < len(os.fsencode(runtime)) < 50:
            return Path(runtime) / f"masterops-{name}"
        return Path("/tmp") / f"masterops-{name}"


def digest(path: Path) -> str:
    """Twelve characters that stand for a path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def choose(home: Path, major: int) -> Places:
    """The places of the cluster that belongs to `home` (absolute), whether it exists or not."""
    inside, outside = home / "postgres", SHARED / digest(home)
    for folder in (home, inside):
        if folder.exists() and not folder.is_dir():
            raise DataDirectoryUnusable(path=folder, reason="it is a file, not a folder")
    if os.geteuid() != 0:
        return Places(inside, major, _account.of(os.geteuid()))
    for base in (inside, outside):
        for cluster in clusters(base):
            return Places(base, major, _owner(cluster))
    account = _account.unprivileged()
    # Whether it may enter `inside` itself says nothing: another process may be about to make that folder
    # and not have given it away yet, and two that came at once would make a cluster each.
    return Places(inside if _account.can_enter(home, account) else outside, major, account)


def clusters(base: Path) -> list[Path]:
    """The data directories, of any major version, that `base` holds."""
    return sorted(marker.parent for marker in base.glob("*/PG_VERSION") if marker.parent.name.isdecimal())


def _owner(data: Path) -> Account:
    owner = _account.of(data.stat().st_uid)
    if owner.uid == 0:
        raise DataDirectoryUnusable(path=data, reason="it belongs to root, as which PostgreSQL does not run")
    if not _account.can_enter(data, owner):
        raise DataDirectoryUnusable(
            path=data,
            reason=f"its owner {owner.name} cannot enter the folders above it",
            hint=f"Let {owner.name} pass through them again (chmod o+x), or move the cluster elsewhere.",
        )
    return owner


def check(places: Places) -> None:
    """Refuse data that this server or this user cannot use, before anything is touched."""
    data = places.data
    if not data.exists():
        others = [found for found in clusters(places.base) if found != data]
        if others:
            raise EmbeddedVersion(path=others[-1], found=others[-1].name, wanted=places.major)
        return
    owner = data.stat().st_uid
    if owner != places.account.uid:
        reason = f"it belongs to {_account.of(owner).name}, and we run as {places.account.name}"
        raise DataDirectoryUnusable(path=data, reason=reason)
    try:
        found = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise DataDirectoryUnusable(path=data, reason="it holds no cluster (no PG_VERSION)") from None
    if found != str(places.major):
        raise EmbeddedVersion(path=data, found=found, wanted=places.major)


def make(places: Places, home: Path) -> None:
    """Create the folders around the data directory where they are missing."""
    if SHARED in places.base.parents:
        shared_folder(SHARED)
    places.base.parent.mkdir(parents=True, exist_ok=True)
    for folder in (places.base, places.users):
        private_folder(folder, places.account)
    note = places.base / "home"
    if places.base != home / "postgres" and not note.exists():
        note.write_text(f"{home}\n")  # the folder's name is a hash, which tells a person nothing


def shared_folder(folder: Path) -> None:
    """A folder of root's that every account may enter."""
    if not folder.exists():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)  # whatever the umask took away
    if folder.stat().st_uid != 0:
        raise DataDirectoryUnusable(path=folder, reason="it does not belong to root")


def private_folder(folder: Path, account: Account) -> None:
    """
    A folder that belongs to `account` alone.

    In /tmp a stranger may have put something of that name there before us: a link, or a folder of his.
    """
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        pass
    if stat.S_ISDIR(folder.lstat().st_mode) and folder.lstat().st_uid == os.geteuid():
        account.give(folder)
    for wrong, reason in _objections(folder.lstat(), account):
        if wrong:
            raise DataDirectoryUnusable(path=folder, reason=reason)


def _objections(found: os.stat_result, account: Account) -> Iterable[tuple[bool, str]]:
    yield not stat.S_ISDIR(found.st_mode), "it is not a folder"
    yield found.st_uid != account.uid, f"it belongs to {_account.of(found.st_uid).name}, not {account.name}"
    # Who can enter is let in as the database's superuser, and who can write may plant a socket.
    yield bool(found.st_mode & 0o022), "others may write in it"
