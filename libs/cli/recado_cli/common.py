"""What all commands have in common: the settings' options, ``-v``, and hints for typos."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from recado.config import Settings

PREFIX: Final = "RECADO"
F = TypeVar("F", bound=Callable[..., Any])


class Option(click.Option):
    """An option with a variable that is named after the option, and the commands."""

    def variable(self, ctx: click.Context) -> str:
        """Return the variable's name, such as ``RECADO_RUN_LS_LIMIT``."""
        longest = max((*self.opts, *self.secondary_opts), key=len)
        name = longest.lstrip("-").replace("-", "_").upper()
        return f"{ctx.auto_envvar_prefix or PREFIX}_{name}"

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Return what the variable says; an empty one says nothing."""
        return os.environ.get(self.variable(ctx)) or None

    def get_help_extra(self, ctx: click.Context) -> click.types.OptionHelpExtra:
        """Name the variable in the help."""
        return {**super().get_help_extra(ctx), "envvars": (self.variable(ctx),)}


option = partial(click.option, cls=Option)


@dataclass(slots=True)
class Common:
    """What was given for all commands, before or after the command's name."""

    flags: dict[str, object] = field(default_factory=dict[str, object])
    environment: str | None = None
    is_verbose: bool = False

    def settings(self, **more: object) -> Settings:
        """Return the settings that hold, the flags included; ``more`` are flags too.

        Raises:
            ConfigError: with every problem, each with its source.
        """
        from recado.config import load_settings, unknown_variables

        settings = load_settings(self.flags | more, environment=self.environment)
        for hint in [*unknown_variables(_own_variables()), *_misspelt()]:
            click.echo(f"recado: warning: {hint}", err=True)
        return settings

    def variables(self) -> dict[str, str]:
        """Return this process's variables with the flags among them, for its children.

        A flag stands before a variable, so the variable that names a file goes.
        """
        names = {f"{PREFIX}_{name.upper()}": name for name in self.flags}
        files = {f"{variable}_FILE" for variable in names}
        found = {key: text for key, text in os.environ.items() if key not in files}
        found |= {key: str(self.flags[name]) for key, name in names.items()}
        if self.environment:
            found[f"{PREFIX}_ENV"] = self.environment
        return found


class Setting(click.Option):
    """An option for a setting; its variable is read with the settings, not by click."""

    def __init__(self, *names: str, help: str) -> None:
        self.setting = names[0].removeprefix("--").replace("-", "_")
        super().__init__(
            # A name that no command has for a parameter of its own.
            [*names, f"setting_{self.setting}"],
            help=help,
            metavar="VALUE",
            envvar=f"{PREFIX}_{self.setting.upper()}",
            show_envvar=True,
            expose_value=False,
            callback=_keep,
        )

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Leave the variable alone: the settings know which source said what."""
        return None


def settings_options() -> list[click.Parameter]:
    """Return the options that every command takes, made anew."""
    return [
        Setting("--broker", help="The broker's URL."),
        Setting("--state", help="Folder for what recado keeps on this host."),
        Setting("--recipes", help="Folder of the recipes started by name."),
        Setting("--env", help="The environment in recado.toml that holds."),
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            expose_value=False,
            callback=_be_verbose,
            help="Show the traceback of an error.",
            envvar=f"{PREFIX}_VERBOSE",
            show_envvar=True,
        ),
    ]


SERVING: Final[Sequence[tuple[str, str]]] = (
    ("--store", "The event store's database, as a URL."),
    ("--grace-s", "Seconds a stopping service may take to finish what it holds."),
    ("--health-port", "Port for health and metrics over HTTP; 0 for any free one."),
    ("--health-host", "The address that the health port listens at."),
    ("--topology", "Queues are made (declare), looked for (verify) or given (off)."),
    ("--log-level", "The least severe level logged: debug, info, warning or error."),
    ("--log-format", "How a log line looks: json, console or auto."),
    ("--tag", "A text that every heartbeat carries."),
)


def serving_options(command: F) -> F:
    """Add the options for the settings that only a service's process needs."""
    for name, help_ in reversed(SERVING):
        command = setting_option(name, help_)(command)
    return command


def setting_option(name: str, help_: str) -> Callable[[F], F]:
    """Return the option for a setting that only some commands need."""
    return click.option(name, cls=_Some, help=help_)


class _Some(Setting):
    def __init__(self, names: Sequence[str], *, help: str, **_: object) -> None:
        long = next(name for name in names if name.startswith("--"))
        super().__init__(long, help=help)


class Command(click.Command):
    """A command that takes the options of all commands as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._common = settings_options()
        self.params += self._common

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Write the options in two parts: its own, and those of all commands."""
        write_options(self, ctx, formatter, self._common)


def write_options(
    command: click.Command,
    ctx: click.Context,
    formatter: click.HelpFormatter,
    common: Sequence[click.Parameter],
) -> None:
    """Write a command's own options, then those of all commands."""
    params = command.get_params(ctx)
    # Arguments are explained by the text above.
    own = [
        param
        for param in params
        if isinstance(param, click.Option) and param not in common
    ]
    for title, some in (("Options", own), ("For every command", common)):
        records = [record for param in some if (record := param.get_help_record(ctx))]
        if records:
            with formatter.section(title):
                formatter.write_dl(records)


class Group(click.Group):
    """A group of commands; for a name that is wrong it offers the nearest one."""

    command_class = Command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant.

        Raises:
            UsageError: if there is none of that name.
        """
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            names = self.list_commands(ctx)
            near = get_close_matches(args[0], names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ";"
            known = ", ".join(names)
            raise click.UsageError(
                f"no command {args[0]!r}{hint} there are: {known}", ctx
            )
        return super().resolve_command(ctx, args)


def settings_of(ctx: click.Context) -> Common:
    """Return what was given for all commands."""
    return ctx.ensure_object(Common)


pass_common = click.make_pass_decorator(Common, ensure=True)


def _keep(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is None or not isinstance(param, Setting):
        return
    common = settings_of(ctx)
    if param.setting == "env":
        common.environment = value
    else:
        common.flags[param.setting] = value


def _be_verbose(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        settings_of(ctx).is_verbose = True


def _own_variables() -> dict[str, str]:
    """Return the variables that may be settings: those of commands' options are not."""
    from recado_cli.commands import COMMANDS

    options = tuple(f"{PREFIX}_{name.upper()}_" for name in COMMANDS)
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(options) and name != f"{PREFIX}_VERBOSE"
    }


def _misspelt() -> list[str]:
    """Return a hint for each variable that names an option this command has not."""
    from recado.config import variables
    from recado.errors import nearest

    ctx = click.get_current_context(silent=True)
    if ctx is None:
        return []
    options = [each for each in ctx.command.params if isinstance(each, Option)]
    known = {each.variable(ctx) for each in options}
    # A setting may begin as a command does: health_port is none of recado health's.
    return [
        f"{name}: no such variable{nearest(name, known)}"
        for name in sorted(os.environ.keys() - known - variables())
        if name.startswith(f"{ctx.auto_envvar_prefix}_")
    ]


def relative(path: Path) -> str:
    """Return a path as short as it can be said from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
