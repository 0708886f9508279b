"""A consumer asks for as much as there is room for, and long jobs take up room."""

from recado.transport.isolation import Flow
from recado.transport.rabbitmq.credit import Credit


def granted(prefetch: int, *, takes: int = 0) -> Credit:
    credit = Credit(prefetch)
    credit.grant(prefetch)
    for _ in range(takes):
        credit.take()
    return credit


def test_the_flow_says_how_much_is_wanted() -> None:
    credit = Credit(8)

    assert credit.wanted(Flow.FULL, 0, 0) == 8
    credit.grant(8)
    assert credit.wanted(Flow.FULL, 0, 0) is None
    assert credit.wanted(Flow.NONE, 3, 0) == 0
    assert credit.wanted(Flow.SINGLE, 0, 0) == 1


def test_there_is_room_until_the_grant_is_used_up() -> None:
    credit = granted(2, takes=2)
    assert not credit.has_room

    credit.end(credit.turn)

    assert credit.has_room


def test_what_an_earlier_consumer_got_makes_no_room_when_it_ends() -> None:
    credit = granted(2, takes=2)
    earlier = credit.turn
    credit.grant(1)
    credit.take()

    credit.end(earlier)

    assert not credit.has_room


def test_a_single_long_job_leaves_no_room_for_another_message() -> None:
    credit = granted(1, takes=1)
    credit.end(credit.turn)  # the broker counts it no more: a copy is held

    assert credit.wanted(Flow.FULL, held=1, long=1) == 0
    credit.grant(0)
    assert credit.is_tight
    assert credit.wanted(Flow.FULL, held=0, long=0) == 1


def test_the_room_that_long_jobs_leave_is_asked_for_once() -> None:
    credit = granted(4, takes=4)
    for _ in range(3):
        credit.end(credit.turn)

    assert credit.wanted(Flow.FULL, held=4, long=3) == 0
    credit.grant(0)
    assert credit.wanted(Flow.FULL, held=3, long=3) == 1
    credit.grant(1)
    assert credit.wanted(Flow.FULL, held=3, long=3) is None
    credit.take()
    assert credit.wanted(Flow.FULL, held=4, long=3) is None


def test_a_few_long_jobs_among_many_change_nothing() -> None:
    credit = granted(8, takes=3)

    assert credit.wanted(Flow.FULL, held=3, long=3) is None
    assert not credit.is_tight
