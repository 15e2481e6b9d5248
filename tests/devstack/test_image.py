"""
What the image starts, under the image's constraints: its user without rights, a read-only root, its environment.

There is no Docker in this: `container.py` makes the same surroundings out of the kernel's own means, for which it has
to be root on Linux.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.devstack import container

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
APART = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child")


def _may() -> bool:
    """Whether the kernel lets us: not without root, nor inside most containers."""
    if sys.platform != "linux" or os.geteuid() != 0 or not shutil.which("unshare"):
        return False
    return subprocess.run([*APART, "true"], capture_output=True, check=False).returncode == 0


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not _may(), reason="a container without Docker takes root on Linux"),
]


def words(instruction: str) -> list[str]:
    """The words of an instruction in its form with brackets."""
    found = re.findall(rf"^{instruction}.*?(\[.*\])$", TEXT, re.MULTILINE)
    read: list[str] = json.loads(found[-1])
    return read


def environment() -> dict[str, str]:
    """What ENV sets, with the virtual environment of this checkout in place of the image's."""
    lines = re.findall(r"^ENV (.+)$", TEXT, re.MULTILINE)
    found = dict(re.findall(r"(\w+)=(\S+)", " ".join(lines)))
    path = f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin"
    return {**found, "PATH": path, "HOME": "/data"}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """
    The entry point: started, asked for its health, stopped.
    """
    (user,) = re.findall(r"^USER (\d+):\d+$", TEXT, re.MULTILINE)
    (volume,) = words("VOLUME")
    folder = tmp_path_factory.mktemp("accounts")
    passwd, group = folder / "passwd", folder / "group"
    passwd.write_text(f"root:x:0:0::/root:/bin/sh\nmasterops:x:{user}:{user}::{volume}:/usr/sbin/nologin\n")
    group.write_text(f"root:x:0:\nmasterops:x:{user}:\n")
    programs = [sys.prefix, str(ROOT / "src"), str(ROOT / "supabase")]
    if not sys.base_prefix.startswith("/usr"):
        programs.append(sys.base_prefix)
    given = {
        "root": str(tmp_path_factory.mktemp("root")),
        "binds": ["/usr", "/bin", "/lib", "/lib64", "/sbin", "/etc", *programs],
        "volume": volume,
        "accounts": {"/etc/passwd": str(passwd), "/etc/group": str(group)},
        "user": int(user),
        "environment": environment(),
        "start": [*words("ENTRYPOINT"), *words("CMD")],
        "health": json.loads(re.findall(r"^HEALTHCHECK.*?CMD (\[.*\])$", TEXT, re.MULTILINE)[0]),
        "places": ["/", "/etc", "/opt", "/usr", sys.prefix, "/tmp", volume],
    }
    script = [sys.executable, container.__file__, json.dumps(given)]
    done = subprocess.run([*APART, *script], capture_output=True, text=True, check=False, timeout=400)
    assert 0 == done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_entry_point_becomes_healthy_and_ends_in_order(ran: dict[str, Any]) -> None:
    """
    With nothing but its volume to write to, and no network but loopback.
    """
    assert ran["healthy"], ran["said"]
    assert 0 == ran["exit"], ran["said"]


def test_it_is_not_root_and_cannot_become_it(ran: dict[str, Any]) -> None:
    """
    All four user ids are the image's, and there is no capability to gain.
    """
    none = "0" * 16

    assert ["10001"] * 4 == ran["user"]
    assert [none, none] == ran["rights"]
    assert "1" == ran["no_new_privileges"]


def test_it_writes_to_its_volume_and_to_tmp_alone(ran: dict[str, Any]) -> None:
    """
    The rest of the file system is read-only.
    """
    assert ran["read_only"]
    assert {"/tmp", "/data"} == {place for place, written in ran["writing"].items() if written}
