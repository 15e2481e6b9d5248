"""
The local stack of `ops dev`: in Docker Compose, as programs of this machine, or embedded with the twins.

Planning is pure (`backends`, `ports`, `values`, `programs`); `machine` and `compose` act.
"""

from masterops.devstack.backends import Backend, Choice, Docker, choose
from masterops.devstack.stack import Stack

__all__ = ["Backend", "Choice", "Docker", "Stack", "choose"]
