"""The overview, the settings' options, and what is said of a command that is none."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from recado_cli.commands import COMMANDS
from recado_cli.common import Setting
from recado_cli.main import recado
from tests.unit.cli.conftest import Command

HEAVY = ("pydantic", "rich", "asyncio", "structlog", "recado.config")


def command_of(name: str) -> click.Command:
    found = recado.get_command(click.Context(recado), name)
    assert found is not None
    return found


def every_command() -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = [("recado", recado)]
    for name in COMMANDS:
        each = command_of(name)
        found.append((name, each))
        if isinstance(each, click.Group):
            found += [(f"{name} {key}", sub) for key, sub in each.commands.items()]
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_lists_each_command_with_a_line_of_its_own(
    command: Command, name: str
) -> None:
    overview = command("--help").out

    assert f"  {name} " in overview
    assert COMMANDS[name].help in overview
    assert command_of(name).name == name


def test_the_overview_imports_nothing_heavy() -> None:
    code = (
        "import sys; from recado_cli.main import main; main(['--help']); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(("name", "each"), every_command())
def test_every_option_names_its_variable_in_the_help(
    name: str, each: click.Command
) -> None:
    ctx = click.Context(each, info_name=name, auto_envvar_prefix="RECADO")
    options = [
        param
        for param in each.params
        if isinstance(param, click.Option) and not param.hidden
    ]

    for option in options:
        record = option.get_help_record(ctx)
        assert record is not None
        assert "env var: RECADO_" in record[1] or "--version" in option.opts


@pytest.mark.parametrize(("name", "each"), every_command())
def test_every_command_takes_the_settings(name: str, each: click.Command) -> None:
    settings = {param.setting for param in each.params if isinstance(param, Setting)}

    is_group = isinstance(each, click.Group) and each is not recado
    assert is_group or {"broker", "state", "recipes", "env"} <= settings


@pytest.mark.parametrize(("name", "each"), every_command())
def test_no_two_parameters_of_a_command_share_a_name(
    name: str, each: click.Command
) -> None:
    names = [param.name for param in each.params]

    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["upp"], "recado: no command 'upp'; did you mean 'up'?"),
        (["run", "sho"], "recado: no command 'sho'; did you mean 'show'?"),
        (["--brker", "x", "up"], "recado: no such option '--brker'. Did you mean"),
        (["run", "ls", "--jsn"], "recado: no such option '--jsn'"),
        (["run", "show"], "recado: missing argument 'RUN' (see 'recado run show"),
        (["run", "ls", "--limit", "0"], "recado: invalid value for '--limit'"),
        (["run", "ls", "--in-state", "odd"], "recado: invalid value for '--in-state'"),
        (["completion", "tcsh"], "recado: invalid value"),
        (["service"], "recado: which service? for example"),
        (["service", "hello", "-s", "expander"], "recado: one service at a time"),
        (["service", "hello", "--liveness-port", "1"], "recado: --liveness-port needs"),
        (["shutdown"], "recado: say whom: INSTANCE..., -s NAME, or --all"),
        (
            ["shutdown", "--all", "x"],
            "recado: say whom: INSTANCE..., -s NAME, or --all",
        ),
        (["shutdown", "--all", "--no-wait"], "recado: --all asks who is there"),
        (["service", "expnader"], "recado: no service named 'expnader'; did you mean"),
        (["go"], "recado: which recipe? for example 'recado go study'"),
        (["go", "hello", "--timeout", "3"], "recado: --timeout needs --wait"),
        (["go", "hello", "-s", "size"], "recado: --set takes K=V or K:=JSON"),
        (["go", "hello", "-s", "=1"], "recado: --set takes K=V or K:=JSON"),
        (
            ["go", "hello", "-s", "a=1", "-s", "a:=1"],
            "recado: 'a' is given by --set twice",
        ),
        (["go", "hello", "-s", "a:=x"], "recado: --set a: not JSON: 'x'"),
        (["up", "--scale", "hello"], "recado: --scale takes NAME=N"),
        (["up", "--scale", "hello=-1"], "recado: --scale takes NAME=N"),
        (["up", "--scale", "hello=9999"], "recado: --scale takes NAME=N"),
        (["up", "--only", "helo"], "recado: no service named 'helo'; did you mean"),
        (["up", "--only", "hello", "--scale", "expander=2"], "recado: --scale names"),
        (["up", "--only", "hello", "--scale", "hello=0"], "recado: nothing to start"),
        (["dlq", "retry"], "recado: say which: ID..., --run or --queue, or --all"),
        (["dlq", "retry", "ab", "--all"], "recado: say which: ID..."),
        (["dlq", "show", "ab", "--raw", "--json"], "recado: give either --raw or"),
        (["expand", "generate", "x.toml"], "recado: give either -i N or -r RANGES"),
        (["expand", "generate", "x", "-i", "1", "-d", "d", "--jsonl"], "recado: give"),
        (["expand", "generate", "x", "-i", "0"], "recado: invalid value for '-i'"),
        (["status", "--broker", "foo://"], "recado: --broker: unknown scheme 'foo'"),
        (["status", "--env", "lab"], "recado: "),
    ],
)
def test_misuse_is_told_in_one_line_with_exit_code_2(
    command: Command, args: list[str], said: str
) -> None:
    result = command(*args)

    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith(said)
    assert len(result.err.splitlines()) == 1


def test_a_misspelt_variable_is_warned_of(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECADO_BROKR", "sqlite:///x.db")
    monkeypatch.setenv("RECADO_RUN_LS_LIMIT", "3")

    result = command("recipe", "ls")

    assert result.code == 0
    assert result.err.startswith("recado: warning: RECADO_BROKR: no such variable")
    assert len(result.err.splitlines()) == 1


def test_an_option_can_be_given_by_its_variable(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECADO_RECIPE_LS_JSON", "1")

    assert command("recipe", "ls").out.startswith("[")


def test_settings_are_taken_before_and_after_the_command(
    command: Command, folder: pytest.TempPathFactory
) -> None:
    before = command("--recipes", "elsewhere", "recipe", "ls")
    after = command("recipe", "ls", "--recipes", "elsewhere")
    last = command("--recipes", "elsewhere", "recipe", "ls", "--recipes", "recipes")

    assert "there is no folder" in before.err
    assert "there is no folder" in after.err
    assert "hello" in last.out


def test_the_version_is_printed(command: Command) -> None:
    result = command("--version")

    assert result.code == 0
    assert result.out.startswith("recado ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script_names_the_command(command: Command, shell: str) -> None:
    result = command("completion", shell)

    assert result.code == 0
    assert "_RECADO_COMPLETE" in result.out


@pytest.mark.parametrize("args", [[], ["run"], ["dlq"]])
def test_a_command_without_its_command_shows_the_help_and_is_misuse(
    command: Command, args: list[str]
) -> None:
    result = command(*args)

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("Usage: recado ")
    assert "\nCommands:\n" in result.err


def test_a_misspelt_variable_of_an_option_is_warned_of(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECADO_RECIPE_LS_JSN", "1")

    result = command("recipe", "ls")

    assert result.err == (
        "recado: warning: RECADO_RECIPE_LS_JSN: no such variable; did you mean "
        "'RECADO_RECIPE_LS_JSON'? known: RECADO_RECIPE_LS_JSON\n"
    )
