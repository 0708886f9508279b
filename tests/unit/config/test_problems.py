"""What is refused, and how it is said."""

from pathlib import Path

import pytest

from recado.config import load_settings, shown, unknown_variables
from recado.errors import ConfigError


def refused(
    folder: Path,
    flags: dict[str, object] | None = None,
    environ: dict[str, str] | None = None,
    file: str | None = None,
) -> str:
    if file is not None:
        (folder / "recado.toml").write_text(file)
    with pytest.raises(ConfigError) as caught:
        load_settings(flags, environ or {}, folder)
    return str(caught.value)


def test_every_problem_is_told_at_once_with_its_source(tmp_path: Path) -> None:
    text = refused(
        tmp_path,
        {"log_level": "loud"},
        {"RECADO_ENV": "lab", "RECADO_GRACE_S": "soon"},
        '[default]\n\n[environment.lab]\ntopology = "maybe"\n',
    )

    assert text.splitlines() == [
        "RECADO_GRACE_S: must be a valid number, not 'soon'",
        "recado.toml: environment.lab.topology (line 4): "
        "must be 'declare', 'verify' or 'off', not 'maybe'",
        "--log-level: must be 'debug', 'info', 'warning' or 'error', not 'loud'",
    ]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            "[default]\nbrokr = 'x'",
            "recado.toml: default.brokr (line 2): no such setting; "
            "did you mean 'broker'?",
        ),
        (
            "[environment.other]\ngrace = 1",
            "recado.toml: environment.other.grace (line 2): no such setting; "
            "did you mean 'grace_s'?",
        ),
        (
            "environment.other.gruce_s = 1",
            "recado.toml: environment.other.gruce_s (line 1): no such setting",
        ),
        (
            "environment = { other = { gruce_s = 1 } }",
            "recado.toml: environment.other.gruce_s: no such setting",
        ),
        (
            "[enviroment.lab]\ngrace_s = 1",
            "recado.toml: enviroment: no such table; did you mean 'environment'?",
        ),
        (
            "grace_s = 1",
            "recado.toml: grace_s (line 1): belongs in [default] or [environment.NAME]",
        ),
        ("default = 1", "recado.toml: default (line 1): must be a table"),
        ("environment = 1", "recado.toml: environment (line 1): must be a table"),
        (
            "[environment]\nlab = 1",
            "recado.toml: environment.lab (line 2): must be a table",
        ),
        ("[default", "recado.toml: not TOML: "),
        (
            "[default]\nstate = 3",
            "recado.toml: default.state (line 2): must be a valid path, not 3",
        ),
    ],
)
def test_what_is_wrong_in_the_file_is_told_with_its_place(
    tmp_path: Path, file: str, expected: str
) -> None:
    text = refused(tmp_path, file=file)

    assert text.startswith(expected)
    assert "\n" not in text


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        (
            {"RECADO_BROKER": "ampq://rabbit"},
            "RECADO_BROKER: unknown scheme 'ampq'; did you mean 'amqp'?",
        ),
        ({"RECADO_STORE": "events.db"}, "RECADO_STORE: must be a URL, such as sqlite"),
        (
            {"RECADO_GRACE_S": "-1"},
            "RECADO_GRACE_S: must be greater than or equal to 0",
        ),
        ({"RECADO_GRACE_S": "inf"}, "RECADO_GRACE_S: must be a finite number"),
        (
            {"RECADO_BROKER": "amqp://a", "RECADO_BROKER_FILE": "broker"},
            "RECADO_BROKER: set, and RECADO_BROKER_FILE as well; give one of them",
        ),
        (
            {"RECADO_BROKER_FILE": "missing"},
            "RECADO_BROKER_FILE: cannot read ",
        ),
        ({"RECADO_BROKER_FILE": "empty"}, "RECADO_BROKER_FILE: must be a URL"),
        ({"RECADO_BROKER_FILE": "binary"}, "RECADO_BROKER_FILE: cannot read "),
        ({"RECADO_CONFIG": "missing.toml"}, "RECADO_CONFIG: cannot read "),
        (
            {"RECADO_ENV": "lab"},
            "RECADO_ENV: no environment 'lab', since there is no recado.toml in ",
        ),
    ],
)
def test_what_is_wrong_in_a_variable_is_told_with_its_name(
    tmp_path: Path, environ: dict[str, str], expected: str
) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "binary").write_bytes(b"\xff\xfe")

    assert refused(tmp_path, environ=environ).startswith(expected)


def test_an_environment_that_is_not_in_the_file_is_refused_with_the_nearest(
    tmp_path: Path,
) -> None:
    text = refused(
        tmp_path, environ={"RECADO_ENV": "lob"}, file="[environment.lab]\ngrace_s = 1"
    )

    assert text == "RECADO_ENV: no environment 'lob'; did you mean 'lab'? known: lab"


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"brokr": "x"}, "--brokr: no such setting; did you mean 'broker'?"),
        ({"broker": 5}, "--broker: must be a valid string, not 5"),
    ],
)
def test_what_is_wrong_in_a_flag_is_told_with_its_name(
    tmp_path: Path, flags: dict[str, object], expected: str
) -> None:
    assert refused(tmp_path, flags).startswith(expected)


def test_a_password_in_a_refused_url_is_not_told(tmp_path: Path) -> None:
    text = refused(tmp_path, environ={"RECADO_BROKER": "ampq://me:sesame@rabbit/"})

    assert "sesame" not in text
    assert "ampq://me:***@rabbit/" in text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("amqp://me:sesame@rabbit:5672/x", "amqp://me:***@rabbit:5672/x"),
        ("amqp://me:ses@me/@rabbit/x", "amqp://me:***@rabbit/x"),
        ("amqp://:sesame@rabbit", "amqp://:***@rabbit"),
        ("amqp://me:open sesame@rabbit/x", "amqp://me:***@rabbit/x"),
        ("amqp://me:'sesame@rabbit/x", "amqp://me:***@rabbit/x"),
        ("me:sesame@rabbit", "me:***@rabbit"),
        ("amqp:/me:sesame@rabbit", "amqp:***@rabbit"),
        ("must be a URL, not 'me:sesame@rabbit'", None),
        ("amqp//me:sesame@rabbit", "amqp//me:***@rabbit"),
        ("amqp://rabbit:5672 is away, says me@example.org", "same"),
        ("postgresql://h/db?user=me&password=sesame", None),
        ("postgresql://h/db?sslpassword=sesame&x=1", None),
        ("https://h/?token=sesame", None),
        ("amqp://a:sesame@b and stomp://c:sesame@d", None),
        ("sqlite:///x/broker.db?durability=process", "same"),
        ("amqp://rabbit:5672/", "same"),
        ("no URL: me@example.org", "same"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, expected: str | None) -> None:
    text = shown(url)

    assert "sesame" not in text
    if expected:
        assert text == (url if expected == "same" else expected)


def test_a_misspelt_variable_gets_a_hint_and_a_known_one_none() -> None:
    environ = {
        "RECADO_BROKR": "",
        "RECADO_STORE_FILE": "",
        "RECADO_GRACE_S": "",
        "RECADO_CONFIG": "",
        "RECADO_ENV": "",
        "RECADO_PORT": "",
        "PATH": "",
    }

    hints = unknown_variables(environ, ["RECADO_PORT"])

    assert len(hints) == 1
    assert hints[0].startswith(
        "RECADO_BROKR: no such variable; did you mean 'RECADO_BROKER'?"
    )
