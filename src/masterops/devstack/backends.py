"""
On what the stack runs: Docker Compose, programs of this machine, or what Master-Ops brings itself.

Pure: it is told what was asked for and what there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from masterops import errors

Backend = Literal["docker", "native", "embedded"]
IN_WORDS: dict[Backend, str] = {
    "docker": "in Docker Compose",
    "native": "as programs of this machine (--native)",
    "embedded": "embedded, with the twins",
}


@dataclass(frozen=True, slots=True)
class Docker:
    """
    What there is of Docker; `lack` says what is missing, empty when nothing is.
    """

    lack: str = ""

    @property
    def usable(self) -> bool:
        """Whether Compose can be asked to start something."""
        return not self.lack


@dataclass(frozen=True, slots=True)
class Choice:
    """
    What it will run on, and what the user should know of that.
    """

    backend: Backend
    note: str = ""


def choose(asked: Backend | None, docker: Docker, running: Backend | None = None) -> Choice:
    """
    The backend: what was asked for, what runs already, Docker, or else the embedded one.

    Raises ComposeUnusable where Docker was asked for and is not there, OtherBackend where the stack runs on
    something else already.
    """
    if running is not None and asked not in (None, running):
        raise errors.OtherBackend(running=IN_WORDS[running], wanted=asked)
    backend = running or asked
    if backend == "docker" and not docker.usable:
        raise errors.ComposeUnusable(reason=docker.lack)
    if backend is not None:
        return Choice(backend)
    if docker.usable:
        return Choice("docker")
    return Choice(
        "embedded",
        f"No Docker ({docker.lack}): the stack runs embedded, with twins of the services. "
        "--native starts a real n8n and Redis.",
    )
