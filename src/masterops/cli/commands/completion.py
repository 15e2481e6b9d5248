"""
`ops completion`: shell completion.
"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from masterops.cli.output import write


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """
    Print the completion script of a shell.

    Example:

    \b
        ops completion bash > ~/.local/share/bash-completion/completions/ops
        ops completion zsh  > ~/.zfunc/_ops
        ops completion fish > ~/.config/fish/completions/ops.fish
    """
    from masterops.cli.main import ops

    kind = get_completion_class(shell)
    assert kind is not None  # the choices above are click's own
    write(kind(ops, {}, "ops", "_OPS_COMPLETE").source() + "\n")
