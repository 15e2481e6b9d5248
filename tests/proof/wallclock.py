"""
A wall clock that can be moved for one process: the machine's own is not ours to set.
"""

from __future__ import annotations

import ctypes
import mmap
import shutil
import struct
import subprocess
from datetime import datetime
from pathlib import Path

SOURCE = Path(__file__).with_name("clock.c")


def library(folder: Path) -> Path | None:
    """The library to preload, compiled into `folder`; None where there is no C compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        return None
    made = folder / "clock.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", made, SOURCE, "-ldl"], check=True)
    return made


def follow(shift: Path) -> None:
    """From now on this process's wall clock is off by what `shift` holds."""
    if ctypes.CDLL(None).clock_shift_from(str(shift).encode()) != 0:
        raise OSError(f"the clock cannot be read from {shift}")


def set_to(place: Path, moment: datetime) -> None:
    """Let the clock of every process whose environment names `place` stand at a moment."""
    place.touch()
    with place.open("r+b") as file:
        file.write(struct.pack("=q", int(moment.timestamp()) * 1_000_000_000))


def make(shift: Path) -> None:
    """A clock that goes right."""
    shift.write_bytes(bytes(8))


def jump(shift: Path, seconds: float) -> None:
    """Move the clock of whoever follows `shift`, at once."""
    with shift.open("r+b") as file, mmap.mmap(file.fileno(), 8) as memory:
        memory[:] = struct.pack("=q", int(seconds * 1e9))
