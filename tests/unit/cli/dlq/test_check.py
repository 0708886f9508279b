"""``recado dlq check`` tells whether there are dead letters, and never says none falsely."""

from __future__ import annotations

import json

import pytest

from recado.message import ID, Message
from tests.unit.cli.conftest import Command
from tests.unit.cli.embedded import Embedded

DEAD = Message(b"{}", {ID: "m"})


def test_without_dead_letters_the_exit_code_is_0(
    command: Command, broker: Embedded
) -> None:
    broker.declare("dlq", "dlq.resize", "resize")

    result = command("dlq", "check")

    assert (result.code, result.out) == (0, "")
    assert "no dead letters" in result.err


def test_a_broker_that_never_saw_any_has_none(
    command: Command, broker: Embedded
) -> None:
    broker.declare("resize")

    assert command("dlq", "check").code == 0


def test_every_queue_that_holds_some_is_told_with_its_exact_number(
    command: Command, broker: Embedded
) -> None:
    broker.declare("dlq.empty")
    broker.put("dlq", DEAD)
    broker.put("dlq.resize", *[DEAD] * 3)
    broker.put("dlq.later", DEAD, delay_s=60)
    broker.put("resize", DEAD)

    result = command("dlq", "check")

    assert result.code == 1
    assert result.out.splitlines() == [
        "1 message in dlq",
        "1 message in dlq.later",
        "3 messages in dlq.resize",
    ]
    assert "5 dead letters in all" in result.err


@pytest.mark.parametrize("name", ["resize", "dlq.resize"])
def test_a_queue_that_is_named_is_the_only_one_of_its_kind_that_is_looked_at(
    command: Command, broker: Embedded, name: str
) -> None:
    broker.put("dlq.resize", DEAD)
    broker.put("dlq.other", DEAD)

    result = command("dlq", "check", name, "--json")

    assert result.code == 1
    assert json.loads(result.out)["queues"] == {"dlq": 0, "dlq.resize": 1}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["wrong"], "nobody has declared: 'dlq.wrong'"),
        (["dlq"], "'dlq' is recado's own"),
        (["-n", "zocalo"], "no namespaces"),
        (["--broker", "amqp://127.0.0.1:1/"], "127.0.0.1:1"),
    ],
)
def test_what_cannot_be_told_is_neither_none_nor_some(
    command: Command, broker: Embedded, words: list[str], told: str
) -> None:
    broker.declare("resize")

    result = command("dlq", "check", *words)

    assert result.code == 2
    assert told in result.err
    assert "no dead letters" not in result.err


def test_a_broker_that_is_not_there_is_no_broker_without_dead_letters(
    command: Command,
) -> None:
    assert command("dlq", "check").code == 2


def test_a_service_that_does_not_answer_may_have_some(
    command: Command, broker: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recado_cli.overview.TIMEOUT_S", 0.1)
    broker.declare("dlq", "deadletter")

    result = command("dlq", "check", "--json")

    assert result.code == 2
    assert json.loads(result.out)["unknown"] == [
        "the dead-letter service does not answer"
    ]


def test_what_is_found_counts_whatever_else_is_not_known(
    command: Command, broker: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recado_cli.overview.TIMEOUT_S", 0.1)
    broker.declare("deadletter")
    broker.put("dlq", DEAD)

    assert command("dlq", "check").code == 1
