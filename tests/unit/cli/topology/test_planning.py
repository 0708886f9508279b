"""A plan says what differs, in an order in which it can be done."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from recado.errors import ConfigError
from recado.management import (
    Binding,
    Exchange,
    Permission,
    Policy,
    Queue,
    User,
    VirtualHost,
)
from recado.management.objects import Thing
from recado_cli.topology.own import kept
from recado_cli.topology.planning import Action, Plan, planned
from recado_cli.topology.state import KINDS, Kind, state_of

HOST = VirtualHost(name="v")
DEFAULT = VirtualHost(name="/")


def plan(
    wanted: Iterable[Thing],
    there: Iterable[Thing],
    told: Iterable[Kind] = KINDS,
    kept: Iterable[Thing] = (),
) -> Plan:
    keeping = list(kept)
    return planned(
        state_of(wanted, told), state_of(there), is_kept=lambda it: it in keeping
    )


def steps(plan: Plan) -> list[tuple[str, str]]:
    return [(step.action.value, step.thing.title) for step in plan.steps]


def queue(name: str, messages: int | None = None, **arguments: object) -> Queue:
    given = {f"x-{key.replace('_', '-')}": value for key, value in arguments.items()}
    return Queue(vhost="v", name=name, arguments=given, messages=messages)


def policy(name: str, priority: int = 0) -> Policy:
    return Policy(vhost="v", name=name, pattern=".", definition={}, priority=priority)


def exchange(name: str, type_: str = "direct") -> Exchange:
    return Exchange(vhost="v", name=name, type=type_)


def test_what_is_as_it_is_wanted_needs_nothing() -> None:
    things = [HOST, policy("p"), queue("q"), exchange("x")]

    assert plan(things, [DEFAULT, *things]).steps == ()


def test_what_is_missing_is_made_from_the_outside_in() -> None:
    way = Binding(vhost="v", source="x", destination="q", routing_key="k")
    rights = Permission(vhost="v", user="u", configure="", write="", read="")

    found = plan(
        [way, queue("q"), exchange("x"), policy("p"), rights, User(name="u"), HOST],
        [DEFAULT],
    )

    assert [step.thing.kind for step in found.of(Action.CREATE)] == [
        "virtual host",
        "user",
        "permission",
        "policy",
        "exchange",
        "queue",
        "binding",
    ]


def test_what_can_be_changed_is_changed_and_says_how() -> None:
    (step,) = plan([HOST, policy("p", 2)], [HOST, policy("p", 1)]).steps

    assert step.action is Action.UPDATE
    (difference,) = step.differences
    assert (difference.what, difference.there, difference.wanted) == ("priority", 1, 2)


def test_a_queue_that_differs_is_not_touched_and_says_what_it_holds() -> None:
    (step,) = plan(
        [HOST, queue("q", queue_type="quorum", max_length=1)],
        [HOST, queue("q", messages=3, queue_type="classic", expires=5)],
    ).steps

    assert step.action is Action.REPLACE
    assert step.messages == 3
    assert [(it.what, it.there, it.wanted) for it in step.differences] == [
        ("x-expires", 5, None),
        ("x-max-length", None, 1),
        ("x-queue-type", "classic", "quorum"),
    ]


def test_an_exchange_of_another_type_is_not_touched() -> None:
    (step,) = plan([HOST, exchange("x", "topic")], [HOST, exchange("x")]).steps

    assert step.action is Action.REPLACE


def test_arguments_that_say_what_holds_anyway_are_no_difference() -> None:
    wanted = queue("q", queue_type="classic", single_active_consumer=False)

    assert plan([HOST, wanted], [HOST, queue("q")]).steps == ()


def test_tags_differ_whatever_their_order() -> None:
    there = User(name="u", tags=("a", "b"), password_hash="h")

    same = there.model_copy(update={"tags": ("b", "a")})
    other = there.model_copy(update={"tags": ("a",)})

    assert plan([same], [there]).steps == ()
    assert [step.action for step in plan([other], [there]).steps] == [Action.UPDATE]


def test_two_bindings_may_differ_in_their_arguments_alone() -> None:
    ends = {"vhost": "v", "source": "x", "destination": "q", "routing_key": "k"}
    one = Binding.model_validate(ends)
    other = Binding.model_validate(ends | {"arguments": {"a": 1}})
    base = [HOST, queue("q"), exchange("x"), one]

    (step,) = plan([*base, other], base).steps

    assert (step.action, step.thing) == (Action.CREATE, other)


def test_what_nobody_wants_is_deleted_from_the_inside_out() -> None:
    way = Binding(vhost="v", source="x", destination="q", routing_key="k")
    rights = Permission(vhost="v", user="me", configure="", write="", read="")
    base = [HOST, queue("q"), exchange("x"), User(name="me")]

    found = plan(
        base,
        [
            *base,
            way,
            rights,
            queue("old", messages=2),
            exchange("past"),
            policy("p"),
            User(name="u"),
            VirtualHost(name="w"),
        ],
    )

    assert [step.action for step in found.steps] == [Action.DELETE] * 7
    assert [step.thing.kind for step in found.steps] == [
        "binding",
        "queue",
        "exchange",
        "policy",
        "permission",
        "user",
        "virtual host",
    ]
    assert found.steps[1].messages == 2


def test_what_ends_with_another_is_not_deleted_on_its_own() -> None:
    ways = [
        Binding(vhost="v", source="past", destination="q", routing_key="k"),
        Binding(vhost="v", source="x", destination="old", routing_key="k"),
    ]
    rights = Permission(vhost="v", user="u", configure="", write="", read="")
    base = [HOST, queue("q"), exchange("x")]

    found = plan(
        base,
        [*base, queue("old"), exchange("past"), User(name="u"), rights, *ways],
    )

    assert steps(found) == [("delete", "old"), ("delete", "past"), ("delete", "u")]


def test_a_kind_that_is_not_told_of_is_left_alone() -> None:
    there = [DEFAULT, HOST, queue("q"), policy("p"), User(name="u")]

    assert plan([HOST], there, told=()).steps == ()
    assert steps(plan([HOST], there, told=[Policy])) == [("delete", "p")]


def test_what_is_the_servers_own_or_temporary_stays() -> None:
    temporary = Queue(vhost="v", name="t", auto_delete=True)
    exclusive = Queue(vhost="v", name="e", exclusive=True)
    there = [
        DEFAULT,
        HOST,
        temporary,
        exclusive,
        queue("amq.gen-1"),
        exchange(""),
        exchange("amq.topic"),
        exchange("x"),
        Binding(vhost="v", source="", destination="e", routing_key="e"),
        Binding(vhost="v", source="x", destination="t", routing_key="t"),
        Binding(vhost="v", source="amq.topic", destination="e", routing_key="t"),
    ]

    assert plan([HOST, exchange("x")], there).steps == ()


def test_what_is_kept_is_not_deleted() -> None:
    old = queue("old")

    assert plan([HOST], [HOST, old], kept=[old]).steps == ()


def test_a_virtual_host_that_will_not_be_there_is_told_before_anything_is_done() -> (
    None
):
    with pytest.raises(ConfigError, match=r"no virtual host 'v'.*did you mean 'vv'"):
        plan([queue("q")], [DEFAULT, VirtualHost(name="vv")])


def test_recado_keeps_its_own_and_the_user_who_asks() -> None:
    is_kept = kept(["hello"], "me")
    stays: list[Thing] = [
        queue("hello"),
        queue("dlq"),
        queue("events"),
        queue("recado.delay.3"),
        exchange("command"),
        exchange("recado.delay"),
        Binding(vhost="v", source="recado.delay", destination="z"),
        Binding(vhost="v", source="x", destination="hello"),
        User(name="me"),
        Permission(vhost="v", user="me", configure="", write="", read=""),
    ]
    goes: list[Thing] = [queue("z"), exchange("x"), User(name="you"), policy("p"), HOST]

    assert [each for each in stays if not is_kept(each)] == []
    assert [each for each in goes if is_kept(each)] == []
