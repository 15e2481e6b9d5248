"""
Whether a program answers, and whether a port is free.
"""

from __future__ import annotations

import http.client
import socket

from masterops.devstack.ports import HOST
from masterops.devstack.programs import Program

SECONDS = 2.0


def answers(program: Program) -> bool:
    """Whether it says that it is ready."""
    try:
        return _http(program.port, program.path) if program.path else _redis(program.port, program.password)
    except (OSError, http.client.HTTPException):
        return False


def listens(port: int) -> bool:
    """Whether anything accepts connections on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(SECONDS)
        return probe.connect_ex((HOST, port)) == 0


def _http(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    finally:
        connection.close()


def _redis(port: int, password: str) -> bool:
    with socket.create_connection((HOST, port), SECONDS) as connection:
        connection.sendall(f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
        said = b""
        while chunk := connection.recv(1024):
            said += chunk
    return b"+PONG" in said
