"""What facts make of a session, one by one and replayed."""

from __future__ import annotations

import pytest

from recado_experiment import StudyError
from recado_experiment.session import (
    Fact,
    InactiveError,
    OutOfRangeError,
    Place,
    Session,
    UnknownParticipantError,
    abandon,
    add,
    configure,
    move_all,
    move_next,
    move_to,
    open_session,
)
from tests.unit.experiment.lengths import study_of
from tests.unit.experiment.session.conftest import Do


def test_a_session_begins_empty() -> None:
    session = Session()

    assert session.participants == {}
    assert (session.name, session.sha256, session.text) == ("", "", "")


def test_what_was_opened_is_known() -> None:
    session = Session.replay(
        open_session("study.toml", study_of(3), 4, "completion", 60.0)
    )

    assert session.default == 4
    assert session.assignment == "completion"
    assert session.abandoned_after_s == 60.0
    assert list(session.participants) == [4]


def test_participants_keep_the_order_in_which_they_came(
    session: Session, do: Do
) -> None:
    do(add(session, 9))
    do(add(session, 2))

    do(move_next(session, 9))
    do(move_all(session, 1))

    assert list(session.participants) == [1, 9, 2]


def test_places_go_from_start_over_the_blocks_to_the_end(
    session: Session, do: Do
) -> None:
    seen = [session.place()]
    for _ in range(5):
        do(move_next(session))
        seen.append(session.place())

    places = [(place.position, place.name, place.is_active) for place in seen]
    assert places == [
        (-1, "START", False),
        (0, "b0", True),
        (1, "b1", True),
        (2, "b2", True),
        (3, "END", False),
        (3, "END", False),
    ]
    assert [place.has_ended for place in seen] == [False] * 4 + [True] * 2


def test_a_study_without_blocks_has_a_start_and_an_end() -> None:
    session = Session.replay(open_session("study.toml", study_of(0)))

    assert session.place() == Place(1, -1, 0, "START", False)
    session.apply(move_next(session)[0])
    assert session.place() == Place(1, 0, 0, "END", False)


def test_a_place_tells_its_status_as_experiment_server_lays_it_out(
    session: Session, do: Do
) -> None:
    started = session.place().status
    do(move_next(session))

    assert started == "Participant index: 1    \nBlock: -1 / 3    \n Name: N/A"
    assert session.place().status == (
        "Participant index: 1    \nBlock: 0 / 3    \n Name: b0"
    )
    do(move_to(session, 3))
    assert session.place().status.endswith("Block: 3 / 3    \n Name: N/A")


def test_the_time_of_the_last_change_is_kept(session: Session, do: Do) -> None:
    do(add(session, 2), at=1.0)
    assert session.progress(2).at == 1.0
    do(move_next(session, 2), at=2.0)
    assert session.progress(2).at == 2.0
    do(abandon(session, 2), at=3.0)
    assert session.progress(2).at == 3.0
    do(move_to(session, 3, 2), at=4.0)
    assert session.progress(2).at == 4.0
    do(move_all(session, 0), at=5.0)

    assert [session.progress(each).at for each in (1, 2)] == [5.0, 5.0]


def test_everybody_stays_where_they_are_when_the_study_changes(
    session: Session, do: Do
) -> None:
    do(move_to(session, 1))

    do(configure(session, "study.toml", study_of(3, x=9)))

    assert session.place() == Place(1, 1, 3, "b1", False)
    assert session.config()["x"] == 9


def test_who_is_behind_a_list_that_became_shorter_is_at_its_end(
    session: Session, do: Do
) -> None:
    do(move_to(session, 2))

    do(configure(session, "study.toml", study_of(1)))

    assert session.place() == Place(1, 1, 1, "END", False)
    with pytest.raises(InactiveError, match="participant 1 has ended"):
        session.config()


def test_who_was_at_a_block_is_there_again_when_the_list_is_whole_again(
    session: Session, do: Do
) -> None:
    do(move_to(session, 2))

    do(configure(session, "study.toml", study_of(1)))
    do(configure(session, "study.toml", study_of(3)))

    assert session.place().name == "b2"


def test_who_is_moved_on_from_the_end_of_a_shorter_list_has_ended_for_good(
    session: Session, do: Do
) -> None:
    do(move_to(session, 2))
    do(configure(session, "study.toml", study_of(1)))

    assert do(move_next(session)) == [Fact("participant.ended", {"participant": 1})]
    do(configure(session, "study.toml", study_of(3)))

    assert session.place() == Place(1, 3, 3, "END", False)


def test_who_has_ended_stays_at_the_end_of_a_longer_list(
    session: Session, do: Do
) -> None:
    do(move_to(session, 3))

    do(configure(session, "study.toml", study_of(5)))

    assert session.place() == Place(1, 5, 5, "END", False)
    assert move_next(session) == []


def test_who_ended_with_everybody_stays_at_the_end_of_a_longer_list(
    session: Session, do: Do
) -> None:
    do(move_all(session, 3))

    do(configure(session, "study.toml", study_of(5)))

    assert session.place().has_ended


def test_who_was_moved_back_is_in_a_longer_list_where_they_were(
    session: Session, do: Do
) -> None:
    do(move_to(session, 3))
    do(move_to(session, 0))

    do(configure(session, "study.toml", study_of(5)))

    assert session.place().name == "b0"


def test_configs_are_told_of_the_block_and_of_all_of_them(
    session: Session, do: Do
) -> None:
    do(add(session, 5))
    do(move_to(session, 1, 5))

    assert session.config(5) == {
        "x": 0,
        "participant_index": 5,
        "name": "b1",
        "block_id": 1,
    }
    assert [config["name"] for config in session.configs(5)] == ["b0", "b1", "b2"]


@pytest.mark.parametrize(
    ("position", "hint"), [(-1, "has not started; move them on"), (3, "has ended")]
)
def test_outside_of_the_blocks_there_is_no_config(
    session: Session, do: Do, position: int, hint: str
) -> None:
    do(move_to(session, position))

    with pytest.raises(InactiveError, match=rf"^participant 1 {hint}$"):
        session.config()


@pytest.mark.parametrize("position", [-1, 3, 4])
def test_a_block_that_is_not_there_is_out_of_range(
    session: Session, position: int
) -> None:
    with pytest.raises(
        OutOfRangeError,
        match=rf"^no block {position}: participant 1 has blocks 0 to 2$",
    ):
        session.in_range(position)


def test_where_there_are_no_blocks_each_is_out_of_range() -> None:
    session = Session.replay(open_session("study.toml", study_of(0)))

    with pytest.raises(OutOfRangeError, match=r"^no block 0: participant 1 has none$"):
        session.in_range(0)


def test_blocks_that_are_there_are_in_range(session: Session) -> None:
    for position in range(3):
        session.in_range(position)


def test_the_range_is_that_of_the_participant() -> None:
    session = Session.replay(open_session("study.toml", study_of(2, 4)))
    session.apply(add(session, 2)[0])

    session.in_range(3, 2)
    with pytest.raises(OutOfRangeError, match="participant 1 has blocks 0 to 1"):
        session.in_range(3)


@pytest.mark.parametrize("ask", ["place", "config", "configs", "progress"])
def test_nothing_is_known_of_who_was_never_added(session: Session, ask: str) -> None:
    with pytest.raises(UnknownParticipantError):
        getattr(session, ask)(6)


def test_facts_that_are_not_known_are_passed_over(session: Session) -> None:
    before = dict(session.participants)

    session.apply(Fact("participant.praised", {"participant": 1, "how": "much"}))

    assert session.participants == before


def test_a_copy_changes_by_itself(session: Session, do: Do) -> None:
    copied = session.copy()

    do(move_next(session))
    for fact in configure(copied, "other.toml", study_of(5)):
        copied.apply(fact)

    assert copied.place() == Place(1, -1, 5, "START", False)
    assert session.place() == Place(1, 0, 3, "b0", False)


def test_the_study_is_prepared_once(session: Session, do: Do) -> None:
    study = session.study

    do(move_next(session))

    assert session.study is study
    assert session.copy().study is study


def test_a_session_without_a_study_says_so_when_it_is_needed() -> None:
    session = Session.replay([Fact("participant.added", {"participant": 1})])

    with pytest.raises(StudyError):
        session.place(1)
