"""``recado completion``: the script that makes a shell complete recado's commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from recado_cli.common import PREFIX, Command


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print a shell's completion script.

    For bash: eval "$(recado completion bash)", in ~/.bashrc.
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this click knows no completion for {shell}", ctx)
    root = ctx.find_root()
    made = kind(root.command, {}, "recado", f"_{PREFIX}_COMPLETE")
    click.echo(made.source())
