"""A topology's file says what is to be on the server, and what in it cannot be."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from recado.errors import ConfigError, SchemaError
from recado.management import (
    Binding,
    Exchange,
    Permission,
    Policy,
    Queue,
    User,
    VirtualHost,
)
from recado_cli.topology.document import read_document
from recado_cli.topology.expanding import expanded
from recado_cli.topology.state import State


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rabbitmq.yaml"


def wanted(file: Path, text: str) -> State:
    file.write_text(dedent(text))
    return expanded(read_document(file), "the file")


def problems(file: Path, text: str) -> dict[str, str]:
    with pytest.raises(SchemaError) as raised:
        wanted(file, text)
    return {problem.path: problem.text for problem in raised.value.problems}


def queues(state: State) -> dict[str, dict[str, object]]:
    return {
        queue.name: dict(queue.arguments)
        for queue in state.of(Queue).values()
        if isinstance(queue, Queue)
    }


def test_a_queue_is_classic_and_in_the_default_virtual_host(file: Path) -> None:
    state = wanted(file, "groups: [{names: [a]}]")

    assert state.of(Queue) == {
        ("/", "a"): Queue(
            vhost="/",
            name="a",
            arguments={
                "x-queue-type": "classic",
                "x-single-active-consumer": False,
            },
        )
    }
    assert state.of(Binding) == {}, "the default exchange leads there by itself"


def test_what_dies_in_a_group_goes_to_queues_of_the_same_type(file: Path) -> None:
    state = wanted(
        file,
        """
        groups:
          - names: [a, b]
            vhost: lab
            settings:
              single_active_consumer: true
              queues: {type: quorum, dead-letter-routing-key-pattern: "dlq.{name}"}
        """,
    )

    found = queues(state)
    assert found["a"] == {
        "x-queue-type": "quorum",
        "x-single-active-consumer": True,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "dlq.a",
    }
    assert found["dlq.b"] == {"x-queue-type": "quorum"}
    assert list(found) == ["a", "dlq.a", "b", "dlq.b"]


def test_dead_letters_may_go_to_an_exchange_and_to_queues_of_others(file: Path) -> None:
    state = wanted(
        file,
        """
        groups:
          - names: [a]
            settings:
              queues:
                dead-letter-routing-key-pattern: dead
                dead-letter-exchange: ends
                dead-letter-queue-create: false
        """,
    )

    assert queues(state)["a"] == {
        "x-queue-type": "classic",
        "x-single-active-consumer": False,
        "x-dead-letter-exchange": "ends",
        "x-dead-letter-routing-key": "dead",
    }
    assert list(queues(state)) == ["a"]


def test_several_queues_may_share_one_for_their_dead_letters(file: Path) -> None:
    state = wanted(
        file,
        """
        groups:
          - names: [a, b]
            settings: {queues: {dead-letter-routing-key-pattern: end}}
        """,
    )

    assert list(queues(state)) == ["a", "end", "b"]


def test_a_stream_has_no_single_consumer(file: Path) -> None:
    state = wanted(
        file,
        """
        groups:
          - names: [a]
            settings: {single_active_consumer: true, queues: {type: stream}}
        """,
    )

    assert queues(state) == {"a": {"x-queue-type": "stream"}}


def test_a_group_that_broadcasts_is_durable_fanout_exchanges(file: Path) -> None:
    state = wanted(file, "groups: [{names: [command], settings: {broadcast: true}}]")

    assert state.of(Queue) == {}
    assert list(state.of(Exchange).values()) == [
        Exchange(vhost="/", name="command", type="fanout", durable=True)
    ]


def test_a_group_is_bound_to_exchanges_by_its_names(file: Path) -> None:
    state = wanted(
        file,
        """
        exchanges: [{name: x, type: direct}]
        groups: [{names: [a], bindings: ["", x]}]
        """,
    )

    assert list(state.of(Binding).values()) == [
        Binding(vhost="/", source="x", destination="a", routing_key="a")
    ]


def test_bindings_policies_rights_and_virtual_hosts_have_their_defaults(
    file: Path,
) -> None:
    state = wanted(
        file,
        """
        vhosts: [{name: lab}]
        permissions: [{vhost: lab, user: u, configure: "", write: a, read: b}]
        policies: [{vhost: lab, name: p}]
        exchanges: [{vhost: lab, name: x, type: topic}, {vhost: lab, name: y, type: fanout}]
        bindings:
          - {vhost: lab, source: x, destination: y, destination_type: e, routing_key: ""}
          - {vhost: lab, source: x, destination: q}
        groups: [{vhost: lab, names: [q]}]
        """,
    )

    assert list(state.of(VirtualHost).values()) == [VirtualHost(name="lab")]
    assert list(state.of(Permission).values()) == [
        Permission(vhost="lab", user="u", configure="", write="a", read="b")
    ]
    assert list(state.of(Policy).values()) == [
        Policy(vhost="lab", name="p", pattern="^amq.", definition={}, apply_to="queues")
    ]
    ways = [
        (way.destination_type, way.routing_key)
        for way in state.of(Binding).values()
        if isinstance(way, Binding)
    ]
    assert ways == [("exchange", ""), ("queue", "q")]


def test_nothing_is_told_of_a_part_that_is_not_there(file: Path) -> None:
    state = wanted(file, "policies: []\ngroups: []")

    assert state.told == {Policy, Queue, Binding}
    assert not {VirtualHost, User, Permission, Exchange} & state.told


def test_every_fault_is_told_at_once_with_its_place_and_the_nearest_key(
    file: Path,
) -> None:
    found = problems(
        file,
        """
        group: []
        permissions: [{user: u, configure: "", writes: ".*", read: ".*"}]
        exchanges: [{name: x, type: fannout}]
        groups:
          - names: []
            settings: {queues: {typ: quorum, dead-letter-routing-key-pattern: "{nam}"}}
          - {names: [a], settings: {queues: {type: quorom}}}
        """,
    )

    assert "did you mean 'groups'?" in found["group"]
    assert "did you mean 'write'?" in found["permissions[0].writes"]
    assert found["permissions[0].write"] == "is missing"
    assert "did you mean 'fanout'?" in found["exchanges[0].type"]
    assert "did you mean 'type'?" in found["groups[0].settings.queues.typ"]
    pattern = "groups[0].settings.queues.dead-letter-routing-key-pattern"
    assert "no braces but those of {name}" in found[pattern]
    assert "'quorom'" in found["groups[1].settings.queues.type"]


def test_what_is_said_twice_is_told_with_both_places(file: Path) -> None:
    found = problems(
        file,
        """
        policies: [{name: p}, {name: p, priority: 1}]
        groups:
          - names: [a, dlq.b]
          - names: [a]
          - names: [b]
            settings: {queues: {dead-letter-routing-key-pattern: "dlq.{name}"}}
        """,
    )

    assert "is said at policies[0] already" in found["policies[1]"]
    assert "is said at groups[0].names[0] already" in found["groups[1].names[0]"]
    assert "'dlq.b' is said at groups[0].names[1]" in found["groups[2].names[0]"]


def test_a_binding_has_to_lead_from_and_to_what_is_in_the_file(file: Path) -> None:
    found = problems(
        file,
        """
        exchanges: [{name: results, type: topic}]
        bindings:
          - {source: result, destination: a}
          - {source: results, destination: b}
          - {source: amq.topic, destination: a}
        groups: [{names: [a]}]
        """,
    )

    assert "did you mean 'results'?" in found["bindings[0]"]
    assert "no queue 'b'" in found["bindings[1]"]
    assert "bindings[2]" not in found


def test_a_virtual_host_has_to_be_among_those_that_are_named(file: Path) -> None:
    found = problems(
        file, "vhosts: [{name: lab}]\ngroups: [{vhost: lap, names: [a]}, {names: [b]}]"
    )

    assert list(found) == ["groups[0].names[0]"]
    assert "did you mean 'lab'?" in found["groups[0].names[0]"]


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("groups: [", "line 1", "expected"),
        ("groups: []\npolicies: []\ngroups: []", "line 3", "a second time"),
        ("- a", "", "dictionary"),
        ("a: !!python/object:os.system {}", "line 1", "could not determine"),
    ],
)
def test_what_is_no_table_in_yaml_is_told_with_its_line(
    file: Path, text: str, place: str, said: str
) -> None:
    found = problems(file, text)

    assert list(found) == [place]
    assert said in found[place]


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_document(tmp_path / "none.yaml")


@pytest.mark.parametrize("value", ["2001-01-01", "!!binary YQ==", "!!set {a}"])
def test_what_cannot_be_told_to_the_server_is_a_fault_of_the_file(
    file: Path, value: str
) -> None:
    text = f"policies: [{{name: all, definition: {{message-ttl: {value}}}}}]"

    found = problems(file, text)

    assert found["policies[0].definition.message-ttl"].startswith(
        "input was not a valid JSON value"
    )
