"""
A reader at a terminal, who does what a page says.

In a `console` block each `$ ` is a command for bash (`> ` goes on with it) and what follows is what it prints; where
nothing follows, anything may be printed. A command is to exit with 0, or with what its comment says (`# exits with 1`).
`sh` blocks are commands alone. A block with a title is a file that the reader writes, or, when the title speaks of
another terminal, what is left running there until the page ends with Ctrl-C. Files and variables stay from block to
block, as they do for a reader.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.pages import ROOT, Block, Page

LONGEST_SECONDS = 180.0  # of one command, on a machine that does much else
EXIT = re.compile(r"# exits with (\d+)\b")
ELSEWHERE = re.compile(r"\banother terminal\b", re.I)
NOT_RUN = "not run by the tests"
COMPILED = Path(tempfile.gettempdir()) / f"masterops-tests-compiled-{os.getuid()}"
# What a page names and its test does another way: `make run` has no end, and `make test` would run this test.
INSTEAD = {"make run": "make run ARGS=--once", "make test": "grep -qx 'make test' .ci/run"}
OURS = ("MASTEROPS_", "HUBSPOT_", "N8N_", "SUPABASE_", "UNLEASHED_", "DATABASE_", "LOG_LEVEL", "VIRTUAL_ENV")

NORMAL = [
    (re.compile(r"\x1b\[[0-9;?]*[A-Za-z]"), ""),
    (re.compile(r"[▁▂▃▄▅▆▇█]+"), ""),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?"), "TIME"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:\.\d+)?"), "TIME"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{12,}\b"), "ID"),
    (re.compile(r"\b[0-9a-f]{16,}\b"), "ID"),
    (re.compile(r"\b\d[\d,.]* ?(?:µs|ms|s|min|h|d|%|[kKM]i?B)(?!\w)"), "N"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"[ \t─━]+"), " "),
]


@dataclass(frozen=True)
class Step:
    """
    One command, where it stands, its exit code, and what it prints.
    """

    line: int
    command: str
    code: int = 0
    printed: str = ""


def steps(block: Block) -> list[Step]:
    """The commands of a block."""
    if block.language in ("sh", "bash"):
        return [Step(block.line, block.text)]
    found: list[tuple[int, list[str], list[str]]] = []
    for number, line in enumerate(block.text.splitlines(), block.line):
        if line.startswith("$ "):
            found.append((number, [line[2:]], []))
        elif line.startswith("> ") and found and not found[-1][2]:
            found[-1][1].append(line[2:])
        else:
            assert found, f"{block.place}: output before the first command"
            found[-1][2].append(line)
    return [
        Step(number, "\n".join(typed), exit_code(typed[-1]), "\n".join(printed).strip("\n"))
        for number, typed, printed in found
    ]


def exit_code(command: str) -> int:
    """What a command line says of its end."""
    said = EXIT.search(command)
    return int(said[1]) if said else 0


def normal(text: str) -> list[str]:
    """Lines without what differs from run to run: times, durations, ids, ports, bars, widths."""
    for pattern, instead in NORMAL:
        text = pattern.sub(instead, text)
    return [line.strip() for line in text.splitlines() if line.strip()]


def fits(expected: str, printed: str) -> bool:
    """Whether a page's output is what was printed; `...` stands for anything, a line of dots for lines."""
    wanted = "\n".join(re.escape(line) for line in normal(expected))
    wanted = re.sub(r"(?m)^\\\.\\\.\\\.$\n?", "(?:.*\n)*", f"{wanted}\n").replace(r"\.\.\.", ".*?")
    return re.fullmatch(wanted, "\n".join(normal(printed)) + "\n") is not None


@dataclass
class Terminal:
    """
    A bash with a home of its own, in a folder that looks like a clone of this project.
    """

    folder: Path
    extra: dict[str, str] = field(default_factory=dict)
    elsewhere: list[tuple[Step, subprocess.Popen[str], Path]] = field(default_factory=list)

    def __post_init__(self) -> None:
        clone = make_clone(self.folder / "clone")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        if kept.pop("PYTHONDONTWRITEBYTECODE", ""):  # else each command would compile the program anew
            kept["PYTHONPYCACHEPREFIX"] = str(COMPILED)
        home = {"MASTEROPS_HOME": str(self.folder / "home"), "HOME": str(self.folder)}
        self.environment = {**kept, **home, "PYTHONUNBUFFERED": "1", "TZ": "UTC", **self.extra}
        self.shell = self._bash("bash", "--norc", "--noprofile")
        self._ask(f"cd {clone}")

    def play(self, page: Page) -> None:
        """Do everything that the page says, in its order."""
        for block in page.blocks:
            if block.language == "text":
                assert "$ " not in block.text or explained(page, block), (
                    f"{block.place}: say why it is not run"
                )
            elif block.title and ELSEWHERE.search(block.title):
                self._leave_running(block)
            elif block.title:
                self._write(block)
            elif block.language in ("console", "sh", "bash"):
                for step in steps(block):
                    self._do(step, page)

    def close(self) -> None:
        """Ctrl-C in every other terminal, which is to end in order; then the shell."""
        codes = {}
        for step, process, output in reversed(self.elsewhere):
            process.send_signal(signal.SIGINT)
            codes[step.command] = (end_of(process), output.read_text())
        self.shell.kill()
        self.shell.wait()
        shutil.rmtree(self.folder / "home", ignore_errors=True)
        bad = {command: said for command, said in codes.items() if said[0] != 0}
        assert {} == bad

    def _do(self, step: Step, page: Page) -> None:
        place = f"{page.name}:{step.line}: {step.command}"
        code, printed = self._ask(INSTEAD.get(step.command.partition("#")[0].strip(), step.command))
        assert step.code == code, f"{place}\nended with {code}, not {step.code}:\n{printed}"
        assert not step.printed or fits(step.printed, printed), (
            f"{place}\nprinted\n{printed}\nand the page says\n{step.printed}"
        )

    def _leave_running(self, block: Block) -> None:
        for step in steps(block):
            output = self.folder / f"elsewhere-{len(self.elsewhere)}"
            _, where = self._ask('printf "%s\\n" "$PWD"; printf "%s" "$PATH"')
            folder, _, path = where.partition("\n")
            process = self._bash("bash", "-c", f"exec {step.command}", cwd=folder, path=path, output=output)
            self.elsewhere.append((step, process, output))
            deadline = time.monotonic() + LONGEST_SECONDS
            while step.printed and not fits(f"...\n{step.printed}\n...", output.read_text()):
                assert process.poll() is None, f"{block.place}: it ended:\n{output.read_text()}"
                assert time.monotonic() < deadline, f"{block.place}: it printed\n{output.read_text()}"
                time.sleep(0.1)

    def _write(self, block: Block) -> None:
        draft = self.folder / "draft"
        draft.write_text(block.text)
        code, said = self._ask(f'mkdir -p "$(dirname "{block.title}")" && cp "{draft}" "{block.title}"')
        assert 0 == code, f"{block.place}: {said}"

    def _ask(self, command: str) -> tuple[int, str]:
        """Run a command in the shell; its exit code, and all that it prints."""
        script, output = self.folder / "typed", self.folder / "printed"
        script.write_text(command + "\n")
        assert self.shell.stdin is not None and self.shell.stdout is not None
        self.shell.stdin.write(f'. "{script}" < /dev/null > "{output}" 2>&1; echo $?\n')
        self.shell.stdin.flush()
        code = self.shell.stdout.readline()
        assert code, f"the shell ended: {command}"
        return int(code), output.read_text()

    def _bash(
        self, *command: str, cwd: str | None = None, path: str | None = None, output: Path | None = None
    ) -> subprocess.Popen[str]:
        target = output.open("w") if output else subprocess.PIPE
        environment = self.environment | ({"PATH": path} if path else {})
        return subprocess.Popen(
            command, cwd=cwd or self.folder, env=environment, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL if output else subprocess.PIPE,
            stdout=target, stderr=subprocess.STDOUT if output else None,
        )  # fmt: skip


def make_clone(folder: Path) -> Path:
    """
    A folder with all that this project has, set up with the Python that runs the tests. What a page makes
    there stays there, and `make setup` finds everything done: it must not install a folder that will be gone.
    """
    folder.mkdir()
    for each in ROOT.iterdir():
        if each.name == "supabase":  # where a reader makes a migration
            shutil.copytree(each, folder / each.name)
        elif each.name not in (".venv", "build"):
            (folder / each.name).symlink_to(each)
    (folder / ".venv").mkdir()
    for each in Path(sys.prefix).iterdir():
        if not each.name.startswith(".installed"):
            (folder / ".venv" / each.name).symlink_to(each)
    for name in (".installed", ".installed-dev"):
        (folder / ".venv" / name).touch()
    return folder


def explained(page: Page, block: Block) -> bool:
    """Whether the paragraph above a block says why nobody runs it."""
    above = [line for number, line in page.prose if number < block.line - 1]
    paragraph = " ".join(above[-6:])
    return NOT_RUN in paragraph


def end_of(process: subprocess.Popen[str]) -> int:
    """The exit code of a process that was told to end."""
    try:
        return process.wait(60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return -9
