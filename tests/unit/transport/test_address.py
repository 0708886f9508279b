"""A network broker's URL: what it says, and what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado.errors import ConfigError
from recado.transport.address import Address, read_address
from recado.transport.options import CEILING, seconds

OPTIONS = {"ceiling": CEILING, "heartbeat": seconds(0, 60)}


def address(url: str) -> Address:
    return read_address(url, port=5672, secure_port=5671, options=OPTIONS)


def test_a_url_says_where_the_broker_is_and_who_asks() -> None:
    found = address("amqp://lab:s%40lt@a,b:7,[::1]:8/site%2Fone?ceiling=5&heartbeat=2")

    assert found.hosts == (("a", 5672), ("b", 7), ("::1", 8))
    assert found.credentials() == ("lab", "s@lt")
    assert found.path == "site/one"
    assert found.options == {"ceiling": 5, "heartbeat": 2.0}
    assert found.tls() is None


def test_a_secure_url_has_a_port_and_a_context_of_its_own() -> None:
    found = address("amqps://a")

    assert found.hosts == (("a", 5671),)
    context = found.tls()
    assert context is not None
    assert context.check_hostname


def test_a_password_is_read_from_its_file_each_time(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    found = address(f"amqp://lab@a?password_file={secret}")

    secret.write_text("one\n")
    assert found.credentials() == ("lab", "one")
    secret.write_text("two")
    assert found.credentials() == ("lab", "two")


def test_nothing_secret_is_shown() -> None:
    found = address("amqp://lab:geheim@a/site")

    assert found.shown == "broker amqp://a:5672/site"
    assert "geheim" not in repr(found)


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("amqp://", "names no host"),
        ("amqp://lab@:5", "':5' names no host"),
        ("amqp://a:x", "port must be a number from 1 to 65535, not 'x'"),
        ("amqp://a:0", "port must be"),
        ("amqp://a?ceilng=1", "no option 'ceilng'; did you mean 'ceiling'?"),
        ("amqp://a?ceiling=0", "ceiling must be a number from 1 to 1000000, not '0'"),
        ("amqp://a?ceiling=²", "ceiling must be a number"),
        (
            "amqp://a?heartbeat=nan",
            "heartbeat must be a number of seconds from 0 to 60",
        ),
        ("amqp://a?password_file=", "password_file must be the path of a file"),
        ("amqp://u:p@a?password_file=x", "give one of them"),
        ("amqp://a?cafile=x", "use amqps://"),
        ("stomp://a?certfile=x", "use stomp+ssl://"),
    ],
)
def test_what_is_wrong_with_a_url_is_told(url: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        address(url)

    assert text in str(caught.value)


def test_a_wrong_url_does_not_show_its_password() -> None:
    with pytest.raises(ConfigError) as caught:
        address("amqp://lab:geheim@a?x=1")

    assert "geheim" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read password_file"):
        address(f"amqp://lab@a?password_file={tmp_path}/none").credentials()
    with pytest.raises(ConfigError, match="cannot use its certificates"):
        address(f"amqps://a?cafile={tmp_path}/none").tls()
