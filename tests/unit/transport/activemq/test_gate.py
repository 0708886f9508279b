"""A suspect is delivered with nothing beside it, and keeps nobody waiting for long."""

from __future__ import annotations

from typing import Any, cast

from recado.message import Message
from recado.transport.activemq.gate import Gate
from recado.transport.base import Delivery, Transport

NOBODY = cast("Transport", None)


def deliveries(*names: str) -> list[Delivery]:
    return [
        Delivery(
            Message(b"", {"recado-id": name}), "work", 1, NOBODY, cast("Any", None)
        )
        for name in names
    ]


def names(found: list[Delivery]) -> list[str]:
    return [each.message.id for each in found]


def test_what_nobody_suspects_goes_through() -> None:
    gate = Gate()

    assert names(gate.arrived(deliveries("a", "b"), [])) == ["a", "b"]
    assert gate.ended() == []


def test_a_suspect_waits_until_nothing_else_runs() -> None:
    gate = Gate()
    gate.arrived(deliveries("a", "b"), [])

    assert gate.arrived([], deliveries("s")) == []
    assert gate.arrived(deliveries("c"), []) == []
    assert names(gate.ended()) == []
    assert names(gate.ended()) == ["s"]
    assert names(gate.waiting) == ["c"]
    assert names(gate.ended()) == ["c"]


def test_between_two_suspects_the_others_have_their_turn() -> None:
    gate = Gate()
    assert names(gate.arrived([], deliveries("s1"))) == ["s1"]
    assert gate.arrived(deliveries("a"), deliveries("s2")) == []

    assert names(gate.ended()) == ["a"]
    assert names(gate.ended()) == ["s2"]
    assert gate.ended() == []
    assert names(gate.arrived(deliveries("b"), [])) == ["b"]


def test_suspects_alone_come_one_after_the_other() -> None:
    gate = Gate()
    assert names(gate.arrived([], deliveries("s1", "s2"))) == ["s1"]

    assert names(gate.ended()) == ["s2"]
    assert gate.ended() == []


def test_a_new_connection_begins_with_nothing() -> None:
    gate = Gate()
    gate.arrived(deliveries("a"), deliveries("s"))

    gate.clear()

    assert gate.waiting == []
    assert names(gate.arrived(deliveries("b"), [])) == ["b"]
