"""Experiment beside experiment-server's own: the same calls, the same answers.

Left out is what they are known to do differently; see docs/reference/experiment-api.md. Nobody
watches files here: a reload is asked for, so that both meet it at the same time.
``RECADO_FUZZ=long`` (``make fuzz``) makes up 5,000 sequences of calls, other ones each time.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from recado_experiment import Experiment, StudyError
from recado_experiment.session import UnknownParticipantError
from tests.integration.experiment_server.peer import Peer
from tests.unit.experiment.fuzz.effort import patient, tried
from tests.unit.experiment.lengths import CHANCY, UNLUCKY, study_of
from tests.unit.experiment.live.unwatched import Unwatched

DRAWN = """
[configuration]
order = [["near", "far"], ["bright", "dark"]]
groups_strategy = "latin_square"
within_groups_strategy = "randomize"
final_blocks = ["near"]
random_seed = 7

[[blocks]]
name = "near"
[blocks.config]
n = 1
pick = { function_name = "choices", args = [["l", "r"]], params = { unique = false } }

[[blocks]]
name = "far"
extends = "near"

[[blocks]]
name = "bright"
extends = "near"
[blocks.config]
light = 0.9

[[blocks]]
name = "dark"
extends = "bright"
"""
STUDIES = {
    "uneven": (study_of(3, 2), study_of(3, 2, x=7)),
    "drawn": (DRAWN, DRAWN.replace("0.9", "0.1")),
    "empty": (study_of(2, 0), study_of(2, 0, x=7)),
    "chancy": (CHANCY, CHANCY.replace("[configuration]", "[configuration]\nn = 1")),
}
"""Studies, each with another of its lengths that it may be replaced by while it runs."""
BROKEN = ("order = ", "[configuration]\norder = ['a']\nblocks = []")

ANYBODY = st.one_of(st.none(), st.integers(0, 9))
LUCKY = st.sampled_from(sorted({*range(1, 10)} - {*UNLUCKY}))
BLOCKS = st.one_of(st.integers(-2, 7), st.sampled_from(["1", 1.5]))


class Kind(Protocol):
    """Tells what kind of an error one is, in words that both sides share."""

    def __call__(self, error: Exception) -> str: ...


def our_kind(error: Exception) -> str:
    match error:
        case UnknownParticipantError():
            return "participant"
        case StudyError():
            return "study"
        case FileNotFoundError():
            return "file"
        case TypeError():
            return "type"
        case _:
            raise error


def their_kind(error: Exception) -> str:
    match type(error).__name__:
        case "KeyError":
            return "participant"
        case "ExperimentServerException" if "is not set" in str(error):
            return "participant"
        case "FileNotFoundError":
            return "file"
        case "AssertionError" if "`block`" in str(error):
            return "type"
        case (
            "ExperimentServerConfigurationException"
            | "ExperimentServerException"
            | "TomlDecodeError"
            | "AssertionError"
            | "KeyError"
        ):
            return "study"
        case _:
            raise error


@dataclass
class Side:
    """One of the two experiments, and what it told of its files."""

    experiment: Any
    reload: Callable[[], object]
    kind: Kind

    def __post_init__(self) -> None:
        self.told: list[tuple[str, bool]] = []
        self.experiment.on_file_change_callback.append(self.hear_of_file)
        self.experiment.on_config_change_callback.append(self.hear_of_config)

    def hear_of_file(self, is_usable: bool) -> None:
        self.told.append(("file", is_usable))

    def hear_of_config(self, is_usable: bool) -> None:
        self.told.append(("config", is_usable))

    def answer(self, call: Call) -> object:
        """Return what a call gives, or the kind of the error that it raises."""
        try:
            given = call.on(self)
        except Exception as error:
            return ("raises", self.kind(error))
        return deepcopy(given)

    def seen(self) -> list[object]:
        """Return all that can be seen of it."""
        experiment = self.experiment
        states = [
            (
                number,
                state.participant_index,
                state.block_id,
                state.block,
                state.block_name,
                state.active,
                state.config,
                state.status_string(),
            )
            for number, state in experiment.global_state.items()
        ]
        default = experiment.default_participant_index
        return [*states, default, Path(experiment.config_file), self.told]


class Call(Protocol):
    """Something that is done to both."""

    def on(self, side: Side) -> object: ...


@dataclass(frozen=True)
class Ask:
    """A method is called."""

    method: str
    arguments: tuple[object, ...] = ()

    def on(self, side: Side) -> object:
        return getattr(side.experiment, self.method)(*self.arguments)


@dataclass(frozen=True)
class Put:
    """An attribute of the experiment is set."""

    attribute: str
    value: object

    def on(self, side: Side) -> object:
        setattr(side.experiment, self.attribute, self.value)
        return None


@dataclass(frozen=True)
class Open:
    """Another file is set, by the name of its study."""

    name: str

    def on(self, side: Side) -> object:
        side.experiment.config_file = side.experiment.config_file.with_name(self.name)
        return None


@dataclass(frozen=True)
class Step:
    """A participant's state is used."""

    participant: int | None
    block_id: int | None

    def on(self, side: Side) -> object:
        state = side.experiment.get_participant_state(self.participant)
        if self.block_id is None:
            return state.move_to_next_block()
        state.block_id = self.block_id
        return None


@dataclass(frozen=True)
class Edit:
    """Somebody changes the config that they were given."""

    value: int

    def on(self, side: Side) -> object:
        config = side.experiment.get_config()
        if config is not None:
            config["edited"] = self.value
        return None


@dataclass(frozen=True)
class Rewrite:
    """The file is written anew, and read: one of its texts, or a broken one for a while."""

    version: int

    def on(self, side: Side) -> object:
        file = Path(side.experiment.config_file)
        versions = STUDIES[file.stem]
        before = file.read_text()
        if self.version < len(versions):
            file.write_text(versions[self.version])
            side.reload()
        else:
            file.write_text(BROKEN[self.version - len(versions)])
            side.reload()
            file.write_text(before)
        return None


def asked(method: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Call]:
    return st.tuples(*arguments).map(lambda given: Ask(method, given))


CALLS: st.SearchStrategy[Call] = st.one_of(
    asked("get_next_participant"),
    asked("add_participant_index", st.integers(0, 9)),
    asked("get_state", ANYBODY),
    asked("move_to_next", ANYBODY),
    asked("move_to_next"),
    asked("move_to_block", BLOCKS, ANYBODY),
    asked("move_all_to_block", BLOCKS),
    asked("get_config", ANYBODY),
    asked("get_all_configs", ANYBODY),
    asked("get_blocks_count", ANYBODY),
    asked("reset_participant", st.one_of(st.none(), LUCKY)),
    st.one_of(st.just(0), LUCKY).map(lambda at: Put("default_participant_index", at)),
    st.sampled_from(
        ["uneven.toml", "drawn.toml", "empty.toml", "missing.toml", "broken.toml"]
    ).map(Open),
    st.builds(Step, ANYBODY, st.one_of(st.none(), st.integers(-2, 7))),
    st.builds(Edit, st.integers(0, 9)),
    st.builds(Rewrite, st.integers(0, 3)),
)


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
