"""An experiment: a configuration file, its participants, and how far each of them is."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias, cast

from recado_experiment.document.reading import decoded
from recado_experiment.errors import refusal
from recado_experiment.live.state import Block, ParticipantState
from recado_experiment.live.watching import Watch
from recado_experiment.session import (
    Fact,
    Place,
    Session,
    add,
    configure,
    move_all,
    move_next,
    move_to,
    next_participant,
    open_session,
)
from recado_experiment.session.place import BEFORE

if TYPE_CHECKING:
    from recado.message import Json

Callback: TypeAlias = Callable[[bool], object]

log = logging.getLogger(__name__)


class Experiment:
    """A session in this process, by the names of experiment-server's Python API.

    Where a participant may be left out, the default one is meant. Threads can share an
    experiment. It follows its file, written in place or replaced by a rename: everybody
    gets the new configuration at once and stays where they are. A file that cannot be used
    is logged, and nothing changes.
    """

    def __init__(
        self, config_file: str | Path, default_participant_index: int = 1
    ) -> None:
        """Read a study and add the default participant.

        Raises:
            StudyError: if it cannot be used, with every problem; also for a file whose
                name does not end in ``.toml``, and for a participant below 1.
            OSError: if the file cannot be read.
        """
        self.on_file_change_callback: list[Callback] = []
        """Called when the file has changed: with True, or False if it cannot be used."""
        self.on_config_change_callback: list[Callback] = []
        """The same, for when ``config_file`` is set."""
        self._lock = RLock()
        self._expanded: dict[int, list[Block]] = {}
        self._config_file = Path(config_file)
        self._default = default_participant_index
        self._session = Session()
        # Whoever tells of a change while the file is read waits until it was.
        with self._lock:
            self._watch = Watch(self._config_file, self.reload)
            try:
                begun = open_session(*_read(self._watch.file), self._default)
            except BaseException:
                self._watch.stop()
                raise
            self._take(begun)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Follow the file no longer; the rest works on. Setting ``config_file`` undoes it.

        An experiment that nobody holds any more is closed by itself.
        """
        self._watch.stop()

    @property
    def config_file(self) -> Path:
        """The configuration file; setting it puts everybody back before the first block.

        Raises, when it is set, and leaves everything as it is:
            StudyError: if the file cannot be used, or not for everybody who is there.
            OSError: if it cannot be read.
        """
        return self._config_file

    @config_file.setter
    def config_file(self, value: str | Path) -> None:
        try:
            self._switch(Path(value))
        except Exception:
            _call(self.on_config_change_callback, False)
            raise
        _call(self.on_config_change_callback, True)

    @property
    def default_participant_index(self) -> int:
        """Who is meant where nobody is named; whoever it is set to is added.

        Raises, when it is set:
            StudyError: if the study cannot be expanded for them.
        """
        return self._default

    @default_participant_index.setter
    def default_participant_index(self, value: int) -> None:
        with self._lock:
            self.add_participant_index(value)
            self._default = value

    @property
    def global_state(self) -> dict[int, ParticipantState]:
        """Everybody who is there, in the order in which they came; a copy."""
        with self._lock:
            return {
                participant: ParticipantState(self, participant)
                for participant in self._session.participants
            }

    def get_next_participant(self) -> int:
        """Add the participant after the highest one, and return who that is.

        Raises:
            StudyError: if the study cannot be expanded for them.
        """
        with self._lock:
            self._take(next_participant(self._session, now=0.0))
            return max(self._session.participants)

    def add_participant_index(self, participant_index: int) -> bool:
        """Add a participant; return False if they are there already.

        Raises:
            StudyError: if the study cannot be expanded for them.
        """
        with self._lock:
            return self._take(add(self._session, participant_index))

    def get_participant_state(
        self, participant_index: int | None = None
    ) -> ParticipantState:
        """Return a view of one participant.

        Raises:
            UnknownParticipantError: if there is no such participant, as every method
                that takes one does.
        """
        return ParticipantState(self, self.get_place(participant_index).participant)

    def get_place(self, participant_index: int | None = None) -> Place:
        """Return where a participant stands, all of one moment."""
        with self._lock:
            return self._session.place(self._number(participant_index))

    def get_state(self, participant_index: int | None = None) -> bool:
        """Return whether a participant is in a block."""
        return self.get_place(participant_index).is_active

    def move_to_next(self, participant_index: int | None = None) -> str:
        """Move a participant on; return the block's name, or ``END``, again and again."""
        with self._lock:
            number = self._number(participant_index)
            self._take(move_next(self._session, number))
            return self._session.place(number).name

    def move_to_block(self, block_id: int, participant_index: int | None = None) -> str:
        """Move a participant to a block; return its name, or ``START`` or ``END``.

        Below 0 is before the first block, beyond the last one is the end.

        Raises:
            TypeError: if ``block_id`` is no integer.
        """
        position = _integer(block_id)
        with self._lock:
            number = self._number(participant_index)
            self._take(move_to(self._session, position, number))
            return self._session.place(number).name

    def move_all_to_block(self, block_id: int) -> str:
        """Move everybody, as ``move_to_block`` does; return the name for who came first.

        Raises:
            TypeError: if ``block_id`` is no integer.
        """
        position = _integer(block_id)
        with self._lock:
            self._take(move_all(self._session, position))
            return self._session.place(next(iter(self._session.participants))).name

    def get_blocks_count(self, participant_index: int | None = None) -> int:
        """Return how many blocks a participant has."""
        return self.get_place(participant_index).length

    def get_blocks(self, participant_index: int | None = None) -> list[Block]:
        """Return a participant's blocks, functions called.

        The list is new, the blocks are not: what is changed in them is what others are
        given, until the configuration changes or the participant is reset.
        """
        with self._lock:
            return [*self._blocks(self._number(participant_index))]

    def get_block(self, participant_index: int | None = None) -> Block | None:
        """Return the block that a participant is in; None if they are in none."""
        with self._lock:
            place = self.get_place(participant_index)
            if not place.is_active:
                return None
            return self._blocks(place.participant)[place.position]

    def get_all_configs(
        self, participant_index: int | None = None
    ) -> list[dict[str, Json]]:
        """Return the configs of a participant's blocks, in their order."""
        return [_config(block) for block in self.get_blocks(participant_index)]

    def get_config(
        self, participant_index: int | None = None
    ) -> dict[str, Json] | None:
        """Return the config of a participant's block; None if they are in none."""
        block = self.get_block(participant_index)
        return None if block is None else _config(block)

    def reset_participant(self, participant_index: int | None = None) -> bool:
        """Give a participant their blocks as the file has them now; return True.

        Raises:
            StudyError: if the file cannot be used, or not for everybody who is there.
            OSError: if it cannot be read.
        """
        with self._lock:
            number = self.get_place(participant_index).participant
            self._configure(self._watch.file)
            self._expanded.pop(number, None)
            return True

    def reload(self) -> bool:
        """Take in the file as if it had just changed; return whether it can be used.

        For folders on other machines, which do not tell of changes.
        """
        try:
            with self._lock:
                self._configure(self._watch.file)
                self._expanded.clear()
        except Exception as error:  # the study's functions may be anybody's
            log.warning("the former configuration stays: %s", error)
            _call(self.on_file_change_callback, False)
            return False
        _call(self.on_file_change_callback, True)
        return True

    def _number(self, participant: int | None) -> int:
        return self._default if participant is None else participant

    def _blocks(self, participant: int) -> list[Block]:
        self._session.progress(participant)
        if participant not in self._expanded:
            self._expanded[participant] = self._session.study.expand(participant)
        return self._expanded[participant]

    def _switch(self, file: Path) -> None:
        """Go by another file, everybody before the first block, or change nothing."""
        watch = Watch(file, self.reload)
        try:
            with self._lock:
                self._configure(watch.file)
                self._expanded.clear()
                self._take(move_all(self._session, BEFORE))
                self._config_file = file
                watch, self._watch = self._watch, watch
        finally:
            watch.stop()

    def _configure(self, file: Path) -> None:
        if self._take(configure(self._session, *_read(file))):
            self._expanded.clear()

    def _take(self, facts: Iterable[Fact]) -> bool:
        """Apply what was decided; return whether that changes anything."""
        told = list(facts)
        for fact in told:
            self._session.apply(fact)
        return bool(told)


def _read(file: Path) -> tuple[str, str]:
    """Return the name and the text of a study's file."""
    if file.suffix != ".toml":
        raise refusal(file.name, "", "a study's file ends in .toml")
    return file.name, decoded(file.read_bytes(), file.name)


def _config(block: Block) -> dict[str, Json]:
    return cast("dict[str, Json]", block["config"])


def _integer(block_id: object) -> int:
    if isinstance(block_id, int):
        return int(block_id)  # True is one too, and no position that could be written
    raise TypeError(f"a block's position is an integer, not {block_id!r}")


def _call(callbacks: Iterable[Callback], is_usable: bool) -> None:
    """Tell everybody, though one of them fails."""
    for callback in tuple(callbacks):
        try:
            callback(is_usable)
        except Exception:
            log.exception("%r failed when told of a change", callback)
