"""
What is done to a round. Each event answers whether there was anything to do it to.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from tests.proof.rounds import Round


def writer_killed(round: Round) -> bool:
    if found := round.victim(round.writers):
        found.kill()
        round.start_writer()
    return found is not None


def writer_stopped(round: Round) -> bool:
    if found := round.victim(round.writers):
        found.send(signal.SIGSTOP)
        round.later(round.briefly(), lambda: found.send(signal.SIGCONT))
    return found is not None


def writer_started(round: Round) -> bool:
    if len(round.living(round.writers)) >= 6:
        return False
    round.start_writer()
    return True


def shipper_killed(round: Round) -> bool:
    if found := round.victim(round.shippers):
        found.kill()
        round.later(round.briefly(), round.start_shipper)
    return found is not None


def shipper_stopped(round: Round) -> bool:
    if found := round.victim(round.shippers):
        found.send(signal.SIGSTOP)
        round.later(round.briefly(0.8), lambda: found.send(signal.SIGCONT))
    return found is not None


def second_shipper(round: Round) -> bool:
    if len(round.living(round.shippers)) >= 3:
        return False
    round.start_shipper()
    return True


def backend_killed(round: Round) -> bool:
    """The whole server restarts after the death of one of its processes."""
    try:
        found = round.world.database.backends()
    except psycopg.Error:
        return False
    if not found:
        return False
    try:
        os.kill(round.random.choice(found), signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def server_killed(round: Round) -> bool:
    """The postmaster; it is started again a little later."""
    round.world.database.kill(round.random.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGQUIT]))
    round.later(round.briefly(), round.world.database.start)
    return True


def connections_cut(round: Round) -> bool:
    network = round.world.network
    network.refusing = True
    network.cut()
    round.later(round.briefly(), lambda: setattr(network, "refusing", False))
    return True


def network_silent(round: Round) -> bool:
    network = round.world.network
    network.silent = True

    def end() -> None:
        network.silent = False
        if round.random.random() < 0.5:
            network.cut()

    round.later(round.briefly(0.6), end)
    return True


def network_slow(round: Round) -> bool:
    network = round.world.network
    network.delay = round.random.choice([0.005, 0.02, 0.06])
    round.later(round.briefly(0.6), lambda: setattr(network, "delay", 0.0))
    return True


def answer_to_be_lost(round: Round) -> bool:
    """Of a COMMIT; it is counted when it happens."""
    round.world.network.lose_answer = True
    return False


def commit_to_be_lost(round: Round) -> bool:
    round.world.network.lose_commit = True
    return False


def cut_to_come(round: Round) -> bool:
    round.world.network.cut_after = round.random.randrange(600)
    return False


def disk_full(round: Round) -> bool:
    round.where.fill(child.pid for child in round.living(round.writers))
    round.later(round.briefly(), lambda: round.where.free(child.pid for child in round.living(round.writers)))
    return True


def clock_jumped(round: Round) -> bool:
    if not any(child.role == "clocked" for child in round.living(round.writers)):
        if round.world.has_clock:
            round.start_writer("clocked")
        return False
    hours = round.random.choice([-24 * 400, -24, -1, -0.001, 0, 0.5, 24, 24 * 400])
    round.move_clock(hours)
    return True


def rolled_up(round: Round) -> bool:
    try:
        round.world.database.roll_up()
    except psycopg.Error:
        return False
    return True


EVENTS: dict[str, tuple[float, Callable[[Round], bool]]] = {
    "writer killed": (4, writer_killed),
    "writer stopped a while": (2, writer_stopped),
    "writer started": (1, writer_started),
    "shipper killed": (4, shipper_killed),
    "shipper stopped a while": (1.5, shipper_stopped),
    "second shipper": (1.5, second_shipper),
    "backend killed": (1, backend_killed),
    "server killed": (1, server_killed),
    "connections cut": (2, connections_cut),
    "network silent": (1.5, network_silent),
    "network slow": (1, network_slow),
    "answer to be lost": (3, answer_to_be_lost),
    "commit to be lost": (2, commit_to_be_lost),
    "cut to come": (2, cut_to_come),
    "disk full": (1.5, disk_full),
    "clock jumped": (2, clock_jumped),
    "rolled up": (1.5, rolled_up),
}
