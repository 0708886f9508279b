"""Experiment beside experiment-server's own: the same calls, the same answers.

Left out is what they are known to do differently; see docs/reference/experiment-api.md. Nobody
watches files here: a reload is asked for, so that both meet it at the same time.
``RECADO_FUZZ=long`` (``make fuzz``) makes up 5,000 sequences of calls, other ones each time.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from recado_experiment import Experiment
from tests.integration.experiment_server.deeds import (
    BROKEN,
    CALLS,
    LUCKY,
    STUDIES,
    Ask,
)
from tests.integration.experiment_server.peer import Peer
from tests.integration.experiment_server.sides import (
    Call,
    Kind,
    Side,
    our_kind,
    their_kind,
)
from tests.unit.experiment.fuzz.effort import patient, tried
from tests.unit.experiment.lengths import CHANCY, UNLUCKY, study_of
from tests.unit.experiment.live.unwatched import Unwatched


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """experiment-server's module of that class, which watches no files and logs nothing."""
    Peer.installed(tmp_path_factory.mktemp("peer"))
    api: Any = import_module("experiment_server._api")
    api.logger.disable("experiment_server")
    yield api
    api.logger.enable("experiment_server")


class UnwatchedByBoth(Unwatched):
    """A watch of either side."""

    def end_watch(self) -> None:
        pass


@pytest.fixture(autouse=True)
def unwatched(original: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recado_experiment.live.experiment.Watch", UnwatchedByBoth)
    monkeypatch.setattr(original, "FileModifiedWatcher", UnwatchedByBoth)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "broken.toml").write_text(BROKEN[0])
    return tmp_path


def begun(original: Any, file: Path, participant: int) -> tuple[Side, Side]:
    """Begin with a file on both sides."""
    theirs = original.Experiment(file, participant)
    ours = Experiment(file, participant)
    return (
        Side(theirs, theirs._config_file_modified_callback, their_kind),
        Side(ours, ours.reload, our_kind),
    )


@patient
@tried(150, 5000)
@given(
    name=st.sampled_from(sorted(STUDIES)),
    default=LUCKY,
    calls=st.lists(CALLS, min_size=5, max_size=30),
)
def test_both_give_the_same_answers(
    original: Any, folder: Path, name: str, default: int, calls: list[Call]
) -> None:
    for study, versions in STUDIES.items():
        (folder / f"{study}.toml").write_text(versions[0])
    theirs, ours = begun(original, folder / f"{name}.toml", default)
    assert ours.seen() == theirs.seen()

    for call in calls:
        expected, found = theirs.answer(call), ours.answer(call)

        assert found == expected, call
        assert ours.seen() == theirs.seen(), call
        kind = "raises" if isinstance(expected, tuple) else "gives"
        event(f"{getattr(call, 'method', type(call).__name__)} {kind}")


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_what_both_refuse_to_begin_with(original: Any, folder: Path, name: str) -> None:
    file = folder / f"{name}.toml"
    file.write_text(STUDIES[name][0])

    for wrong, participant in [(file, 0), (file.with_suffix(".txt"), 1), (folder, 1)]:
        kinds = (
            refused(original.Experiment, wrong, participant, their_kind),
            refused(Experiment, wrong, participant, our_kind),
        )
        assert kinds == ("study", "study")


def refused(
    make: Callable[[Path, int], object], file: Path, participant: int, kind: Kind
) -> str:
    try:
        make(file, participant)
    except Exception as error:
        return kind(error)
    return "accepted"


def test_every_public_name_of_theirs_is_ours_too(original: Any, folder: Path) -> None:
    (folder / "uneven.toml").write_text(study_of(3, 2))

    theirs, ours = begun(original, folder / "uneven.toml", 1)

    assert public(theirs.experiment) - public(ours.experiment) == {"watchdog"}
    assert (
        public(theirs.experiment.get_participant_state(1))
        - public(ours.experiment.get_participant_state(1))
    ) == set()


def public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def test_after_a_reload_to_fewer_blocks_theirs_is_active_behind_its_end(
    original: Any, folder: Path
) -> None:
    theirs, ours = both_at_the_third_block(original, folder)

    (folder / "uneven.toml").write_text(study_of(1))
    theirs.reload()
    ours.reload()

    assert places(theirs) == (2, "END", True, None)
    assert places(ours) == (1, "END", False, None)


def test_after_a_reload_to_more_blocks_theirs_has_a_config_though_it_ended(
    original: Any, folder: Path
) -> None:
    theirs, ours = both_at_the_third_block(original, folder)
    for side in (theirs, ours):
        side.experiment.move_to_next()

    (folder / "uneven.toml").write_text(study_of(5))
    theirs.reload()
    ours.reload()

    assert places(theirs) == (3, "b3", False, "b3")
    assert places(ours) == (5, "END", False, None)


def test_after_a_study_that_cannot_serve_everybody_theirs_is_a_mix(
    original: Any, folder: Path
) -> None:
    theirs, ours = both_at_the_third_block(original, folder)
    for side in (theirs, ours):
        side.experiment.add_participant_index(UNLUCKY[0])

    (folder / "uneven.toml").write_text(CHANCY)
    theirs.reload()
    ours.reload()

    assert theirs.told == ours.told == [("file", False)]
    assert [theirs.experiment.get_blocks_count(at) for at in (1, UNLUCKY[0])] == [1, 3]
    assert [ours.experiment.get_blocks_count(at) for at in (1, UNLUCKY[0])] == [3, 3]


def test_while_the_file_is_broken_only_ours_can_add_a_participant(
    original: Any, folder: Path
) -> None:
    theirs, ours = both_at_the_third_block(original, folder)

    (folder / "uneven.toml").write_text(BROKEN[0])

    assert theirs.answer(Ask("get_next_participant")) == ("raises", "study")
    assert ours.answer(Ask("get_next_participant")) == 2


def both_at_the_third_block(original: Any, folder: Path) -> tuple[Side, Side]:
    (folder / "uneven.toml").write_text(study_of(3))
    sides = begun(original, folder / "uneven.toml", 1)
    for side in sides:
        side.experiment.move_to_block(2)
    return sides


def places(side: Side) -> tuple[object, ...]:
    state = side.experiment.get_participant_state(None)
    config = side.experiment.get_config()
    return state.block_id, state.block_name, state.active, config and config["name"]
