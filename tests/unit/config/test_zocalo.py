"""Without a recado.toml, a configuration of Zocalo gives the settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recado.config import load_settings, load_with_sources
from recado.errors import ConfigError

FILE = """
version: 1
live: {plugin: pika, host: live, port: 5672, username: me, password: secret, vhost: /}
test: {plugin: pika, host: test, port: 5672, username: me, password: secret, vhost: /}
folders: {plugin: storage, zocalo.recipe_directory: theirs}
environments: {default: [live, folders], test: [test], other: test}
"""


@pytest.fixture
def variables(tmp_path: Path) -> dict[str, str]:
    """The variables of an installation of Zocalo; its file is below the working folder."""
    (tmp_path / "zocalo").mkdir()
    (tmp_path / "zocalo" / "site.yaml").write_text(FILE)
    return {"ZOCALO_CONFIG": "zocalo/site.yaml"}


def test_it_stands_above_the_defaults_and_below_variables_and_flags(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    variables["RECADO_GRACE_S"] = "7"

    settings = load_settings({"state": "here"}, variables, tmp_path)

    assert settings.broker == "amqp://me:secret@live:5672/"
    assert settings.recipes == tmp_path / "theirs", "from where Zocalo would look"
    assert (settings.grace_s, settings.state) == (7, tmp_path / "here")
    variables["RECADO_BROKER"] = "amqp://mine"
    assert load_settings({}, variables, tmp_path).broker == "amqp://mine"


@pytest.mark.parametrize(
    ("flag", "more", "host"),
    [
        ("test", {}, "test"),
        ("other", {"RECADO_ENV": "default"}, "test"),
        (None, {"RECADO_ENV": "test", "ZOCALO_DEFAULT_ENV": "default"}, "test"),
        (None, {"ZOCALO_DEFAULT_ENV": "test"}, "test"),
        (None, {}, "live"),
    ],
)
def test_an_environment_is_chosen_as_in_either(
    tmp_path: Path,
    variables: dict[str, str],
    flag: str | None,
    more: dict[str, str],
    host: str,
) -> None:
    settings = load_settings({}, variables | more, tmp_path, flag)

    assert settings.broker == f"amqp://me:secret@{host}:5672/"


def test_a_file_of_recados_own_stands_in_its_place(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    (tmp_path / "recado.toml").write_text("[default]\ngrace_s = 3\n")

    settings = load_settings({}, variables, tmp_path)

    assert settings.broker.startswith("sqlite:")
    assert settings.grace_s == 3


def test_each_setting_says_the_block_that_it_is_from(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    _, sources = load_with_sources({}, variables, tmp_path)

    assert sources["broker"] == "site.yaml: live"
    assert sources["recipes"] == "site.yaml: folders"
    assert sources["grace_s"] == "default"


def test_what_is_wrong_in_it_is_told_with_everything_else_and_without_secrets(
    tmp_path: Path, variables: dict[str, str]
) -> None:
    file = tmp_path / "zocalo" / "site.yaml"
    file.write_text(FILE.replace("version: 1", "version: 2").replace("vhost: /", ""))

    with pytest.raises(ConfigError) as raised:
        load_settings({"brokr": "x"}, variables | {"RECADO_GRACE_S": "x"}, tmp_path)

    told = str(raised.value)
    assert "site.yaml: version: must be 1, not 2" in told
    assert "site.yaml: live.vhost: is missing" in told
    assert "RECADO_GRACE_S" in told
    assert "--brokr" in told
    assert "secret" not in told


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"ZOCALO_CONFIG": "none.yaml"}, "ZOCALO_CONFIG: cannot read"),
        ({"RECADO_ENV": "tset"}, "no environment 'tset'; did you mean 'test'?"),
        ({"ZOCALO_DEFAULT_ENV": "tset"}, "no environment 'tset'"),
    ],
)
def test_a_file_or_an_environment_that_is_not_there_is_told(
    tmp_path: Path, variables: dict[str, str], more: dict[str, str], said: str
) -> None:
    with pytest.raises(ConfigError, match=said.replace("?", r"\?")):
        load_settings({}, variables | more, tmp_path)


def test_nobody_pays_for_yaml_who_has_no_zocalo() -> None:
    code = (
        "import sys; from recado.config import load_settings;"
        "load_settings(environ={}); sys.exit('yaml' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
