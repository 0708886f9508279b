"""The command's entry: finds the command, runs it, and turns errors into one line."""

from __future__ import annotations

# Loading these is most of a short command's time, and Ctrl-C may come meanwhile.
try:
    from collections.abc import Sequence
    from importlib import import_module
    from typing import Any

    import click

    from recado_cli.commands import COMMANDS
    from recado_cli.common import PREFIX, Common, Group, settings_options, write_options
    from recado_cli.streams import open_closed
except KeyboardInterrupt:
    raise SystemExit(130) from None


class Overview(Group):
    """The root of all commands; each is imported when it is run."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._common = settings_options()
        self.params += self._common

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; Ctrl-C and a closed pipe end it without a word.

        Click would write an empty line for the one, and fail for the other.
        """
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, BrokenPipeError) as error:
            from recado_cli.failing import tell

            raise click.exceptions.Exit(tell(error)) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands' names, those needed first first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; its module is imported now."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = import_module(f"recado_cli.{entry.module}")
        command: click.Command = getattr(module, entry.name)
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the overview, from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.help) for name, each in COMMANDS.items()])

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the options in two parts, and then the commands."""
        write_options(self, ctx, formatter, self._common)
        self.format_commands(ctx, formatter)


def _version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"recado {version('recado')}")
        ctx.exit()


@click.group(cls=Overview, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    allow_from_autoenv=False,
    callback=_version,
    help="Print the version.",
)
def recado() -> None:
    """Carry recipes through services behind a message broker.

    Data goes to standard out, talk to standard error. Exit code 0 means fine, 1 failed,
    2 misused.
    """


def main(args: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code.

    No error of those that can be expected comes with a traceback, unless asked for.
    """
    common = Common()
    try:
        open_closed()
        result: object = recado.main(
            args=None if args is None else list(args),
            prog_name="recado",
            standalone_mode=False,
            auto_envvar_prefix=PREFIX,
            obj=common,
        )
        return result if isinstance(result, int) else 0
    # Whatever happens, a person gets one line; what it says is decided in one place.
    except BaseException as error:
        from recado_cli.failing import tell

        return tell(error, is_verbose=common.is_verbose)
