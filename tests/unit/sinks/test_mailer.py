"""The mailer at work on a broker, with a mail server of its own."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from recado.config import Settings
from recado.errors import ConfigError
from recado.message import encode
from recado.testing import Harness
from recado_sinks.mail import RESENDS_LIMIT, Mail
from recado_sinks.mailer import MAIL_QUEUE, Mailer
from recado_sinks.mailserver import MailServer
from tests.unit.sinks.mailhost import MailHost, mail_host


@pytest.fixture
def host() -> Generator[MailHost]:
    with mail_host() as host:
        yield host


def at(url: str | None, tmp_path: Path) -> Harness:
    settings = Settings(state=tmp_path, smtp=url, mail_from="recado@lab")
    return Harness(Mailer(), settings=settings)


@pytest.fixture
def harness(host: MailHost, tmp_path: Path) -> Harness:
    return at(host.url, tmp_path)


async def step(harness: Harness, payload: object, parameters: dict[str, Any]) -> None:
    """Send a recipe message whose step is the mailer's."""
    recipe: dict[str, Any] = {
        "1": {"queue": MAIL_QUEUE, "parameters": parameters},
        "start": [[1, {}]],
    }
    body: dict[str, Any] = {
        "recipe": recipe,
        "recipe-pointer": 1,
        "recipe-path": [],
        "environment": {"ID": "run-1"},
        "payload": payload,
    }
    headers = {"workflows-recipe": "true", "recado-run": "run-1"}
    await harness.publish(MAIL_QUEUE, encode(body), headers=headers)
    await harness.settle()


TO = {"recipient": "foo@lab", "content": "hello"}
GROUPS = {"all": "foo@lab", "select": "bar", "bar": ["bar@lab", "foo@lab"]}


@pytest.mark.parametrize(
    ("recipients", "reached"),
    [
        pytest.param({"recipients": GROUPS}, "bar@lab, foo@lab", id="all and a group"),
        pytest.param(
            {"recipients": {"select": "bar", "bar": "b@lab"}}, "b@lab", id="group"
        ),
        pytest.param(
            {"recipients": {"select": "no", "all": ["a@lab"]}}, "a@lab", id="all"
        ),
        pytest.param({"recipients": ["b@lab", "a@lab"]}, "a@lab, b@lab", id="list"),
        pytest.param({"recipient": "a@lab"}, "a@lab", id="one"),
        pytest.param(
            {"recipients": "a@lab", "recipient": "b@lab"}, "a@lab", id="both keys"
        ),
    ],
)
async def test_who_gets_a_mail(
    harness: Harness, host: MailHost, recipients: dict[str, Any], reached: str
) -> None:
    async with harness:
        await step(harness, {}, {**recipients, "content": "x"})
        assert harness.dead == []
    (mail,) = host.mails
    assert mail["To"] == reached
    assert host.reached == [reached.split(", ")]


async def test_a_mail_has_what_the_step_says_and_the_payload(
    harness: Harness, host: MailHost
) -> None:
    payload = {"a": 1, "b": ["x" * 60, "y" * 60]}
    content = ["{payload[a]} {{}} {unknown[k]}\n", "{pprint_payload}\n", "{payload}"]
    async with harness:
        await step(
            harness,
            payload,
            {**TO, "from": "me@lab", "subject": "n{payload[a]}\n", "content": content},
        )
        assert [event.type for event in harness.events] == [
            "mail.sent",
            "message.handled",
        ]
    (mail,) = host.mails
    assert (mail["From"], mail["Subject"]) == ("me@lab", "n1")
    first, *rest = mail.get_content().splitlines()
    assert first == "1 {} {unknown[k]}"
    assert rest[0].startswith("{'a': 1,")
    assert str(payload) in "\n".join(rest)


async def test_a_list_of_texts_is_written_line_by_line(
    harness: Harness, host: MailHost
) -> None:
    async with harness:
        await step(harness, ["one", "two"], {**TO, "content": "{pprint_payload}"})
    assert host.mails[0].get_content() == "one\ntwo\n"


async def test_a_plain_message_may_ask_for_a_mail(
    harness: Harness, host: MailHost
) -> None:
    body = {"parameters": {"recipient": "foo@lab"}, "content": "hello"}
    async with harness:
        await harness.publish(MAIL_QUEUE, body)
        await harness.settle()
        assert harness.dead == []
    (mail,) = host.mails
    assert (mail["From"], mail["Subject"]) == (
        "recado@lab",
        "mail notification via recado",
    )
    assert mail.get_content() == "hello\n"


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        pytest.param({"content": "x"}, "recipients: is missing", id="no recipients"),
        pytest.param(
            {"recipients": [], "content": "x"}, "recipients: is missing", id="empty"
        ),
        pytest.param(
            {"recipients": {"a": "b"}, "content": "x"}, "need 'select'", id="unselected"
        ),
        pytest.param(
            {"recipients": {"select": "ab", "abc": "b"}, "content": "x"},
            "'ab' has nobody in it; did you mean 'abc'",
            id="nobody",
        ),
        pytest.param({"recipient": "foo@lab"}, "content: is missing", id="no content"),
        pytest.param({}, "recipients: is missing", id="nothing at all"),
        pytest.param(
            {**TO, "content": "{payload.__class__}"}, "attribute", id="attribute"
        ),
        pytest.param({**TO, "content": "{"}, "single '{'", id="brace"),
        pytest.param({**TO, "content": 7}, "parameters.content", id="type"),
        pytest.param(
            {**TO, "from": "a@b\nBcc: c@d"}, "parameters", id="header injection"
        ),
        pytest.param(
            {**TO, "recipient": "(" * 5000}, "parameters", id="endless address"
        ),
        pytest.param({**TO, "recipient": ":],;<@]b"}, "parameters", id="odd address"),
        pytest.param([], "parameters", id="parameters no object"),
    ],
)
async def test_a_mail_that_cannot_be_is_a_dead_letter_at_once(
    harness: Harness, host: MailHost, parameters: Any, text: str
) -> None:
    async with harness:
        await step(harness, {"a": 1}, parameters or {"x": 1})
        (dead,) = harness.dead
    assert (dead.reason, host.mails) == ("schema", [])
    assert text in dead.text


@pytest.mark.parametrize(
    "body", [[], "text", {"parameters": {}}, b"\xff", {"content": "x"}]
)
async def test_a_plain_message_that_is_none_is_a_dead_letter_at_once(
    harness: Harness, body: object
) -> None:
    async with harness:
        await harness.publish(MAIL_QUEUE, body)
        await harness.settle()
        assert [each.reason for each in harness.dead] == ["schema"]


async def test_a_server_that_is_away_is_waited_for(tmp_path: Path) -> None:
    with mail_host() as host:
        url = host.url
    harness = at(url, tmp_path)
    async with harness:
        await step(harness, {}, TO)
        await harness.advance(200)
        assert harness.dead == []
        with mail_host() as host:
            harness.service.server = MailServer.at(host.url)  # type: ignore[attr-defined]
            await harness.advance(200)
            assert len(host.mails) == 1
        assert harness.dead == []


@pytest.mark.parametrize("command", ["MAIL", "DATA", "END"])
async def test_a_mail_refused_for_good_is_a_dead_letter_at_once(
    harness: Harness, host: MailHost, command: str
) -> None:
    host.refusals = {command: "554 we do not like it"}
    async with harness:
        await step(harness, {}, TO)
        (dead,) = harness.dead
    assert dead.reason == "rejected"
    assert "we do not like it" in dead.text


@pytest.mark.parametrize("answer", ["421 timed out", "250 fine", "500 what?"])
async def test_a_mail_is_sent_once_whatever_the_server_says_at_parting(
    harness: Harness, host: MailHost, answer: str
) -> None:
    host.refusals = {"QUIT": answer}
    async with harness:
        await step(harness, {}, TO)
        await harness.advance(3600)
        assert harness.dead == []
    assert len(host.mails) == 1


def test_a_mail_of_a_message_with_an_odd_id_can_be_written() -> None:
    mail = Mail("Köln <1>", "a@lab", ("b@lab",), "subject", "text")

    assert mail.encoded(0.0).as_bytes().isascii()


@pytest.mark.parametrize("command", ["MAIL", "DATA", "END"])
async def test_a_mail_refused_for_now_is_tried_again(
    harness: Harness, host: MailHost, command: str
) -> None:
    host.refusals = {command: "451 later"}
    async with harness:
        await step(harness, {}, TO)
        host.mails.clear()
        host.refusals = {}
        await harness.advance(60)
        assert harness.dead == []
    (mail,) = host.mails
    assert mail["Message-ID"].endswith("@recado>")


async def test_who_is_refused_for_now_gets_the_same_mail_later_and_nobody_else(
    harness: Harness, host: MailHost
) -> None:
    host.refusals = {"slow@lab": "450 come again", "gone@lab": "550 nobody"}
    to = {"recipients": ["ok@lab", "slow@lab", "gone@lab"], "subject": "{x}"}
    async with harness:
        await step(harness, {"v": "{w}"}, {**to, "content": "{payload} {y}"})
        assert host.reached == [["ok@lab"]]
        (sent, _) = harness.events
        assert sent.data["refused"] == {"gone@lab": "nobody"}
        host.refusals = {}
        await harness.advance(400)
        assert harness.dead == []
    assert host.reached == [["ok@lab"], ["slow@lab"]]
    first, second = host.mails
    assert first.get_content() == second.get_content() == "{'v': '{w}'} {y}\n"
    assert first["Subject"] == second["Subject"] == "{x}"


async def test_putting_off_comes_to_an_end(harness: Harness, host: MailHost) -> None:
    host.refusals = {"foo@lab": "450 come again"}
    async with harness:
        await step(harness, {}, {**TO, "resends": RESENDS_LIMIT - 1})
        assert harness.dead == []
        await step(harness, {}, {**TO, "resends": RESENDS_LIMIT})
        (dead,) = harness.dead
    assert (dead.reason, host.mails) == ("rejected", [])
    assert "foo@lab: come again" in dead.text


async def test_if_nobody_is_taken_for_good_it_is_a_dead_letter(
    harness: Harness, host: MailHost
) -> None:
    host.refusals = {"foo@lab": "550 nobody"}
    async with harness:
        await step(harness, {}, TO)
        (dead,) = harness.dead
    assert "foo@lab: nobody" in dead.text


async def test_without_a_server_a_mail_is_a_dead_letter_that_says_so(
    tmp_path: Path,
) -> None:
    harness = at(None, tmp_path)
    async with harness:
        await step(harness, {}, TO)
        (dead,) = harness.dead
    assert "setting 'smtp'" in dead.text


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("smtp://", "names no host"),
        ("smtp://h?starttl=yes", "did you mean 'starttls'"),
        ("smtp://h?starttls=maybe", "must be yes or no"),
        ("smtp://h:x", "port"),
        ("smtp://u:secret@h?x=1", "no option 'x'"),
    ],
)
def test_a_url_that_is_none_is_told(url: str, text: str) -> None:
    with pytest.raises(ConfigError, match="smtp") as caught:
        MailServer.at(url)
    assert text.lower() in str(caught.value).lower()
    assert "secret" not in str(caught.value)


def test_a_password_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("p\n")
    server = MailServer.at(f"smtps://me@h?password_file={tmp_path}/password")
    assert (server.user, server.port, server.password()) == ("me", 465, "p")
