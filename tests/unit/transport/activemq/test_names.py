"""A namespace stands before every name, as Zocalo writes it."""

from __future__ import annotations

import pytest

from recado.errors import RefusedError
from recado.transport.activemq.names import names_of


@pytest.mark.parametrize("path", ["zocalo", "zocalo.", "/zocalo/", "zocalo/"])
def test_a_namespace_has_one_dot_behind_it(path: str) -> None:
    names = names_of(path)

    assert names.queue("work") == "/queue/zocalo.work"
    assert names.topic("command") == "/topic/zocalo.command"
    assert names.declared == "/queue/zocalo.recado.queues"


def test_without_one_names_are_plain() -> None:
    names = names_of("")

    assert names.queue("work") == "/queue/work"
    assert names.queue("reply.1") == "/topic/reply.1"


def test_who_consumes_is_told_by_a_destination() -> None:
    names = names_of("zocalo")
    told = "/topic/ActiveMQ.Advisory.Consumer.Queue."

    assert names.consumed(f"{told}zocalo.work") == "work"
    assert names.consumed(f"{told}other.work") is None
    assert names.consumed(f"{told}zocalo.recado.queues") is None


@pytest.mark.parametrize(
    "name",
    ["", "a,b", "a?b=c", "a.*", ">", " a", "a ", "a\nb", "\0", "\ud800", "x" * 256],
)
def test_what_means_something_else_to_the_broker_is_no_name(name: str) -> None:
    for make in (names_of("").queue, names_of("").topic):
        with pytest.raises(RefusedError, match="is no name for ActiveMQ"):
            make(name)


@pytest.mark.parametrize("name", ["a.b", "a b", "a/b", "a:b", "ünï", "a#", "x" * 255])
def test_other_characters_may_be_in_a_name(name: str) -> None:
    assert names_of("").queue(name) == f"/queue/{name}"


@pytest.mark.parametrize("name", ["recado.queues", "recado.suspects.work"])
def test_nobody_takes_from_what_the_transport_keeps_for_itself(name: str) -> None:
    with pytest.raises(RefusedError, match="recado's own"):
        names_of("zocalo").queue(name)


@pytest.mark.parametrize("name", ["DLQ.zocalo.work", "ActiveMQ.DLQ"])
def test_the_brokers_own_dead_letters_are_outside_of_every_namespace(name: str) -> None:
    assert names_of("zocalo").queue(name) == f"/queue/{name}"


def test_the_dead_letters_of_an_installation_are_those_of_its_namespace() -> None:
    assert names_of("zocalo").dead == ("/queue/DLQ.zocalo.>", "/queue/ActiveMQ.DLQ")
