"""
The crash-safe file queue of one process: append-only segments of JSON lines.

A record is safe from kill -9 as soon as `append` returns: the line has been handed to the kernel with
one write. With the durability `fsync` it is safe from a power cut as well, and threads that write at the same
time share one sync.

A signal handler or a finaliser may log while its own thread is in the middle of a call. Its line then waits
until the interrupted call has done its own, so it is safe when that call returns; it never waits for a lock.

Segments are rotated by size and by age, the folder is bounded (bound.py), what cannot be kept is counted
(losses.py), and what a sleeping process keeps open can be taken from it (segments.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from masterops.logs.disk import Disk, RealDisk
from masterops.logs.group_commit import GroupCommit
from masterops.logs.losses import DISK_FULL, REMOVED, SPOOL_FULL, Counts, Losses, Reason, reason_of
from masterops.logs.quota import LEAST_BYTES, MIB
from masterops.logs.room import Room
from masterops.logs.segments import SEAL, open_segment

Durability = Literal["process", "fsync"]
WhenFull = Literal["drop", "block"]

SEGMENT_BYTES = 16 * MIB
# What stands in an open segment is shipped all the same: age decides only when its space comes back. Ten
# minutes make 144 segments a process and day while the database is away, and every look has to read them.
SEGMENT_SECONDS = 600.0
CHECK_SECONDS = 1.0  # how soon it is noticed that somebody deleted the open segment
NOTICE_SECONDS = 60.0  # between two notices while the spool is nearly full
BLOCKED_PAUSE_SECONDS = 0.05
WORDS = {SPOOL_FULL: "the spool has reached its bound", DISK_FULL: "the disk is nearly full"}
_FINISH = b""  # stands in the place of a line for the end of the segment
_me = threading.get_ident
_LEVEL = re.compile(rb'"level":"([a-z]+)"')


@dataclass(frozen=True, slots=True)
class Policy:
    """
    What is promised, and what happens when there is no room.

    `block` waits for the shipper, at most `block_seconds` a record, and then drops as `drop` does. It does
    not wait in a thread that runs an event loop, where the shipper itself may live.
    """

    durability: Durability = "process"
    most_bytes: int = 2048 * MIB
    when_full: WhenFull = "drop"
    block_seconds: float = 5.0


class Spool:
    """
    This process's end of the queue. Thread-safe and re-entrant; a forked child starts its own segment.

    `notice` makes the line that says how many records were lost; it is written when writing works again.
    """

    def __init__(
        self,
        folder: Path,
        policy: Policy | None = None,
        *,
        segment_bytes: int = SEGMENT_BYTES,
        segment_seconds: float = SEGMENT_SECONDS,
        notice: Callable[[Counts], bytes] | None = None,
        disk: Disk | None = None,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self.folder = folder
        self.policy = policy or Policy()
        self.losses = Losses(folder)
        self._disk = disk or RealDisk()
        self._disk_write = self._disk.write
        self._notice = notice
        self._told_at = -NOTICE_SECONDS
        self._why = ""  # in words, the last line was refused
        # Space comes back by whole segments, so a small spool has small ones.
        self._segment_bytes = min(segment_bytes, max(1, self.policy.most_bytes // 16))
        self._segment_seconds = segment_seconds
        self._wall = wall
        # The machine's own clock and no other: shippers compare it with the deadline in the segment's name.
        self._ticks = time.monotonic
        self._moment = 0  # of the last segment: names rise even when the clock is set back
        self._room = Room(folder, self.policy.most_bytes, self._disk, self._ticks)
        self._commit = (
            GroupCommit(self._disk.sync, self._lose_unsynced) if self.policy.durability == "fsync" else None
        )
        self._file = -1
        self._reset()
        os.register_at_fork(after_in_child=self._forked)

    def _reset(self) -> None:
        self._position = 0  # bytes of the open segment, all written by us
        self._accounted = 0  # those of them that the room knows of
        self._checked = 0  # those that were seen to be in a file with a name
        self._stop = 0  # up to where lines may be written without asking
        self._look_at = self._deadline = 0.0
        self._torn = False
        self._number = 0
        self._lock = threading.Lock()
        self._inside: set[int] = set()  # threads that are in the middle of a call
        self._late: dict[int, deque[tuple[bytes, str]]] = {}  # what came up in them meanwhile

    @property
    def lost(self) -> int:
        """Records that this process could not keep since its start."""
        return self.losses.total

    def append(self, line: bytes, level: str = "error") -> None:
        """
        Keep one whole line, as safely as the policy says. Never raises to the caller: a loss is counted and
        said once on stderr. `level` (of the log, or "metric") decides who goes first when the spool is full.
        """
        me, inside = _me(), self._inside
        if me in inside:
            # In one step, because another signal may come in the middle of this one.
            self._late.setdefault(me, deque()).append((line, level))
            return
        inside.add(me)
        try:
            # As `_carry_out` does it: hot loops come here, and a call costs a fourteenth of theirs.
            with self._lock:
                refusal = self._write(line, level) if line else self._end()
                number = self._number
            if refusal is not None:
                number = self._insist(line, level, refusal, waits=True)
            if self._commit is not None:
                self._commit.settle(number)
        finally:
            inside.discard(me)
            if self._late:
                self._catch_up(me)

    def append_both(self, metric: bytes, line: bytes, level: str) -> None:
        """The same for a row of metrics and a line: in one write where there is nothing else to do."""
        me, inside, left = _me(), self._inside, 2
        if me not in inside:
            inside.add(me)
            try:
                with self._lock:
                    left = self._write_both(metric, line)
            finally:
                inside.discard(me)
                if self._late:
                    self._catch_up(me)
        if left == 2:
            self.append(metric, "metric")
        if left:
            self.append(line, level)

    def close(self) -> None:
        """Finish the open segment; a shipper may now delete it once it is shipped."""
        self.append(_FINISH)

    def _catch_up(self, me: int) -> None:
        # Asked again after each round: a signal may have come between its end and the thread's leaving.
        number = 0
        while late := self._late.get(me):
            self._inside.add(me)
            try:
                while late:
                    number = self._carry_out(*late[0])
                    # Only now: what raises out of a signal handler must not take another call's line with it.
                    late.popleft()
                if self._commit is not None:
                    self._commit.settle(number)
            finally:
                self._inside.discard(me)
        self._late.pop(me, None)

    def _carry_out(self, line: bytes, level: str) -> int:
        """Write one late line, or lose it; the number up to which to settle. Waits for no room."""
        with self._lock:
            refusal = self._write(line, level) if line else self._end()
            number = self._number
        if refusal is not None:
            number = self._insist(line, level, refusal, waits=False)
        return number

    def _write(self, line: bytes, level: str) -> Reason | None:
        """Under the lock: write one line, or say why not."""
        size = len(line)
        try:
            if self._position + size > self._stop:
                refusal = self._prepare(size, level)
                if refusal is not None:
                    return refusal
            written = self._disk_write(self._file, line)
            self._position += written
            if written < size:
                self._write_rest(memoryview(line)[written:])
            if self._ticks() > self._look_at:
                self._look_after(line, level)
        except OSError as error:
            self._stop = 0
            self._why = error.strerror or str(error)
            reason = reason_of(error)
            if reason == DISK_FULL:
                self._let_go()
            return reason
        if self.losses.untold:
            self._tell()
        return None

    def _write_both(self, first: bytes, second: bytes) -> int:
        """Under the lock: write two lines at once; how many of them are left to be written one by one."""
        both = first + second
        size = len(both)
        if (
            self._position + size > self._stop
            or self._commit is not None
            or self.losses.untold
            or self._ticks() > self._look_at
        ):
            return 2
        try:
            written = self._disk_write(self._file, both)
        except OSError:
            return 2  # whoever writes the next one meets the same, and says so
        self._position += written
        if written == size:
            return 0
        self._torn = written not in (0, len(first))
        self._stop = 0  # so that what is torn is closed before the next line
        return 1 if written >= len(first) else 2

    def _prepare(self, size: int, level: str) -> Reason | None:
        """See to it that there is a segment with room for a line; the way that most calls need not go."""
        self._account()
        refusal = self._room.refuses(level, size)
        if refusal is not None:
            self._why = WORDS[refusal]
            self.losses.reserve()
            self._let_go()
            return refusal
        full = 0 < self._position and self._position + size > self._segment_bytes
        if self._file < 0 or full or (self._commit is not None and self._commit.broken):
            self._finish()
            self._open()
        elif self._torn:  # must not swallow the next one, nor be whole: it is lost, or will be written again
            self._write_rest(memoryview(b"~\n"))
        if self._room.tight:
            self.losses.reserve()
        # A segment that is synced is looked after at each line: beside a sync that costs nothing.
        granted = 0 if self._commit is not None else self._room.grant()
        self._stop = min(self._segment_bytes, self._position + granted) if granted else 0
        return None

    def _let_go(self) -> None:
        """Finish a segment of some size, so that its space can come back: the shipper deletes no open one."""
        if self._position > min(self._segment_bytes // 16, LEAST_BYTES):
            self._finish()

    def _write_rest(self, rest: memoryview) -> None:
        self._torn = True
        while rest:
            written = self._disk_write(self._file, rest)
            self._position += written
            rest = rest[written:]
        self._torn = False

    def _look_after(self, line: bytes, level: str) -> None:
        """Each second, and past the deadline: does what we write still count? Then rotate by age."""
        while not self._counts(len(line)):  # again, for we may be stopped between opening and writing
            self._abandon()
            self._open()
            self._write_rest(memoryview(line))
        self._checked = self._position
        if self._commit is not None:
            self._number = self._commit.wrote(self._file, level)
        now = self._ticks()
        if now > self._deadline:
            self._finish()
        elif self._commit is None:
            self._look_at = min(self._deadline, now + CHECK_SECONDS)

    def _counts(self, size: int) -> bool:
        """Whether the line just written, of `size` bytes, will be shipped or has been."""
        end, found = os.lseek(self._file, 0, os.SEEK_CUR), os.fstat(self._file)
        ours = end == self._position  # nothing stands before the line that we did not write
        if ours and (found.st_nlink or found.st_size != end):  # if it was shipped, then to a seal behind it
            return True
        wanted = max(0, end - size - self._checked)
        before = os.pread(self._file, wanted, self._checked)
        if ours:
            self._why = "somebody deleted the open segment"
            self._lose(REMOVED, [level.decode() for level in _LEVEL.findall(before)])
            return False
        if end < self._position or SEAL in before or not found.st_nlink or len(before) < wanted:
            return False  # sealed before the line; less than wanted where the shipper has discarded it by now
        self._position = end  # a call that an exception left may have written without counting
        return not before or before.endswith(b"\n")  # else a seal that a full disk cut stands before it

    def _open(self) -> None:
        self._room.look()
        if not self.losses.untold:
            self.losses.notice_others()
        self._moment = max(self._moment + 1, self._wall())
        now = self._ticks()
        deadline = now + self._segment_seconds
        durable = self._commit is not None
        self._file = open_segment(self.folder, self._moment, deadline, self._disk, durable=durable)
        self._position = self._accounted = self._checked = 0
        self._deadline = deadline
        self._look_at = 0.0 if durable else min(deadline, now + CHECK_SECONDS)

    def _account(self) -> None:
        self._room.take(self._position - self._accounted)
        self._accounted = self._position

    def _finish(self) -> None:
        if self._file >= 0 and self._commit is not None:
            self._commit.finish()
        self._abandon()

    def _abandon(self) -> None:
        self._account()
        file, self._file = self._file, -1
        self._position = self._accounted = self._checked = self._stop = 0
        self._torn = False
        if file >= 0:
            with contextlib.suppress(OSError):  # network file systems report at close what is lost already
                os.close(file)  # which also drops the owner's lock

    def _end(self) -> Reason | None:
        if self.losses.untold:
            self._tell()
        self.losses.save()
        self._finish()
        return None

    def _tell(self) -> None:
        now = self._ticks()
        if self._file < 0:
            return
        if self._notice is None:
            self.losses.save()
            self.losses.untold = False
            return
        if self._room.tight and now < self._told_at + NOTICE_SECONDS:
            return
        # OSError: the disk is full again, told after the next recovery.
        with contextlib.suppress(OSError), self.losses.telling() as counts:
            if counts:
                line = self._notice(counts)
                self._write_rest(memoryview(line))
                self._told_at = now
                if self._ticks() > self._look_at:
                    self._look_after(line, "error")

    def _insist(self, line: bytes, level: str, refusal: Reason, *, waits: bool) -> int:
        """A line that was refused: wait for room where that is the policy, else it is lost."""
        reason: Reason | None = refusal
        until = time.monotonic() + (self.policy.block_seconds if waits and self._may_wait() else 0.0)
        while reason in (SPOOL_FULL, DISK_FULL) and time.monotonic() < until:
            time.sleep(BLOCKED_PAUSE_SECONDS)
            with self._lock:
                reason = self._write(line, level)
        if reason is not None:
            self._lose(reason, [level])
        return self._number

    def _may_wait(self) -> bool:
        if self.policy.when_full == "drop":
            return False
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return True
        return False

    def _lose(self, reason: Reason, levels: list[str]) -> None:
        first = not self.losses.total
        self.losses.add(reason, levels)
        if first and levels:
            text = f"masterops: log records are being lost: {self._why} ({self.folder})"
            # RuntimeError: the interrupted call was itself writing to stderr.
            with contextlib.suppress(OSError, ValueError, RuntimeError):
                print(text, file=sys.stderr)

    def _lose_unsynced(self, levels: list[str], error: OSError) -> None:
        self._why = error.strerror or str(error)
        self._lose(reason_of(error), levels)

    def _forked(self) -> None:
        # The segment's lock belongs to the open file, which parent and child now share: let go of our copy.
        self._abandon()
        self.losses.forget()
        if self._commit is not None:
            self._commit.forget()
        self._reset()
