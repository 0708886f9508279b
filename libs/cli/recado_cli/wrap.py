"""``recado wrap``: a long job, told of from its start to its end."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recado_cli.common import Command, Common, Setting, option, pass_common
from recado_cli.output import count, talk

if TYPE_CHECKING:
    from recado.config import Settings
    from recado.wrapping.assignment import Assignment


class _Seconds(click.ParamType[float]):
    name = "seconds"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            seconds = float(str(value))
        except ValueError:
            seconds = math.nan
        if not 0 < seconds < math.inf:
            self.fail(f"must be more than 0 seconds, not {value!r}", param, ctx)
        return seconds


@click.command(cls=Command, context_settings={"allow_interspersed_args": False})
@click.argument("command", metavar="[COMMAND [ARG]...]", nargs=-1)
@option("--wrap", "wrapper", metavar="NAME", help="An installed wrapper to run.")
@option(
    "--recipewrapper",
    "file",
    metavar="FILE",
    help="The recipe envelope that the job was submitted with; - for standard in.",
)
@option(
    "--time-limit",
    type=_Seconds(),
    metavar="S",
    help="End the job after so many seconds.",
)
@option(
    "--result-file",
    "result_files",
    type=click.Path(path_type=Path),
    multiple=True,
    help="A file to tell of when the command has succeeded; may be repeated.",
)
@option(
    "--tail",
    "tail_kib",
    type=click.IntRange(0, 256),
    default=8,
    metavar="KIB",
    help="How much of the end of each output the events tell.",
)
@option(
    "--resend", is_flag=True, help="Send what jobs left here when the broker was away."
)
@pass_common
def wrap(
    common: Common,
    command: tuple[str, ...],
    wrapper: str | None,
    file: str | None,
    time_limit: float | None,
    result_files: tuple[Path, ...],
    tail_kib: int,
    resend: bool,
) -> int:
    """Run a long job, and tell of it.

    COMMAND is run as it is; with --wrap an installed wrapper is. Its run is told when it
    starts, how it does, and how it ends. The exit code is the job's: 128 and the number of
    the signal that killed it, 124 after the time limit, 75 if all went well but the
    broker was away and outputs wait to be sent.
    """
    _check(command, wrapper, resend, result_files)
    settings = common.settings()
    if resend:
        return _resent(settings)
    from recado.errors import ConfigError
    from recado.ids import new_id
    from recado.wrapping.order import Order
    from recado.wrapping.program import run_job
    from recado_cli.failing import AwayError
    from recado_cli.session import check_there

    if wrapper:
        from recado.wrapping.finding import check_name

        check_name(wrapper, settings.plugins)
    assignment = _assignment(file)
    try:
        check_there(settings.broker)
    except AwayError as error:
        # A file that was never made is no broker that comes back.
        raise ConfigError(str(error)) from error
    order = Order(
        job=assignment.id if assignment else new_id(),
        assignment=assignment,
        wrapper=wrapper or "",
        command=command,
        time_limit_s=time_limit,
        result_files=result_files,
        tail_bytes=tail_kib * 1024,
        has_input=file != "-" and not sys.stdin.isatty(),
    )
    if common.is_verbose:
        settings = settings.model_copy(update={"log_level": "debug"})
    return run_job(order, settings)


# Settings that only what runs jobs or services needs.
wrap.params += [
    Setting(
        "--grace-s", help="Seconds a job may take to end, and the broker to come back."
    ),
    Setting("--log-level", help="The least severe level logged."),
    Setting("--log-format", help="How a log line looks: json, console or auto."),
]


def _check(
    command: tuple[str, ...],
    wrapper: str | None,
    resend: bool,
    result_files: tuple[Path, ...],
) -> None:
    if bool(command) + bool(wrapper) + resend != 1:
        raise click.UsageError(
            "what is to be run? give --wrap NAME or a command, or --resend alone",
            click.get_current_context(),
        )
    if result_files and not command:
        raise click.UsageError("--result-file is for commands")


def _assignment(file: str | None) -> Assignment | None:
    if file is None:
        return None
    from recado.errors import ConfigError, ProblemsError
    from recado.wrapping.assignment import Assignment

    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return Assignment.read(text)
    except ProblemsError as error:
        # The job was not started, and would not be the next time either.
        problems = "\n".join(map(str, error.problems))
        raise ConfigError(
            f"--recipewrapper {file}: {error.what}\n{problems}"
        ) from error
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(f"--recipewrapper {file}: {reason}") from error


def _resent(settings: Settings) -> int:
    from recado.log import set_up_logging
    from recado.wrapping.resending import resend
    from recado_cli.failing import FAILED
    from recado_cli.session import check_there, wait_for

    set_up_logging(settings.log_level, settings.log_format, stream=sys.stderr)
    check_there(settings.broker)
    sent, left = wait_for(resend(settings))
    talk(f"{count(sent, 'posting')} of jobs sent")
    if left:
        talk(f"{count(left, 'posting')} not sent: the broker does not take them")
    return FAILED if left else 0
