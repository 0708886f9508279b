"""What each command adds to a session, what it leaves alone, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import pytest

from recado.errors import NotFoundError
from recado_experiment import StudyError
from recado_experiment.session import (
    Fact,
    Session,
    UnknownParticipantError,
    abandon,
    add,
    configure,
    move_all,
    move_next,
    move_to,
    next_participant,
    open_session,
)
from tests.unit.experiment.lengths import CHANCY, UNLUCKY, study_of
from tests.unit.experiment.session.conftest import Do


def test_a_session_opens_with_its_study_and_its_default_participant() -> None:
    text = study_of(3)

    told = open_session("study.toml", text, 4, "completion", 60.0)

    assert told == [
        Fact(
            "experiment.opened",
            {
                "default_participant": 4,
                "assignment": "completion",
                "abandoned_after_s": 60.0,
            },
        ),
        Fact(
            "experiment.configured",
            {
                "study": "study.toml",
                "sha256": sha256(text.encode()).hexdigest(),
                "text": text,
            },
        ),
        Fact("participant.added", {"participant": 4}),
    ]


def test_a_session_opens_for_participant_1_who_is_counted_on_unless_told() -> None:
    opened = open_session("study.toml", study_of(3))[0]

    assert opened.data == {
        "default_participant": 1,
        "assignment": "next",
        "abandoned_after_s": None,
    }


def test_a_session_does_not_open_with_a_study_that_is_broken() -> None:
    with pytest.raises(StudyError, match=r"study\.toml: line 1"):
        open_session("study.toml", "order = ")


def test_a_session_does_not_open_with_a_default_participant_below_1() -> None:
    with pytest.raises(StudyError, match="0 is not a participant"):
        open_session("study.toml", study_of(3), default_participant=0)


def test_a_participant_is_added_once(session: Session, do: Do) -> None:
    assert do(add(session, 7)) == [Fact("participant.added", {"participant": 7})]
    assert add(session, 7) == []


@pytest.mark.parametrize("participant", [0, -3])
def test_participants_below_1_are_not_added(session: Session, participant: int) -> None:
    with pytest.raises(StudyError, match=f"{participant} is not a participant"):
        add(session, participant)


def test_who_cannot_be_served_is_not_added() -> None:
    session = Session.replay(open_session("study.toml", CHANCY))

    refused: list[int] = []
    for participant in range(1, 10):
        try:
            add(session, participant)
        except StudyError:
            refused.append(participant)

    assert tuple(refused) == UNLUCKY


def test_next_is_who_comes_after_the_highest(session: Session, do: Do) -> None:
    do(add(session, 9))
    do(add(session, 4))

    told = do(next_participant(session, now=0.0))

    assert told == [Fact("participant.added", {"participant": 10})]


def test_a_move_names_the_block(session: Session, do: Do) -> None:
    assert do(move_next(session)) == [
        Fact("participant.moved", {"participant": 1, "position": 0, "name": "b0"})
    ]
    assert do(move_next(session)) == [
        Fact("participant.moved", {"participant": 1, "position": 1, "name": "b1"})
    ]


def test_the_move_behind_the_last_block_ends_once(session: Session, do: Do) -> None:
    do(move_to(session, 2))

    assert do(move_next(session)) == [Fact("participant.ended", {"participant": 1})]
    assert move_next(session) == []
    assert move_to(session, 99) == []


@pytest.mark.parametrize(
    ("position", "block", "name"), [(-1, -1, "START"), (-9, -1, "START"), (2, 2, "b2")]
)
def test_who_has_ended_can_be_moved_back(
    session: Session, do: Do, position: int, block: int, name: str
) -> None:
    do(move_to(session, 3))

    told = do(move_to(session, position))

    assert told == [
        Fact("participant.moved", {"participant": 1, "position": block, "name": name})
    ]
    assert not session.progress(1).has_ended


@pytest.mark.parametrize(("begin", "position"), [(-1, -5), (1, 1), (3, 3), (3, 12)])
def test_a_move_to_where_one_is_adds_nothing(
    session: Session, do: Do, begin: int, position: int
) -> None:
    do(move_to(session, begin))

    assert move_to(session, position) == []


def test_somebody_else_than_the_default_is_moved_by_number(
    session: Session, do: Do
) -> None:
    do(add(session, 2))

    do(move_next(session, 2))

    assert [session.place(each).position for each in (1, 2)] == [-1, 0]


def test_everybody_is_moved_begun_or_not(session: Session, do: Do) -> None:
    do(add(session, 2))
    do(move_next(session, 2))

    told = do(move_all(session, 1))

    assert told == [Fact("participants.moved", {"position": 1, "ended": []})]
    assert [session.place(each).name for each in (1, 2)] == ["b1", "b1"]


def test_whose_list_is_shorter_ends_when_everybody_is_moved() -> None:
    session = Session.replay(open_session("study.toml", study_of(2, 4, 3)))
    for fact in [*add(session, 2), *add(session, 3), *add(session, 4)]:
        session.apply(fact)

    told = move_all(session, 2)

    assert told == [Fact("participants.moved", {"position": 2, "ended": [1, 4]})]


@pytest.mark.parametrize(
    ("position", "held", "names"),
    [(-7, -1, ["START", "START"]), (4, 4, ["END", "END"]), (99, 4, ["END", "END"])],
)
def test_the_position_of_everybody_is_clamped(
    position: int, held: int, names: list[str]
) -> None:
    session = Session.replay(open_session("study.toml", study_of(2, 4)))
    session.apply(Fact("participant.added", {"participant": 2}))
    session.apply(*move_all(session, 0))

    told = move_all(session, position)

    assert [fact.data["position"] for fact in told] == [held]
    session.apply(told[0])
    assert [session.place(each).name for each in (1, 2)] == names


@pytest.mark.parametrize("position", [-1, 0, 2, 4])
def test_nothing_is_told_where_everybody_is_already(position: int) -> None:
    session = Session.replay(open_session("study.toml", study_of(2, 4)))
    for fact in [*add(session, 2), *move_all(session, 1)]:
        session.apply(fact)
    session.apply(*move_all(session, position))

    assert move_all(session, position) == []


def test_who_is_abandoned_is_abandoned_once(session: Session, do: Do) -> None:
    assert do(abandon(session)) == [Fact("participant.abandoned", {"participant": 1})]
    assert abandon(session) == []


def test_who_is_abandoned_stays_where_they_are(session: Session, do: Do) -> None:
    do(move_to(session, 1))

    do(abandon(session))

    assert session.place().name == "b1"
    assert session.place().is_abandoned


@pytest.mark.parametrize("position", [-1, 1, 3])
def test_a_move_brings_the_abandoned_back_though_it_leads_nowhere(
    session: Session, do: Do, position: int
) -> None:
    do(move_to(session, position))
    do(abandon(session))

    told = do(move_to(session, position))

    assert len(told) == 1
    assert session.place().position == position
    assert not session.place().is_abandoned


def test_who_is_abandoned_is_moved_with_everybody_and_not_brought_back(
    session: Session, do: Do
) -> None:
    do(abandon(session))

    do(move_all(session, 1))

    assert session.place().name == "b1"
    assert session.place().is_abandoned


def test_another_study_is_told_whole(session: Session, do: Do) -> None:
    text = study_of(5)

    told = do(configure(session, "other.toml", text))

    assert [fact.type for fact in told] == ["experiment.configured"]
    assert told[0].data["text"] == text
    assert session.name == "other.toml"
    assert session.sha256 == sha256(text.encode()).hexdigest()


def test_the_same_study_again_adds_nothing(session: Session) -> None:
    assert configure(session, "study.toml", study_of(3)) == []


def test_the_same_text_by_another_name_is_another_study(session: Session) -> None:
    assert len(configure(session, "renamed.toml", study_of(3))) == 1


def test_a_broken_study_changes_nothing(session: Session) -> None:
    with pytest.raises(StudyError, match=r"broken\.toml: line 1"):
        configure(session, "broken.toml", "order = ")

    assert session.place().length == 3


def test_a_study_is_refused_for_everybody_whom_it_cannot_serve(
    session: Session, do: Do
) -> None:
    for participant in range(2, 10):
        do(add(session, participant))

    with pytest.raises(StudyError) as caught:
        configure(session, "chancy.toml", CHANCY)

    told = [str(problem) for problem in caught.value.problems]
    assert len(told) == len(UNLUCKY)
    for text, participant in zip(told, UNLUCKY, strict=True):
        assert f"participant {participant}: " in text
    assert session.place(5).length == 3


@pytest.mark.parametrize("command", [move_next, abandon])
def test_who_was_never_added_is_refused(
    session: Session, command: Callable[[Session, int], list[Fact]]
) -> None:
    with pytest.raises(UnknownParticipantError, match="no participant 8; add them"):
        command(session, 8)


def test_who_was_never_added_is_not_moved_to_a_block(session: Session) -> None:
    with pytest.raises(UnknownParticipantError, match="no participant 8; add them"):
        move_to(session, 0, 8)


def test_an_unknown_participant_is_a_key_that_is_not_found(session: Session) -> None:
    with pytest.raises(KeyError) as caught:
        session.place(8)

    assert isinstance(caught.value, NotFoundError)
    assert str(caught.value) == "no participant 8; add them first; known: 1"


def test_decisions_change_nothing_by_themselves(session: Session, do: Do) -> None:
    do(add(session, 2))
    before = dict(session.participants)

    move_next(session)
    move_to(session, 2, 2)
    move_all(session, 1)
    abandon(session, 2)
    add(session, 3)
    next_participant(session, now=9.0)
    configure(session, "other.toml", study_of(5))

    assert session.participants == before
    assert session.name == "study.toml"
