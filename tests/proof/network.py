"""
The network between shipper and server: a TCP proxy that loses what it is told to lose.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

RESET = struct.pack("ii", 1, 0)  # linger for no time: the peer gets a reset, not an orderly end
COMMIT = b"COMMIT"


class Network:
    """
    Forwards connections to the server's socket. Its faults:

    `cut`         every connection is reset; `refusing` new ones for as long as it is True
    `silent`      nothing passes and nothing is closed: a half-open connection
    `delay`       seconds that each packet is held up
    `lose_answer` the next COMMIT reaches the server, its answer is lost
    `lose_commit` the next COMMIT is lost on the way there
    `cut_after`   the connection is cut after so many more bytes from the server
    """

    def __init__(self, target: Callable[[], Path]) -> None:
        self._target = target
        self.refusing = False
        self.delay = 0.0
        self.lose_answer = self.lose_commit = False
        self.cut_after: int | None = None
        self.fired: Counter[str] = Counter()
        self._flowing = threading.Event()
        self._flowing.set()
        self._pairs: set[_Pair] = set()
        self._guard = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/masterops?sslmode=disable&gssencmode=disable"

    @property
    def silent(self) -> bool:
        return not self._flowing.is_set()

    @silent.setter
    def silent(self, silent: bool) -> None:
        (self._flowing.clear if silent else self._flowing.set)()

    def cut(self) -> None:
        """Reset every connection, on both sides."""
        with self._guard:
            pairs = list(self._pairs)
        for pair in pairs:
            pair.cut()

    def heal(self) -> None:
        """From now on nothing is lost; connections that hang are reset."""
        was_silent, self.silent = self.silent, False
        self.refusing = self.lose_answer = self.lose_commit = False
        self.delay, self.cut_after = 0.0, None
        if was_silent:
            self.cut()

    def close(self) -> None:
        self.heal()
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()

    def flow(self) -> None:
        """Wait until something may pass."""
        self._flowing.wait()
        if self.delay:
            time.sleep(self.delay)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            try:
                if self.refusing:
                    raise ConnectionRefusedError
                far.connect(str(self._target()))
            except OSError:
                _reset(near)
                far.close()
                continue
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = _Pair(self, near, far)
            with self._guard:
                self._pairs.add(pair)
            pair.start()

    def forget(self, pair: _Pair) -> None:
        with self._guard:
            self._pairs.discard(pair)


class _Pair:
    """
    One connection through the proxy.
    """

    def __init__(self, network: Network, near: socket.socket, far: socket.socket) -> None:
        self._network, self._near, self._far = network, near, far
        self._swallowing = False

    def start(self) -> None:
        for pump in (self._there, self._back):
            threading.Thread(target=self._run, args=[pump], daemon=True).start()

    def cut(self) -> None:
        _reset(self._near)
        with contextlib.suppress(OSError):
            self._far.shutdown(socket.SHUT_RDWR)
        self._far.close()

    def _run(self, pump: Callable[[], None]) -> None:
        with contextlib.suppress(OSError):
            pump()
        self._network.flow()  # a silent network does not tell that an end of it is gone
        self.cut()
        self._network.forget(self)

    def _there(self) -> None:
        network = self._network
        while data := self._near.recv(65536):
            network.flow()
            if COMMIT in data and network.lose_commit:
                network.lose_commit = False
                network.fired["commit lost"] += 1
                return
            if COMMIT in data and network.lose_answer:
                network.lose_answer, self._swallowing = False, True
            self._far.sendall(data)

    def _back(self) -> None:
        network = self._network
        while data := self._far.recv(65536):
            network.flow()
            if self._swallowing:
                if COMMIT in data:  # the server says that it has committed
                    network.fired["answer lost"] += 1
                    return
                continue
            if network.cut_after is not None:
                if len(data) > network.cut_after:
                    data, network.cut_after = data[: network.cut_after], None
                    self._near.sendall(data)
                    network.fired["cut in the middle"] += 1
                    return
                network.cut_after -= len(data)
            self._near.sendall(data)


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
