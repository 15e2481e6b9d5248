"""
What every command shares: the settings, an open application, an event loop.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import click

from masterops import errors
from masterops.config import Settings, load

if TYPE_CHECKING:
    from masterops.app import App

P = ParamSpec("P")


@dataclass
class Session:
    """
    One command line's view of the world; settings are read when first asked for.
    """

    config: str | None = None
    debug: bool = False
    _settings: Settings | None = field(default=None, repr=False)

    @property
    def settings(self) -> Settings:
        """The effective settings. Raises ConfigError."""
        if self._settings is None:
            self._settings = load(config=Path(self.config) if self.config else None)
        return self._settings

    @property
    def user(self) -> str:
        """Who types, for what is kept about people's decisions."""
        import getpass

        try:
            return getpass.getuser()
        except (KeyError, OSError):  # a container's user may have no name
            return "somebody"

    @asynccontextmanager
    async def app(self, *, migrating: bool = False, shipping: bool = True) -> AsyncIterator[App]:
        """An open application, closed when the command is done. A person waits for its calls."""
        from masterops.app import open_app
        from masterops.core.budgets import INTERACTIVE
        from masterops.transport import in_lane

        async with open_app(self.settings, migrating=migrating, source="cli", shipping=shipping) as app:
            with in_lane(INTERACTIVE):
                yield app


async def shipped(app: App) -> None:
    """
    What waits in the spool goes first, so that what is shown is the latest. A spool that cannot be used, or a
    database that may only be read, is said, and no reason to show nothing. Raises DatabaseError.
    """
    from masterops.cli.output import say

    try:
        await app.shipping.flush()
    except (errors.SpoolUnusable, errors.DatabaseRefused) as error:
        say(f"{error.message}. The newest records may be missing here. {error.advice}")


def acting(function: Callable[P, Coroutine[Any, Any, int | None]]) -> Callable[P, int]:
    """A command written as a coroutine; it answers with an exit code, None meaning 0."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        return asyncio.run(function(*args, **kwargs)) or 0

    return run


pass_session = click.make_pass_decorator(Session)
