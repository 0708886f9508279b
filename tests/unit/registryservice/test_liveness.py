"""When an instance counts as alive, and what is told of it."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from recado.schemas.registry import LEFT, LOST, REGISTERED, Beat
from recado_registry import liveness
from recado_registry.liveness import Leases, News
from recado_registry.telling import event_of

IDLE, SHUTDOWN, END, ERROR = 2, 5, 6, 7


def _beat(
    instance: str = "lab.maria.7", status: int = IDLE, started_at: float | None = 50.0
) -> Beat:
    fields: dict[str, Any] = {"host": instance, "status": status, "service": "Expander"}
    if started_at is not None:
        fields["recado"] = {
            "name": "expander",
            "version": "0.1.0",
            "started_at": started_at,
        }
    return Beat.model_validate(fields)


def _types(news: list[News]) -> list[str]:
    return [each.type for each in news]


def _ids(*news: list[News]) -> list[str]:
    return [event_of(each).id for some in news for each in some]


def test_the_first_heartbeat_registers_and_the_next_ones_renew() -> None:
    leases = Leases(100.0)

    first = leases.hear(_beat(), "a", 100.0)
    second = leases.hear(_beat(), "b", 105.0)

    assert (_types(first), second) == ([REGISTERED], [])
    (lease,) = leases.alive()
    assert (lease.service, lease.since, lease.heard_at) == ("expander", 50.0, 105.0)
    assert lease.ends_at == 120.0


def _with_others_alive(leases: Leases, since: float, until: float) -> None:
    for now in range(int(since), int(until) + 1, 5):
        leases.hear(_beat("lab.registry.1"), f"own{now}", float(now))


def test_without_heartbeats_a_lease_ends_after_15_seconds() -> None:
    leases = Leases(100.0)
    leases.hear(_beat(), "a", 100.0)
    _with_others_alive(leases, 100, 115)

    early, late = leases.expire(114.9), leases.expire(115.0)

    assert (_types(early), _types(late)) == ([], [LOST])
    assert late[0].lease.instance == "lab.maria.7"
    assert event_of(late[0]).data["silent_s"] == 15.0
    assert leases.expire(116.0) == []


def test_an_instance_that_says_it_ends_has_left_at_once() -> None:
    leases = Leases(100.0)
    leases.hear(_beat(), "a", 100.0)

    draining = leases.hear(_beat(status=SHUTDOWN), "b", 101.0)
    end = leases.hear(_beat(status=END), "c", 102.0)
    again = leases.hear(_beat(status=END), "d", 102.5)

    assert (_types(draining), _types(end), _types(again)) == ([], [LEFT], [])
    assert len(leases) == 0


def test_an_instance_that_says_it_broke_has_left() -> None:
    leases = Leases(100.0)
    leases.hear(_beat(), "a", 100.0)

    (news,) = leases.hear(_beat(status=ERROR), "b", 101.0)

    assert event_of(news).data["status"] == ERROR
    assert (news.type, len(leases)) == (LEFT, 0)


def test_an_instance_that_left_before_it_was_heard_has_left() -> None:
    leases = Leases(100.0)

    assert _types(leases.hear(_beat(status=END), "a", 100.0)) == [LEFT]
    assert leases.hear(_beat(status=END), "b", 101.0) == []


def test_a_heartbeat_that_comes_after_the_last_one_does_not_register() -> None:
    leases = Leases(100.0)
    leases.hear(_beat(status=END), "a", 100.0)

    assert leases.hear(_beat(), "b", 100.5) == []
    assert len(leases) == 0


def test_a_new_process_with_the_name_of_an_old_one_takes_its_place() -> None:
    leases = Leases(100.0)
    leases.hear(_beat(started_at=50.0), "a", 100.0)

    news = leases.hear(_beat(started_at=103.0), "b", 103.0)

    assert _types(news) == [LOST, REGISTERED]
    assert [lease.since for lease in leases.alive()] == [103.0]


def test_one_that_is_heard_again_is_registered_again() -> None:
    leases = Leases(100.0)
    first = leases.hear(_beat(), "a", 100.0)
    _with_others_alive(leases, 100, 115)
    lost = leases.expire(115.0)
    again = leases.hear(_beat(), "b", 117.0)
    _with_others_alive(leases, 120, 135)
    lost_again = leases.expire(135.0)

    assert _types(first + lost + again + lost_again) == [REGISTERED, LOST] * 2
    assert len(set(_ids(first, lost, again, lost_again))) == 4


def test_two_registries_tell_the_same_events() -> None:
    stories: list[list[str]] = []
    for offset in (0.0, 0.25):
        leases = Leases(90.0 + offset)
        ids = _ids(leases.hear(_beat(), "a", 100.0 + offset))
        _with_others_alive(leases, 100, 115)
        ids += _ids(leases.expire(115.0 + offset))
        ids += _ids(leases.hear(_beat(), "b", 117.0 + offset))
        ids += _ids(leases.hear(_beat(status=END), "c", 118.0 + offset))
        stories.append(ids)

    assert stories[0] == stories[1]
    assert len(set(stories[0])) == 4


def test_a_registry_that_starts_later_tells_nothing_new() -> None:
    early, late = Leases(100.0), Leases(200.0)

    assert _ids(early.hear(_beat(), "a", 100.0)) == _ids(late.hear(_beat(), "z", 201.0))


def test_a_zocalo_service_is_registered_by_its_name() -> None:
    leases = Leases(100.0)

    news = leases.hear(_beat(started_at=None), "random", 100.0)

    assert _types(news) == [REGISTERED]
    (lease,) = leases.alive("Expander")
    assert lease.since == 100.0
    assert _ids(news) == _ids(Leases(0).hear(_beat(started_at=None), "other", 100.1))


def test_a_zocalo_service_with_the_same_name_may_come_back_after_its_end() -> None:
    leases = Leases(100.0)
    first = leases.hear(_beat(started_at=None), "a", 100.0)
    left = leases.hear(_beat(status=END, started_at=None), "b", 105.0)
    again = leases.hear(_beat(started_at=None), "c", 110.0)

    assert _types(first + left + again) == [REGISTERED, LEFT, REGISTERED]
    assert len(set(_ids(first, left, again))) == 3


def test_when_nobody_is_heard_it_is_the_broker_that_is_silent() -> None:
    leases = Leases(100.0)
    leases.hear(_beat(), "a", 100.0)

    in_the_silence = leases.expire(130.0)
    wait_s = leases.wait_s(130.0)
    leases.hear(_beat("lab.other.8"), "b", 131.0)
    just_after = leases.expire(132.0)

    assert (in_the_silence, just_after, wait_s) == ([], [], liveness.DEAF_S)
    assert leases.complete_in_s(132.0) == 14.0
    _with_others_alive(leases, 135, 146)
    assert _types(leases.expire(146.0)) == [LOST, LOST]


def test_a_young_registry_says_how_long_it_may_not_know_all() -> None:
    leases = Leases(100.0)

    waits = [leases.complete_in_s(now) for now in (100.0, 107.5, 115.0, 200.0)]

    assert waits == [15.0, 7.5, 0.0, 0.0]


def test_the_timer_is_set_for_the_first_end() -> None:
    leases = Leases(100.0)
    assert leases.wait_s(100.0) is None

    leases.hear(_beat("lab.a.1"), "a", 100.0)
    leases.hear(_beat("lab.b.2"), "b", 103.0)

    assert leases.wait_s(104.0) == 11.0


def test_only_so_many_instances_are_kept() -> None:
    leases = Leases(100.0)
    for number in range(liveness.LIMIT + 2):
        leases.hear(_beat(f"lab.{number}"), "", 100.0)

    assert (len(leases), leases.refused) == (liveness.LIMIT, 2)


def test_only_so_many_ends_are_remembered() -> None:
    leases = Leases(100.0)
    for number in range(liveness.LIMIT + 1):
        leases.hear(_beat(f"lab.{number}", END), "", 100.0)

    assert _types(leases.hear(_beat("lab.0", END), "", 101.0)) == [LEFT]
    assert leases.hear(_beat("lab.9", END), "", 101.0) == []


BEATS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([IDLE, 4, SHUTDOWN, END, -2]),
        st.sampled_from([None, 1.0, 2.0]),
        st.floats(0, 20),
    ),
    max_size=40,
)


@given(beats=BEATS)
def test_every_life_begins_and_ends_in_turn(
    beats: list[tuple[str, int, float | None, float]],
) -> None:
    leases, now, alive = Leases(0.0), 0.0, set[str]()

    for number, (name, status, started_at, pause_s) in enumerate(beats):
        now += pause_s
        told = leases.expire(now)
        told += leases.hear(_beat(name, status, started_at), str(number), now)
        for news in told:
            instance = news.lease.instance
            if news.type == REGISTERED:
                assert instance not in alive
                alive.add(instance)
            elif news.type == LOST:
                alive.remove(instance)
            else:
                alive.discard(instance)
        assert {lease.instance for lease in leases.alive()} == alive
