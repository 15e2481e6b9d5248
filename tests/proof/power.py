"""
A round that ends in a power cut: what no flush has brought to the disk is gone, and then everything is shipped.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.proof import marks
from tests.proof.disks import Disk, PowerCut
from tests.proof.rounds import Outcome, Round, World


@contextmanager
def power(scratch: Path) -> Iterator[PowerCut | None]:
    """A disk whose power can be cut; None where this machine has none."""
    with tempfile.TemporaryDirectory(dir=scratch, prefix="power-") as folder:
        made = PowerCut(Path(folder))
        try:
            yield made if made.make() else None
        finally:
            made.unmount()


class PowerRound(Round):
    """
    Writers and a shipper, all gone at one instant together with what was only in memory.
    """

    def play(self, disk: PowerCut, durability: str) -> Outcome:
        self.durability = durability
        self.world.database.empty()
        for kind in ("plain", "threads", "forking", "clocked" if self.world.has_clock else "plain"):
            self.start_writer(kind)
        if self.random.random() < 0.7:
            self.start_shipper()
            self._wait("nothing arrives", lambda: bool(self.world.database.progress()))
        time.sleep(self.random.uniform(0.2, 0.8))
        before = {path: marks.read(path) for path in self._marked()}
        # First the network: a machine without power tells the server nothing of what it believes to have done.
        self.world.network.refusing = True
        self.world.network.cut()
        disk.cut()
        time.sleep(self.random.choice([0, 0.02]))  # for a moment some still run, on a disk that is gone
        for child in [*self.writers, *self.shippers]:
            child.kill()
        self._wait_for_writers()
        for path, sheet in before.items():
            marks.retract(path, sheet)
        disk.unmount()
        assert disk.restore()
        self.outcome.done["power cut"] += 1
        self.settle()
        self.judge()
        return self.outcome

    def _marked(self) -> list[Path]:
        return [self.sheets / name for child in self.writers for name in child.task["streams"]]

    def play_shipped(self, disk: PowerCut) -> Outcome:
        """Everything is on the disk and shipped; nobody but the shipper says that its deletion must be, too."""
        self.world.database.empty()
        writer = self.start_writer("plain")
        self.let_write(writer)
        writer.kill()
        self._wait_for_writers()
        disk.sync()
        asyncio.run(self._drain())
        disk.cut()
        disk.unmount()
        assert disk.restore()
        self.settle()
        self.judge()
        return self.outcome

    def complaints(self) -> str:
        """A shipper that outlives its disk may say so as it likes."""
        return ""


def cut_power(world: World, seed: int, scratch: Path, disk: PowerCut, durability: str) -> Outcome:
    """One such round."""
    with _round(world, seed, scratch, disk) as round:
        return round.play(disk, durability)


def ship_then_cut(world: World, seed: int, scratch: Path, disk: PowerCut) -> Outcome:
    """A power cut right after everything was shipped."""
    with _round(world, seed, scratch, disk) as round:
        return round.play_shipped(disk)


@contextmanager
def _round(world: World, seed: int, scratch: Path, disk: PowerCut) -> Iterator[PowerRound]:
    with tempfile.TemporaryDirectory(dir=scratch, prefix=f"cut-{seed}-") as folder:
        spool = Path(tempfile.mkdtemp(dir=disk.folder)) / "spool"
        yield PowerRound(world, seed, Disk(disk.folder, mounted=False), Path(folder), 0.0, spool=spool)
