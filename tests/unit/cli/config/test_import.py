"""A configuration of Zocalo becomes a recado.toml, and its passwords files of their own."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from recado.config import Settings, load_settings
from recado.transport.rabbitmq import read_url
from tests.unit.cli.conftest import Command

SITE = """
version: 1
rabbit: {plugin: pika, host: "a,b", port: 5673, username: me, password: "s3crét %", vhost: lab}
active: {plugin: stomp, host: mq, port: 61613, username: you, password: other, prefix: z}
store: {plugin: storage, zocalo.recipe_directory: /site/recipes, facility.key: 1}
mail: {plugin: smtp, host: post, port: 25, from: zocalo@example.org}
api: {plugin: rabbitmqapi, base_url: "http://a:15672/api", username: root, password: third}
log: {plugin: logging, root: {level: DEBUG}}
kept: secrets.yaml
environments:
  default: [rabbit, store, mail, api, log]
  mq: [active, store]
  "odd name": mq
  hidden: [kept]
"""


@pytest.fixture
def site(folder: Path) -> Path:
    """The configuration, in the working folder."""
    path = folder / "site.yaml"
    path.write_text(SITE)
    return path


def settings(folder: Path, environment: str = "") -> Settings:
    return load_settings(environ={}, cwd=folder, environment=environment)


@pytest.mark.usefixtures("site")
def test_every_environment_becomes_a_table_and_the_default_one_holds(
    command: Command, folder: Path
) -> None:
    result = command("config", "import", "site.yaml")

    assert result.code == 0
    default = settings(folder)
    assert default == settings(folder, "default")
    assert read_url(default.broker).credentials() == ("me", "s3crét %")
    assert default.recipes == Path("/site/recipes")
    assert (default.smtp, default.mail_from) == (
        "smtp://post:25/",
        "zocalo@example.org",
    )
    assert settings(folder, "mq").broker.startswith("stomp://you@mq:61613/z?")
    assert settings(folder, "odd name").broker == settings(folder, "mq").broker


@pytest.mark.usefixtures("site")
def test_passwords_are_in_files_that_nobody_else_may_read(
    command: Command, folder: Path
) -> None:
    result = command("config", "import", "site.yaml")

    secrets = folder / "recado-secrets"
    assert {path.name: path.read_text() for path in secrets.iterdir()} == {
        "rabbit": "s3crét %\n",
        "active": "other\n",
        "api": "third\n",
    }
    modes = {stat.S_IMODE(path.stat().st_mode) for path in secrets.iterdir()}
    assert (stat.S_IMODE(secrets.stat().st_mode), modes) == (0o700, {0o600})
    told = result.out + result.err + (folder / "recado.toml").read_text()
    assert not [each for each in ("s3cr", "other", "third") if each in told]


@pytest.mark.usefixtures("site")
def test_what_is_not_carried_over_or_holds_elsewhere_too_is_told(
    command: Command,
) -> None:
    told = command("config", "import", "site.yaml").err.splitlines()

    start = "recado: not carried over: "
    assert (
        f"{start}storage 'facility.key' (block 'store'): nothing of recado reads it"
        in (told)
    )
    assert any(line.startswith(f"{start}logging (block 'log')") for line in told)
    assert any(
        line.startswith(f"{start}environment 'hidden': kept: cannot read")
        for line in told
    )
    assert (
        "recado: environment 'mq' says nothing of smtp, mail_from, management:"
        " what [default] says holds there as well"
    ) in told
    assert told[-1] == "recado: wrote recado.toml, 3 passwords beside it"


@pytest.mark.usefixtures("site")
def test_programs_are_told_the_same(command: Command) -> None:
    told = json.loads(command("config", "import", "site.yaml", "--json").out)

    assert told["settings"][0] == {
        "table": "default",
        "setting": "broker",
        "value": "amqp://me:***@a:5673,b:5673/lab",
        "block": "rabbit",
    }
    assert [Path(path).name for path in told["secrets"]] == ["rabbit", "api", "active"]
    assert told["shared"]["mq"] == ["smtp", "mail_from", "management"]


@pytest.mark.usefixtures("site")
def test_environments_that_are_chosen_become_what_holds_by_default(
    command: Command, folder: Path
) -> None:
    args = ["-e", "default", "-e", "mq", "-o", "other.toml"]

    assert command("config", "import", "site.yaml", *args).code == 0

    found = load_settings(environ={"RECADO_CONFIG": "other.toml"}, cwd=folder)
    # The transport that counts is still Zocalo's default, of the two that are there.
    assert found.broker.startswith("amqp://me@")


def test_the_variables_of_zocalo_name_the_file_and_the_environment(
    command: Command, folder: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOCALO_CONFIG", str(site))
    monkeypatch.setenv("ZOCALO_DEFAULT_ENV", "mq")

    assert command("config", "import").code == 0

    assert settings(folder).broker.startswith("stomp://you@mq")


@pytest.mark.usefixtures("site")
def test_a_conf_file_stands_before_the_configuration(
    command: Command, folder: Path
) -> None:
    (folder / "rabbit.cfg").write_text(
        "[rabbit]\nhost = elsewhere\npassword = fourth\n"
    )

    result = command("config", "import", "site.yaml", "--rabbit-conf", "rabbit.cfg")

    assert result.code == 0
    broker = read_url(settings(folder).broker)
    assert broker.hosts == (("elsewhere", 5672),)
    assert broker.credentials() == ("guest", "fourth")
    assert "fourth" not in (folder / "recado.toml").read_text()


@pytest.mark.usefixtures("site")
def test_nothing_is_written_over_unless_by_force(
    command: Command, folder: Path
) -> None:
    (folder / "recado.toml").write_text("mine")

    refused = command("config", "import", "site.yaml")

    assert refused.code == 2
    assert "--force writes over it" in refused.err
    assert (folder / "recado.toml").read_text() == "mine"
    assert not (folder / "recado-secrets").exists()

    assert command("config", "import", "site.yaml", "--force").code == 0
    assert command("config", "import", "site.yaml", "--force").code == 0
    assert settings(folder).broker.startswith("amqp://me@")


def test_blocks_of_names_that_are_written_alike_keep_their_own_passwords(
    command: Command, folder: Path
) -> None:
    block = "{plugin: pika, host: a, port: 1, username: u, vhost: /, password: "
    (folder / "site.yaml").write_text(
        f'version: 1\n"a/b": {block}one}}\n"a b": {block}two}}\n'
        'environments: {default: ["a/b"], b: ["a b"]}'
    )

    assert command("config", "import", "site.yaml").code == 0

    passwords = [
        read_url(settings(folder, name).broker).credentials()[1] for name in ("", "b")
    ]
    assert passwords == ["one", "two"]


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ([], 2, "set ZOCALO_CONFIG"),
        (["none.yaml"], 2, "cannot read none.yaml"),
        (["site.yaml", "-e", "hiden"], 2, "did you mean 'hidden'?"),
        (["site.yaml", "-e", "hidden"], 1, "kept: cannot read"),
        (["site.yaml", "--rabbit-conf", "a", "--stomp-conf", "b"], 2, "give either"),
        (["site.yaml", "--rabbit-conf", "none"], 2, "cannot read none"),
    ],
)
@pytest.mark.usefixtures("site")
def test_what_cannot_be_read_is_told_and_nothing_is_written(
    command: Command, folder: Path, args: list[str], code: int, said: str
) -> None:
    result = command("config", "import", *args)

    assert result.code == code
    assert said in result.err
    assert not (folder / "recado.toml").exists()
    assert not (folder / "recado-secrets").exists()


def test_the_settings_are_shown_with_their_sources(
    command: Command, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOCALO_CONFIG", str(site))

    table = command("config", "show", "--state", "here")
    told = json.loads(command("config", "show", "--json").out)

    assert "s3cr" not in table.out
    found = {each["setting"]: (each["value"], each["from"]) for each in told}
    assert found["broker"] == ("amqp://me:***@a:5673,b:5673/lab", "site.yaml: rabbit")
    assert found["grace_s"] == ("30.0", "default")
    assert "--state" in table.out


@pytest.mark.usefixtures("site")
def test_what_is_there_stays_whole_if_the_disk_is_full(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command("config", "import", "site.yaml")
    before = {path: path.read_bytes() for path in files(folder)}
    (folder / "site.yaml").write_text(SITE.replace("s3cr", "another"))
    opened = os.open

    def full(path: str | Path, flags: int, mode: int = 0o777, **more: int) -> int:
        if Path(path).name == ".recado.toml.new":
            return opened("/dev/full", os.O_WRONLY)
        return opened(path, flags, mode, **more)

    with monkeypatch.context() as patch:
        patch.setattr("recado_cli.config.writing.os.open", full)
        result = command("config", "import", "site.yaml", "--force")

    assert result.code == 1
    assert ".recado.toml.new: No space left on device" in result.err
    assert {path: path.read_bytes() for path in files(folder)} == before


def files(folder: Path) -> list[Path]:
    """Return the files that were made."""
    return [folder / "recado.toml", *(folder / "recado-secrets").iterdir()]
