"""
The folder of workflow files, and what is remembered beside them: which workflow of which n8n each file is.

`.masterops.json` belongs into version control with the files. It holds, by connection and file, the
workflow's id and the digest of what file and n8n had in common when they were last pulled or deployed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from masterops import errors
from masterops.workflows.code.document import Document, text
from masterops.workflows.code.reading import LARGEST_BYTES

MEMORY = ".masterops.json"
DEFAULT_FOLDER = "workflows"


class Agreed(msgspec.Struct, frozen=True):
    """
    What a file and n8n last had in common.
    """

    id: str
    digest: str


Memory = dict[str, dict[str, Agreed]]


class Folder:
    """
    One folder; files are named by their path below it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def find(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The bytes of every file named, or in a folder named; of all without a name. Raises BadValue."""
        given = [Path(each) for each in paths] or [self.root]
        found: dict[str, bytes] = {}
        for path in given:
            if not path.exists() and (self.root / path).exists():
                path = self.root / path
            for each in self._files(path):
                found[self.name(each)] = _bytes(each)
        if not found:
            hint = "`ops workflows pull` writes files; `ops workflows library add` begins one."
            raise errors.BadValue(
                kind="folder of workflows", value=str(self.root), reason="no file is there.", hint=hint
            )
        return dict(sorted(found.items()))

    def held(self) -> dict[str, bytes]:
        """Every file that is there, and none when there is no folder."""
        return (
            {self.name(each): _bytes(each) for each in self._inside(self.root)} if self.root.is_dir() else {}
        )

    def name(self, path: Path) -> str:
        """A path below the folder as it is told; another as it is."""
        try:
            return path.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return str(path)

    def write(self, file: str, document: Document) -> None:
        """Whole or not at all. Raises WorkflowFileUnusable."""
        self.put(file, text(document))

    def put(self, file: str, content: str) -> None:
        """A text of any kind, whole or not at all. Raises WorkflowFileUnusable."""
        self._replace(self.root / file, content)

    def remove(self, file: str) -> None:
        """Take a file away that has moved."""
        (self.root / file).unlink(missing_ok=True)

    def recall(self) -> Memory:
        """What is remembered. Raises BadValue for a file that is broken."""
        path = self.root / MEMORY
        if not path.exists():
            return {}
        try:
            return msgspec.json.decode(path.read_bytes(), type=Memory)
        except (OSError, msgspec.DecodeError) as error:
            hint = "Restore it from version control, or remove it and pull again."
            raise errors.BadValue(kind="file", value=str(path), reason=str(error), hint=hint) from None

    def remember(self, memory: Memory) -> None:
        """Kept in the order of names, so that version control shows what changed."""
        kept = {
            connection: {file: msgspec.to_builtins(agreed) for file, agreed in sorted(by_file.items())}
            for connection, by_file in sorted(memory.items())
            if by_file
        }
        if kept or (self.root / MEMORY).exists():
            self._replace(self.root / MEMORY, json.dumps(kept, indent=2) + "\n")

    def _files(self, path: Path) -> Iterator[Path]:
        if path.is_dir():
            yield from self._inside(path)
        elif path.is_file():
            yield path
        else:
            reason = "there is no such file or folder."
            raise errors.BadValue(kind="path", value=str(path), reason=reason)

    def _inside(self, path: Path) -> list[Path]:
        return sorted(
            each
            for each in path.rglob("*.json")
            if each.is_file() and not any(p.startswith(".") for p in each.relative_to(path).parts)
        )

    def _replace(self, path: Path, content: str) -> None:
        beside = path.with_name(f".{path.name}.{os.getpid()}.new")
        try:
            if path.is_file() and path.read_text(encoding="utf-8", errors="replace") == content:
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(content, encoding="utf-8")
            beside.replace(path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise errors.WorkflowFileUnusable(path=str(path), reason=error.strerror or str(error)) from None


def _bytes(path: Path) -> bytes:
    """No more than is judged. Raises WorkflowFileUnusable."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise errors.WorkflowFileUnusable(path=str(path), reason=error.strerror or str(error)) from None


def owner_of(memory: Memory, file: str) -> list[str]:
    """The connections of which this file is known to be a workflow."""
    return [connection for connection, files in memory.items() if file in files]


def agreed_of(memory: Mapping[str, Mapping[str, Agreed]], connection: str, file: str) -> Agreed | None:
    """What was last agreed about a file."""
    return memory.get(connection, {}).get(file)
