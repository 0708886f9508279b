"""Where a setting's value comes from."""

from pathlib import Path
from urllib.parse import unquote

import pytest

from recado.config import Settings, load_settings

ROOT = Path(__file__).parents[3]
FILE = """
[default]
grace_s = 10
recipes = "ours"
broker = "sqlite:///shared/broker.db?durability=process"

[environment.lab]
grace_s = 20
plugins = ["resize", "hello"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "recado.toml").write_text(FILE)
    return tmp_path


def test_without_any_source_everything_lies_in_the_working_folder(
    tmp_path: Path,
) -> None:
    settings = load_settings(environ={}, cwd=tmp_path)

    assert settings.state == tmp_path / ".recado"
    assert settings.recipes == tmp_path / "recipes"
    assert settings.broker == f"sqlite:///{tmp_path}/.recado/broker.db"
    assert settings.store == f"sqlite:///{tmp_path}/.recado/events.db"
    assert settings.grace_s == 30


def test_the_broker_and_the_store_follow_the_state_folder() -> None:
    settings = Settings(state=Path("/var/lib/recado"))

    assert settings.broker == "sqlite:////var/lib/recado/broker.db"
    assert settings.store == "sqlite:////var/lib/recado/events.db"


@pytest.mark.parametrize(
    ("flags", "environ", "expected"),
    [
        ({}, {}, 10),
        ({}, {"RECADO_ENV": "lab"}, 20),
        ({}, {"RECADO_ENV": "lab", "RECADO_GRACE_S": "40"}, 40),
        ({"grace_s": 50.0}, {"RECADO_ENV": "lab", "RECADO_GRACE_S": "40"}, 50),
        ({"grace_s": None}, {"RECADO_GRACE_S": "40"}, 40),
        ({}, {"RECADO_GRACE_S": ""}, 10),
    ],
)
def test_a_flag_beats_a_variable_beats_the_file_beats_the_default(
    folder: Path, flags: dict[str, object], environ: dict[str, str], expected: float
) -> None:
    assert load_settings(flags, environ, folder).grace_s == expected


def test_the_environment_given_by_flag_beats_the_variable(folder: Path) -> None:
    settings = load_settings({}, {"RECADO_ENV": "none such"}, folder, "lab")

    assert settings.grace_s == 20


def test_an_environment_keeps_what_it_does_not_change(folder: Path) -> None:
    settings = load_settings({}, {"RECADO_ENV": "lab"}, folder)

    assert settings.recipes == folder / "ours"
    assert settings.plugins == ("resize", "hello")


def test_another_file_is_named_by_a_variable_and_its_paths_start_there(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    environ = {"RECADO_CONFIG": str(folder / "recado.toml")}

    settings = load_settings({}, environ, elsewhere)

    assert settings.recipes == folder / "ours"
    assert settings.broker == f"sqlite:///{folder}/shared/broker.db?durability=process"
    assert settings.state == elsewhere / ".recado"


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////srv/broker.db",
        "sqlite:///:memory:",
        "amqp://rabbit/sqlite:///x",
    ],
)
def test_a_url_without_a_relative_path_stays_as_it_is(tmp_path: Path, url: str) -> None:
    assert load_settings({"broker": url}, {}, tmp_path).broker == url


def test_a_folder_with_signs_of_a_urls_own_is_written_so_that_it_can_be_read(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "50% off? \\1"
    folder.mkdir()

    settings = load_settings({"store": "sqlite:///events.db"}, {}, folder)

    assert unquote(settings.broker) == f"sqlite:///{folder}/.recado/broker.db"
    assert unquote(settings.store) == f"sqlite:///{folder}/events.db"
    assert "?" not in settings.broker + settings.store


def test_a_secret_is_read_from_the_file_that_a_variable_names(tmp_path: Path) -> None:
    (tmp_path / "broker").write_text("amqp://recado:secret@rabbit/\n")

    settings = load_settings({}, {"RECADO_BROKER_FILE": "broker"}, tmp_path)

    assert settings.broker == "amqp://recado:secret@rabbit/"


def test_a_list_in_a_variable_is_divided_by_commas(tmp_path: Path) -> None:
    settings = load_settings({}, {"RECADO_PLUGINS": "resize, hello,"}, tmp_path)

    assert settings.plugins == ("resize", "hello")


def test_a_choice_may_be_written_in_capitals(tmp_path: Path) -> None:
    assert load_settings({}, {"RECADO_LOG_LEVEL": "DEBUG"}, tmp_path).log_level == (
        "debug"
    )


def test_the_process_gives_what_is_not_passed_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("RECADO_ENV", "lab")

    assert load_settings().grace_s == 20


def test_each_setting_is_described_here_and_in_the_reference() -> None:
    page = (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8")

    for name, field in Settings.model_fields.items():
        assert field.description
        assert f"| `{name}` | `RECADO_{name.upper()}` |" in page
