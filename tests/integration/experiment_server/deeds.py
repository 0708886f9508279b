"""What is done to both experiments: calls that hypothesis makes up, and files it rewrites."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.integration.experiment_server.sides import Call, Side
from tests.unit.experiment.lengths import CHANCY, UNLUCKY, study_of

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
