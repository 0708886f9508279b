"""The management interface is where its URL says, or beside the broker."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado.errors import ConfigError
from recado.management import management_address


def test_without_a_url_it_is_on_the_hosts_of_the_broker_for_its_user() -> None:
    found = management_address(None, "amqp://me:s%40y@a:5673,b/lab?ceiling=5")

    assert found.shown == "broker http://a:15672,b:15672"
    assert found.credentials() == ("me", "s@y")


def test_beside_a_secure_broker_it_is_secure_and_takes_the_same_files(
    tmp_path: Path,
) -> None:
    (tmp_path / "password").write_text("say\n")

    found = management_address(
        None, f"amqps://me@a/?password_file={tmp_path}/password&cafile=/ca.pem"
    )

    assert found.shown == "broker https://a:15671"
    assert found.credentials() == ("me", "say")
    assert found.files["cafile"] == Path("/ca.pem")


def test_a_url_says_where_it_is_and_who_asks() -> None:
    found = management_address("https://you:say@rabbit/behind/", "sqlite:///x.db")

    assert found.is_secure
    assert found.shown == "broker https://rabbit:15671/behind/"
    assert found.credentials() == ("you", "say")


@pytest.mark.parametrize(
    ("url", "broker", "text"),
    [
        (None, "sqlite:///x.db", "has no management interface"),
        (None, "stomp://me:secret@a", "has no management interface"),
        ("amqp://me:secret@a", "amqp://a", "must be http://USER"),
        ("http://me:secret@", "amqp://a", "names no host"),
        ("http://a?cafile=/x", "amqp://a", "use https://"),
        ("http://a?ceiling=3", "amqp://a", "no option 'ceiling'"),
    ],
)
def test_what_leads_nowhere_is_told_without_the_password(
    url: str | None, broker: str, text: str
) -> None:
    with pytest.raises(ConfigError, match=text) as raised:
        management_address(url, broker)

    assert "secret" not in str(raised.value)
