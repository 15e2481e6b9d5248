"""
The entry point: finds the command, runs it, turns errors into words and exit codes.

Commands are named here and imported when they are called, so that `ops --help` starts at once.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import click

from masterops import __version__, errors
from masterops.cli.failing import report, report_crash, report_usage

# name -> (module, attribute, one line of help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "up": ("up", "up", "Run the platform: health cycles, changes, logs; live summary."),
    "web": ("web", "web", "Serve HTTP alone: pings, health, status."),
    "work": ("work", "work", "Run one more worker for the jobs of `ops up`."),
    "jobs": ("jobs", "jobs", "What waits, runs and failed; run or retry a job."),
    "down": ("down", "down", "Stop an embedded server or sandbox left running."),
    "init": ("init", "init", "Write a commented masterops.toml."),
    "doctor": ("doctor", "doctor", "Say what is wrong with the set-up and how to mend it."),
    "config": ("config", "config", "Show the effective settings and where each comes from."),
    "health-check": ("health", "health_check", "Look at every connection and check now."),
    "health": ("health_group", "health", "What checks found over time; uptime targets; maintenance."),
    "attention": ("attention", "attention", "Which business needs attention, and why."),
    "alerts": ("alerts", "alerts", "What fires, who was told; acknowledge, silence, try channels."),
    "logs": ("logs", "logs", "Read log records, or follow them."),
    "stats": ("stats", "stats", "What each source did in the last hours."),
    "budget": ("budget", "budget", "What is left of each limit, who spent it, when it runs out."),
    "heartbeat": ("heartbeat", "heartbeat", "What is expected to ping, and whether it does."),
    "workflows": ("workflows", "workflows", "How n8n's workflows perform, and which failed."),
    "db": ("db", "db", "Query, migrate and reach the database."),
    "test-integration": ("integration", "test_integration", "Try each capability of a connector."),
    "record": ("record", "record", "Record what an account answers as fixtures, nothing personal in them."),
    "hubspot": ("hubspot", "hubspot", "HubSpot's properties: declare, compare, apply."),
    "dev": ("dev", "dev", "The local stack: up, down, status, reset, logs."),
    "run": ("run", "run", "Run a script: alone of its name, logged; list them, see past runs."),
    "new": ("new", "new", "Make the beginning of a connector or a migration."),
    "sandbox": ("sandbox", "sandbox", "The local twins of the services."),
    "completion": ("completion", "completion", "Print the completion script of a shell."),
}


class Commands(click.Group):
    """
    A group whose members are imported on use. `db:query` is `db query`.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the table, which is the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command, imported now; or None."""
        from importlib import import_module

        if name not in COMMANDS:
            return None
        module, attribute, _ = COMMANDS[name]
        command: click.Command = getattr(import_module(f"masterops.cli.commands.{module}"), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Split `group:command`, and guess what a misspelt name meant."""
        if ":" in args[0] and args[0].partition(":")[0] in COMMANDS:
            args = [*args[0].split(":", 1), *args[1:]]
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from masterops.core.spelling import unknown

            raise unknown("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table's help lines, without importing a command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.command(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--config",
    "config",
    metavar="PATH",
    help="The configuration file (else MASTEROPS_CONFIG, ./masterops.toml).",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(__version__, prog_name="ops")
@click.pass_context
def ops(ctx: click.Context, config: str | None, debug: bool) -> None:
    """
    Master-Ops: watch, log and explain what the businesses' services do.

    With no credentials configured, everything runs in demo mode against local twins of the services.

    Exit codes: 0 fine, 1 something is unhealthy or failed, 2 wrong usage or configuration, 3 the database
    cannot be reached or started, 130 interrupted.
    """
    from masterops.cli.session import Session

    ctx.obj = Session(config=config, debug=debug)


def main(argv: list[str] | None = None) -> None:
    """Run one command line and exit with its code."""
    if sys.stdout is None:  # started with stdout closed: what nobody can read goes nowhere
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - it stays open as long as the process
    sys.exit(run(sys.argv[1:] if argv is None else argv))


def run(argv: list[str]) -> int:
    """The exit code of one command line; every error has become words on stderr."""
    debug = "--debug" in argv
    words = [word for word in argv if word != "--debug"]  # it may stand anywhere on the line
    try:
        outcome: Any = ops.main(words, prog_name="ops", standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.Abort:
        return 130
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        return report_usage(error)
    except errors.MasterOpsError as error:
        return report(error, debug=debug)
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        return _output_failed(error, debug=debug)
    except Exception as error:  # a fault of ours: said in one line, the traceback with --debug
        return report_crash(error, debug=debug)
    return outcome if isinstance(outcome, int) else 0


def _output_failed(error: OSError, *, debug: bool) -> int:
    """A disk that is full, or a reader that has gone (`ops logs | head`), which is no error at all."""
    if error.filename is not None or error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF):
        return report_crash(error, debug=debug)
    # The interpreter must not try at its end to flush what cannot be written.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return 0
    return report(errors.OutputFailed(reason=error.strerror), debug=debug)
