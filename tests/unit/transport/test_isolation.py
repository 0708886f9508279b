"""A suspect is delivered alone, nobody waits for ever, and nothing is forgotten."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from recado.message import Message
from recado.transport.base import Delivery, Transport
from recado.transport.isolation import Act, Flow, Isolation


def delivery(name: str) -> Delivery:
    return Delivery(
        Message(name.encode(), {}), "work", 1, cast("Transport", None), None
    )


def named(deliveries: list[Delivery]) -> list[str]:
    return [each.message.body.decode() for each in deliveries]


def fresh(*names: str) -> list[tuple[Delivery, bool]]:
    return [(delivery(name), False) for name in names]


def suspects(*names: str) -> list[tuple[Delivery, bool]]:
    return [(delivery(name), True) for name in names]


def test_what_nobody_suspects_is_delivered_at_once() -> None:
    isolation = Isolation()

    act = isolation.arrived(fresh("a", "b"))

    assert (named(act.deliver), act.put_back, act.flow) == (["a", "b"], [], None)


def test_a_suspect_waits_until_nothing_else_is_held_and_nothing_more_comes() -> None:
    isolation = Isolation()

    act = isolation.arrived([*fresh("a"), *suspects("b")])
    assert (named(act.deliver), act.flow) == (["a"], Flow.NONE)
    assert isolation.changed() == Act()
    act = isolation.ended()

    assert (named(act.deliver), act.flow) == (["b"], None)


def test_what_comes_before_the_broker_heeds_the_stop_is_waited_for_too() -> None:
    isolation = Isolation()
    isolation.arrived(suspects("b"))

    assert named(isolation.arrived(fresh("late")).deliver) == ["late"]
    assert isolation.changed() == Act()

    assert named(isolation.ended().deliver) == ["b"]


def test_of_many_suspects_all_but_one_are_put_back() -> None:
    isolation = Isolation()
    isolation.arrived(suspects("a", "b", "c"))

    act = isolation.changed()

    assert (named(act.deliver), named(act.put_back)) == (["a"], ["b", "c"])


def test_after_a_suspect_one_message_at_a_time_is_taken_until_an_innocent_one() -> None:
    isolation = Isolation()
    isolation.arrived(suspects("a"))
    isolation.changed()

    assert isolation.ended().flow is Flow.SINGLE
    assert isolation.changed() == Act()
    assert named(isolation.arrived(suspects("b")).deliver) == ["b"]
    assert isolation.ended() == Act()
    act = isolation.arrived(fresh("c"))

    assert (named(act.deliver), act.flow) == (["c"], Flow.FULL)


def test_a_connection_made_anew_begins_with_one_message_at_a_time() -> None:
    isolation = Isolation()
    isolation.arrived([*fresh("x"), *suspects("a")])

    isolation.lost()

    assert isolation.flow is Flow.SINGLE
    assert named(isolation.arrived(suspects("a")).deliver) == ["a"]


@dataclass
class Queue:
    """A broker's queue with one consumer, as :class:`Isolation` is told of it."""

    waiting: deque[tuple[str, bool]]
    prefetch: int
    isolation: Isolation = field(default_factory=Isolation)
    flow: Flow = Flow.FULL
    unsettled: list[str] = field(default_factory=list[str])
    unheeded: list[Flow] = field(default_factory=list[Flow])
    handled: list[str] = field(default_factory=list[str])
    suspected: set[str] = field(default_factory=set[str])
    out: int = 0

    def act(self, act: Act) -> None:
        for each in named(act.deliver):
            assert not self.unsettled or not (
                {each, *self.unsettled} & self.suspected
            ), "a suspect has company"
            self.unsettled.append(each)
        for each in named(act.put_back):
            self.out -= 1
            self.waiting.append((each, True))
        if act.flow is not None:
            self.unheeded.append(act.flow)

    def send(self) -> bool:
        room = {Flow.FULL: self.prefetch, Flow.SINGLE: 1, Flow.NONE: 0}[self.flow]
        count = min(room - self.out, len(self.waiting))
        if count <= 0:
            return False
        sent = [self.waiting.popleft() for _ in range(count)]
        self.out += count
        self.suspected |= {name for name, suspected in sent if suspected}
        self.act(self.isolation.arrived([(delivery(n), s) for n, s in sent]))
        return True

    def heed(self) -> bool:
        if not self.unheeded:
            return False
        self.flow = self.unheeded.pop(0)
        self.act(self.isolation.changed())
        return True

    def settle(self) -> bool:
        if not self.unsettled:
            return False
        self.handled.append(self.unsettled.pop(0))
        self.out -= 1
        self.act(self.isolation.ended())
        return True


@given(
    st.lists(st.booleans(), max_size=12),
    st.integers(1, 5),
    st.lists(st.sampled_from(["send", "heed", "settle"]), max_size=60),
)
def test_whatever_the_order_each_message_is_handled_once_and_suspects_alone(
    suspected: list[bool], prefetch: int, steps: list[str]
) -> None:
    queue = Queue(deque((f"m{i}", s) for i, s in enumerate(suspected)), prefetch)

    for step in steps:
        getattr(queue, step)()
    moved: Any = True
    while moved:
        moved = queue.send() or queue.heed() or queue.settle()

    assert sorted(queue.handled) == sorted(f"m{i}" for i in range(len(suspected)))
