"""How the command fails: one line on standard error, and the exit code."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator
from typing import Final

import click

from recado.errors import ConfigError, ProblemsError, RecadoError, RemoteError
from recado_cli.output import clean
from recado_cli.streams import hang_up

FAILED: Final = 1
MISUSED: Final = 2
RELEASED: Final = 3
"""Of a service: something that was held had to be put back."""
INTERRUPTED: Final = 130


class AwayError(RecadoError):
    """Raised when whom the command wants to ask is not there; says what to do."""


class FailedError(RecadoError):
    """Raised when the command did its work, and the outcome is not what was wanted."""


def tell(error: BaseException, *, is_verbose: bool = False) -> int:
    """Say what went wrong, and return the exit code for it."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else FAILED
    if _is_interrupt(error):
        return INTERRUPTED
    if isinstance(error, BrokenPipeError):
        hang_up()
        return 0
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return MISUSED
    if is_verbose and not isinstance(error, click.ClickException):
        traceback.print_exception(error)
    for line in lines_of(error):
        # It may come from a message, and a message from anybody.
        click.echo(clean(line), err=True)
    misused = click.UsageError | ConfigError
    return MISUSED if isinstance(error, misused) else FAILED


def _is_interrupt(error: BaseException | None) -> bool:
    """Return whether it is a Ctrl-C, or was before something caught it on its way."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt | click.Abort):
            return True
        error = error.__cause__
    return False


def lines_of(error: BaseException) -> Iterator[str]:
    """Yield what is said of an error: one line, and one more for each problem."""
    if isinstance(error, click.ClickException):
        yield f"recado: {_usage(error)}"
    elif isinstance(error, ProblemsError):
        yield f"recado: {_counted(error.what, len(error.problems))}"
        yield from (f"  {problem}" for problem in error.problems)
    elif isinstance(error, RemoteError):
        yield f"recado: {error.text}"
        yield from (f"  {problem}" for problem in error.problems)
    elif isinstance(error, RecadoError):
        first, *more = str(error).splitlines() or [type(error).__name__]
        yield f"recado: {first}"
        yield from (f"  {line}" for line in more)
    elif isinstance(error, OSError):
        yield f"recado: {_where(error)}{error.strerror or error}"
    elif (problems := _invalid(error)) is not None:
        yield from problems
    else:
        text = f"{type(error).__name__}: {error}".splitlines()[0]
        yield f"recado: a fault in recado itself: {text} (-v shows where)"


def _where(error: OSError) -> str:
    if error.filename:
        return f"{error.filename}: "
    # A full disk has the name of no file where a stream was written.
    return "standard out: " if error.errno == errno.ENOSPC else ""


def _counted(what: str, count: int) -> str:
    return f"{what}: {count} problem{'s' if count != 1 else ''}"


def _usage(error: click.ClickException) -> str:
    text = " ".join(error.format_message().split()).rstrip(".")
    text = f"{text[:1].lower()}{text[1:]}"
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{text} (see '{error.ctx.command_path} --help')"
    return text


def _invalid(error: BaseException) -> list[str] | None:
    """Return what pydantic says of an argument that a request's model refuses."""
    from pydantic import ValidationError

    if not isinstance(error, ValidationError):
        return None
    said = [
        f"  {'.'.join(map(str, each['loc']))}: {each['msg']}, not {each['input']!r}"
        for each in error.errors(include_url=False, include_context=False)
    ]
    return [f"recado: {_counted('the request', len(said))}", *said]
