"""What a configuration of Zocalo says becomes settings, and what does not is told."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from recado.config import SETTINGS
from recado.errors import ConfigError, SchemaError
from recado.transport.activemq import ActiveMQTransport
from recado.transport.rabbitmq import read_url
from recado.zocalo import (
    Left,
    Login,
    activated,
    carried,
    read_conf,
    read_configuration,
    zocalo_settings,
)
from tests.unit.zocalo.conftest import Written

SITE = """
version: 1
rabbit: {plugin: pika, host: "a,b", port: 5673, username: me, password: "s@y:%", vhost: lab}
active: {plugin: stomp, host: mq, port: 61613, username: you, password: x, prefix: zocalo}
store:
  plugin: storage
  zocalo.recipe_directory: /site/recipes
  zocalo.go.fallback_location: /site/drop
  zocalo.dlq.purge_location: /site/dlq
  zocalo.dispatcher.logbook_location: /site/logbook
  facility.key: 1
mail: {plugin: smtp, host: post, port: 25, from: zocalo@example.org}
api:
  plugin: rabbitmqapi
  base_url: http://a:15672/api,http://b/api
  username: u
  password: p
log: {plugin: logging, root: {level: DEBUG}}
jmx: {plugin: jmx, host: h, port: 1, base_url: u, username: u, password: p}
moon: {plugin: moon}
"""


def values(path: Path, environment: str = "default") -> dict[str, str]:
    return {it.name: it.value for it in zocalo_settings(path, environment, "")}


def left(path: Path) -> list[Left]:
    configuration = read_configuration(path)
    return carried(activated(configuration, configuration.chosen([])))[1]


def test_every_setting_of_recado_that_says_the_same_is_told(written: Written) -> None:
    path = written(SITE + "environments: {default: [rabbit, store, mail, api, log]}")

    assert values(path) == {
        "broker": "amqp://me:s%40y%3A%25@a:5673,b:5673/lab",
        "recipes": "/site/recipes",
        "drop": "/site/drop",
        "purge": "/site/dlq",
        "smtp": "smtp://post:25/",
        "mail_from": "zocalo@example.org",
        "management": "http://u:p@a:15672,b:15672/",
        "outputs": "/",
    }
    assert values(path).keys() <= set(SETTINGS)


def test_the_urls_are_read_as_they_are_meant(written: Written) -> None:
    path = written(SITE + "environments: {default: [rabbit], mq: [active]}")

    rabbit = read_url(values(path)["broker"])
    active = ActiveMQTransport(values(path, "mq")["broker"])

    assert rabbit.credentials() == ("me", "s@y:%")
    assert (rabbit.hosts, rabbit.path) == ((("a", 5673), ("b", 5673)), "lab")
    assert active.names.queue("hello") == "/queue/zocalo.hello"


def test_what_no_setting_says_is_told_with_its_block_and_the_reason(
    written: Written,
) -> None:
    path = written(SITE + "environments: {default: [log, jmx, moon, store, rabbit]}")

    assert {(it.what, it.block): it.reason for it in left(path)} == {
        ("storage 'zocalo.dispatcher.logbook_location'", "store"): (
            "the event store keeps what a run was started from; 'recado run show' tells it"
        ),
        ("storage 'facility.key'", "store"): "nothing of recado reads it",
        (
            "logging",
            "log",
        ): "what is logged, and how, is set by log_level and log_format",
        ("jmx", "jmx"): "what ActiveMQ holds is asked over STOMP",
        ("moon", "moon"): "no such plug-in is known here",
    }


@pytest.mark.parametrize(
    ("blocks", "scheme"),
    [
        ("rabbit", "amqp://me"),
        ("active", "stomp://you"),
        ("rabbit, active", "amqp://me"),
        ("rabbit, active, to_mq", "stomp://you"),
        ("rabbit, active, by_key", "stomp://you"),
        ("rabbit, to_mq", "stomp://admin"),
        ("store", "amqp://guest"),
    ],
)
def test_the_broker_is_the_default_transports_else_the_one_there_else_zocalos(
    written: Written, blocks: str, scheme: str
) -> None:
    path = written(
        SITE
        + "to_mq: {plugin: transport, default: StompTransport}\n"
        + "by_key: {plugin: storage, zocalo.default_transport: StompTransport}\n"
        + f"environments: {{default: [{blocks}]}}"
    )

    assert values(path)["broker"].startswith(scheme)


def test_a_broker_that_is_not_meant_is_told(written: Written) -> None:
    path = written(SITE + "environments: {default: [rabbit, active]}")

    assert left(path) == [
        Left("stomp", "active", "the default transport is PikaTransport")
    ]


def test_without_a_broker_of_its_own_no_transport_says_nothing_of_one(
    written: Written,
) -> None:
    path = written(
        SITE
        + "none: {plugin: transport, default: OfflineTransport}\n"
        + "environments: {default: [rabbit, none]}"
    )

    assert values(path) == {"outputs": "/"}
    assert zocalo_settings(written("version: 1"), "", "") == []


def test_each_setting_says_which_block_it_is_from(written: Written) -> None:
    path = written(SITE + "environments: {default: [store, mail]}")

    sources = {it.name: it.source for it in zocalo_settings(path, "", "")}

    assert sources["recipes"] == "zocalo.yaml: store"
    assert sources["broker"] == "zocalo.yaml: no block, so as Zocalo has it by default"


def test_a_password_is_in_no_text_but_the_url() -> None:
    login = Login("amqp", (("a", "1"),), "me", "secret", "v/w")

    assert "secret" not in repr(login)
    assert login.url == "amqp://me:secret@a:1/v%2Fw"
    assert login.url_with(Path("/etc/a b?")) == (
        "amqp://me@a:1/v%2Fw?password_file=/etc/a%20b%3F"
    )
    assert read_url(login.url_with(Path("/etc/a b?"))).files == {
        "password_file": Path("/etc/a b?")
    }


# The files that Zocalo's commands take


def test_a_conf_file_says_what_differs_from_zocalos_defaults(written: Written) -> None:
    rabbit = written("[rabbit]\nhost = a\npassword = p\n", "rabbit.cfg")
    stomp = written("[stomp]\nhost = a,b\nport = 1,2\nprefix = z\n", "stomp.cfg")

    assert read_conf(rabbit, "rabbit").url == "amqp://guest:p@a:5672/"
    assert read_conf(stomp, "stomp").url == "stomp://admin:password@a:1,b:2/z"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[stomp]\nhost = a", "has no section [rabbit]"),
        ("password secret", "is no INI file: MissingSectionHeaderError"),
        ("[rabbit]\npassword = secret%x", "is no INI file: InterpolationSyntaxError"),
        (
            "[rabbit]\nhost = a,b\nport = 1,2,3\npassword = secret",
            "2 hosts and 3 ports",
        ),
    ],
)
def test_a_conf_file_that_is_wrong_is_told_without_the_password(
    written: Written, text: str, said: str
) -> None:
    with pytest.raises((ConfigError, SchemaError)) as raised:
        read_conf(written(text, "rabbit.cfg"), "rabbit")

    assert said in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_conf_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_conf(tmp_path / "none.cfg", "rabbit")


# Beside Zocalo itself


def test_zocalo_reads_the_same_out_of_the_same_file(
    written: Written, caplog: pytest.LogCaptureFixture
) -> None:
    zocalo = pytest.importorskip("zocalo.configuration")
    path = written(
        SITE
        + """
more: {plugin: storage, facility.key: 2, other: 3}
environments:
  default: {plugins: [store], transport: rabbit, api: [api, mail]}
  also: default
  other: [more, store, active]
"""
    )

    with caplog.at_level(logging.CRITICAL):
        theirs = zocalo.from_file(str(path))
        theirs.activate(["default", "other"])
    ours = read_configuration(path)
    active = activated(ours, ["default", "other"])

    assert {name: list(it) for name, it in ours.environments.items()} == (
        theirs._environments
    )
    assert {key: each.value for key, each in active.storage.items()} == {
        key: value for key, value in theirs.storage.items() if key != "plugin"
    }
    assert theirs.smtp["from"] == values(path)["mail_from"]
