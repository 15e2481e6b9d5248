"""
A container without Docker, run as root inside `unshare --mount --net --pid --fork --kill-child`.

Its root file system is made of this machine's programs and of nothing else, and cannot be written; one folder is the
volume, one is /tmp; the user is that of the image and has no rights. It starts the image's entry point, asks the
image's health check until that is content, and stops it as Docker would. Prints what came of it, as JSON.

    container.py '{"root": "/tmp/x", "binds": ["/usr"], "user": 10001, "start": ["ops", "up"], ...}'
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LONGEST_SECONDS = 240.0


def main(given: dict[str, Any]) -> int:
    """Make it, run it, say what came of it."""
    root = Path(given["root"])
    _file_system(root, given["binds"], given["volume"], given["user"], given["accounts"])
    _loopback()
    process = _run(given, given["start"])
    end, healthy = time.monotonic() + LONGEST_SECONDS, False
    while not healthy and process.poll() is None and time.monotonic() < end:
        healthy = _run(given, given["health"], quiet=True).wait() == 0
        time.sleep(0.2)
    writing = {
        place: _run(given, ["touch", f"{place}/probe"], quiet=True).wait() == 0 for place in given["places"]
    }
    own = root / "proc" / str(process.pid) / "status"  # the /proc of these processes, not the machine's
    status = own.read_text().splitlines() if process.poll() is None else []
    facts = dict(line.split(":\t", 1) for line in status if ":\t" in line)
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=60)[0]
    found = {
        "healthy": healthy,
        "writing": writing,
        "read_only": _read_only(root / "opt"),
        "user": facts.get("Uid", "").split(),
        "rights": [facts.get(name) for name in ("CapEff", "CapBnd")],
        "no_new_privileges": facts.get("NoNewPrivs"),
        "exit": process.returncode,
        "said": said[-2_000:],
    }
    print(json.dumps(found))
    return 0


def _file_system(root: Path, binds: list[str], volume: str, user: int, accounts: dict[str, str]) -> None:
    _mount("--make-rprivate", "/")
    _mount("-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(root))
    for place, options in (("tmp", "mode=1777"), (volume.lstrip("/"), f"mode=0700,uid={user},gid={user}")):
        (root / place).mkdir(parents=True, exist_ok=True)
        _mount("-t", "tmpfs", "-o", options, "tmpfs", str(root / place))
    for place in binds:  # after those, because a checkout may lie in /tmp
        source = Path(place)
        target = root / place.lstrip("/")
        if source.is_symlink():  # /bin and /lib are links into /usr on Debian
            target.symlink_to(source.readlink())
            continue
        target.mkdir(parents=True, exist_ok=True)
        _mount("--rbind", place, str(target))
        _mount("-o", "remount,bind,ro", str(target))
    for place, file in accounts.items():  # as RUN of the image adds the user to them
        _mount("--bind", file, f"{root}{place}")
    for place in ("proc", "dev", "opt"):
        (root / place).mkdir()
    _mount("-t", "proc", "proc", str(root / "proc"))
    _mount("--rbind", "/dev", str(root / "dev"))
    _mount("-o", "remount,ro", str(root))


def _read_only(folder: Path) -> bool:
    """Whether root itself cannot write there."""
    try:
        (folder / "probe").touch()
    except OSError as error:
        return error.errno == errno.EROFS
    return False


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)


def _loopback() -> None:
    """A new network has a loopback that is off."""
    up = 0x1 | 0x40  # IFF_UP, IFF_RUNNING
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", up))  # SIOCSIFFLAGS


def _run(given: dict[str, Any], command: list[str], *, quiet: bool = False) -> subprocess.Popen[str]:
    """A command inside, as the image's user."""
    user = str(given["user"])
    drop = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--no-new-privs",
            "--bounding-set=-all", "--inh-caps=-all"]  # fmt: skip
    enter = ["chroot", given["root"], *drop, "env", "-i", f"--chdir={given['volume']}"]
    variables = [f"{name}={value}" for name, value in given["environment"].items()]
    output = subprocess.DEVNULL if quiet else subprocess.PIPE
    both = subprocess.DEVNULL if quiet else subprocess.STDOUT
    return subprocess.Popen(
        [*enter, *variables, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=both, text=True
    )


if __name__ == "__main__":
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    sys.exit(main(json.loads(sys.argv[1])))
