"""
The stack in Docker Compose: the commands, and what they answer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from masterops import errors
from masterops.core.clock import now
from masterops.devstack import files, values
from masterops.devstack.backends import Docker
from masterops.devstack.ports import PORTS

FILE, VARIABLES = "docker-compose.yml", ".env.docker"
ANSWER_SECONDS = 15
STDERR = 2
START_SECONDS = "900"  # the first time images are pulled and ours is built
STATES = {
    "running": "up",
    "healthy": "up",
    "starting": "unknown",
    "unhealthy": "degraded",
    "created": "unknown",
}


def find_docker() -> Docker:
    """What there is of Docker on this machine. It asks the engine, which may take a moment."""
    program = shutil.which("docker")
    if program is None:
        return Docker("there is no `docker` on the path")
    if not _fine([program, "compose", "version"]):
        return Docker("`docker compose` is not installed")
    if not _fine([program, "version", "--format", "{{.Server.Version}}"]):
        return Docker("its engine does not answer")
    return Docker()


def find_file(start: Path) -> Path:
    """docker-compose.yml of the checkout that `start` is in, or that we run from. Raises ComposeUnusable."""
    own = Path(__file__).resolve().parents[3]
    for folder in (start, *start.parents, own):
        if (folder / FILE).is_file() and (folder / "src" / "masterops").is_dir():
            return folder / FILE
    raise errors.ComposeUnusable(
        reason=f"{FILE} is not here: it comes with the source, not with the package",
        hint="Run this inside a checkout of Master-Ops, whose image is built there; or leave out --docker.",
    )


@dataclass(frozen=True, slots=True)
class Compose:
    """
    One Compose file with its file of variables beside it.
    """

    file: Path

    @property
    def variables(self) -> Path:
        """The file with ports and secrets."""
        return self.file.with_name(VARIABLES)

    def command(self, *words: str) -> list[str]:
        """`docker compose` on these files."""
        return ["docker", "compose", "--file", str(self.file), *self._variables(), *words]

    def _variables(self) -> tuple[str, ...]:
        return ("--env-file", str(self.variables)) if self.variables.exists() else ()

    def _surroundings(self) -> dict[str, str]:
        """
        Our environment without what the file of variables sets: for Compose the environment would win.

        Where that file is gone there is still a stack to stop, and Compose wants to be told something.
        """
        own = {port.variable for port in PORTS} | {value.name for value in values.VALUES}
        kept = {name: value for name, value in os.environ.items() if name not in own}
        secrets = () if self.variables.exists() else values.VALUES
        return {**kept, **{value.name: "unknown" for value in secrets}}

    def known(self) -> dict[str, str]:
        """What the file of variables holds so far."""
        return files.read_values(self.variables)

    def up(self, given: Mapping[str, str]) -> None:
        """Fill in the variables, start everything and wait until all of it is healthy."""
        known = {**self.known(), **given}
        files.write_private(
            self.variables, values.text(values.completed("docker", known, int(now().timestamp())))
        )
        self._run("up", "--detach", "--build", "--wait", "--wait-timeout", START_SECONDS, "--remove-orphans")

    def down(self, *, volumes: bool = False) -> None:
        """Stop and remove the containers; with `volumes` their data too."""
        self._run("--profile", "*", "down", "--remove-orphans", *(("--volumes",) if volumes else ()))

    def status(self) -> list[dict[str, Any]]:
        """A row for each container."""
        words = self.command("--profile", "*", "ps", "--all", "--format", "json")
        try:
            answer = subprocess.run(
                words,
                capture_output=True,
                text=True,
                check=False,
                timeout=ANSWER_SECONDS * 4,
                env=self._surroundings(),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise errors.ComposeUnusable(reason=str(error)) from None
        if answer.returncode:
            raise errors.ComposeUnusable(reason=_last_line(answer.stderr))
        return rows(answer.stdout)

    def logs(self, service: str | None, lines: int, *, follow: bool) -> int:
        """Hand the terminal to `docker compose logs`; its exit code."""
        words = (
            "logs",
            "--tail",
            str(lines),
            *(("--follow",) if follow else ()),
            *((service,) if service else ()),
        )
        return self._asked(words, stdout=None)

    def _run(self, *words: str) -> None:
        """What Compose says goes to stderr, like all that is no result. Raises ServiceFailed."""
        code = self._asked(words, stdout=STDERR)
        if code:
            reason = f"`docker compose` ended with {code}; what it said stands above"
            raise errors.ServiceFailed(service="the stack", reason=reason, hint="`ops dev logs` shows more.")

    def _asked(self, words: Sequence[str], stdout: int | None) -> int:
        """The exit code of Compose, which has the terminal meanwhile. Raises ComposeUnusable."""
        try:
            return subprocess.run(
                self.command(*words), check=False, stdout=stdout, env=self._surroundings()
            ).returncode
        except OSError as error:
            raise errors.ComposeUnusable(reason=f"`docker`: {error.strerror}") from None


def rows(answer: str) -> list[dict[str, Any]]:
    """What `docker compose ps --format json` says, a container a line, as rows of `ops dev status`."""
    found = []
    for line in answer.splitlines():
        each = msgspec.json.decode(line)
        published = [p["PublishedPort"] for p in each.get("Publishers") or () if p.get("PublishedPort")]
        state = each.get("Health") or each["State"]
        ended = each["State"] == "exited"
        found.append(
            {
                "service": each["Service"],
                "state": ("done" if each.get("ExitCode") == 0 else "down")
                if ended
                else STATES.get(state, state),
                "url": f"127.0.0.1:{published[0]}" if published else None,
                "since": each.get("RunningFor"),
                "pid": None,
            }
        )
    return sorted(found, key=lambda row: str(row["service"]))


def _fine(command: Sequence[str]) -> bool:
    try:
        return (
            subprocess.run(command, capture_output=True, check=False, timeout=ANSWER_SECONDS).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]
