"""Where studies come from: a path in the folder, or a name in the registry."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from recado.clients.lookup import Lookup
from recado.config import Settings
from recado.errors import NotFoundError, RemoteError
from recado.events import Event
from recado.runtime.threads import Threads
from recado.schemas.registry import REGISTRY_QUEUE, StudyEntry
from recado.studies import Source, StudyFolder, UnusableError
from recado.testing import Harness
from recado_expander.expansion import Limits
from recado_expander.service import AGAIN_S, Expander
from recado_expander.sources import RegistryAwayError, Sources
from recado_registry.service import Registry
from tests.unit.beside import beside
from tests.unit.expander.conftest import STUDY

MakeHarness = Callable[..., Harness]

NEWER = STUDY.replace("distance = 9", "distance = 8")


class Hasty(Expander):
    """An expander with no patience for the registry."""

    answer_timeout_s: ClassVar[float] = 0.05


@pytest.fixture
def far(tmp_path: Path) -> Settings:
    """Return the settings of a registry that has a study, in one version."""
    path = tmp_path / "far"
    path.mkdir()
    (path / "reading@1.toml").write_text(STUDY)
    return Settings(recipes=path)


def told(harness: Harness) -> list[Event]:
    return [event for event in harness.events if event.type == "study.expanded"]


def distances(harness: Harness) -> set[int]:
    blocks = [block for each in harness.sent for block in each["blocks"]]
    return {block["config"]["distance"] for block in blocks}


async def test_a_name_is_looked_up_in_the_registry(
    expander: MakeHarness, far: Settings
) -> None:
    async with expander() as h, beside(h, Registry(), far):
        await h.send({"study": "reading", "participants": "1-3"})
        await h.settle()

    (event,) = told(h)
    assert event.data["study"] == "reading@1"
    assert event.data["sha256"] == Source.of("", STUDY.encode()).sha256
    assert [each["participant"] for each in h.sent] == [1, 2, 3]


async def test_a_new_request_gets_the_newest_version_at_once(
    expander: MakeHarness, far: Settings
) -> None:
    async with expander() as h, beside(h, Registry(), far):
        await h.send({"study": "reading@1", "participants": 1})
        await h.settle()
        before = distances(h)
        (far.recipes / "reading@1.1.toml").write_text(NEWER)
        await h.send({"study": "reading@1", "participants": 1})
        await h.settle()

    assert (before, distances(h)) == ({1, 9}, {1, 9, 8})


async def test_chunks_keep_to_the_version_that_their_request_began_with(
    expander: MakeHarness, far: Settings
) -> None:
    asked = {"study": "reading", "sha256": Source.of("", STUDY.encode()).sha256}
    (far.recipes / "reading@1.1.toml").write_text(NEWER)
    (far.recipes / "reading.toml").write_text(NEWER + "# newer")
    async with expander(Limits(chunk=1)) as h, beside(h, Registry(), far):
        await h.send(asked | {"participants": "1-3"})
        await h.settle()

    assert {event.data["study"] for event in told(h)} == {"reading@1"}
    assert (distances(h), len(h.sent), h.dead) == ({1, 9}, 3, [])


async def test_a_digest_that_no_version_has_is_given_up_at_once(
    expander: MakeHarness, far: Settings
) -> None:
    async with expander() as h, beside(h, Registry(), far):
        await h.send({"study": "reading", "participants": 1, "sha256": "0" * 64})
        await h.settle()

    (dead,) = h.dead
    assert (dead.reason, h.sent) == ("rejected", [])
    assert "study 'reading@1' is not the one that was asked for" in dead.text


async def test_an_unknown_name_is_one_dead_letter_with_the_nearest(
    expander: MakeHarness, far: Settings
) -> None:
    async with expander() as h, beside(h, Registry(), far):
        await h.send({"study": "raeding@1", "participants": "1-5000"})
        await h.settle()

    (dead,) = h.dead
    assert dead.letter is not None
    assert (dead.reason, dead.letter.attempts) == ("rejected", 1)
    assert "did you mean 'reading@1'?" in dead.text


async def test_a_study_that_is_not_read_is_one_dead_letter(
    expander: MakeHarness, far: Settings
) -> None:
    (far.recipes / "out.toml").symlink_to("/etc/hostname")
    async with expander() as h, beside(h, Registry(), far):
        await h.send({"study": "out", "participants": 1})
        await h.settle()

    (dead,) = h.dead
    assert dead.reason == "rejected"
    assert "'out.toml' is a link that leaves the folder" in dead.text


@pytest.mark.parametrize("was_there", [True, False])
async def test_a_registry_that_is_away_is_waited_for(
    recipes: Path, far: Settings, was_there: bool
) -> None:
    async with Harness(Hasty(), settings=Settings(recipes=recipes)) as h:
        if was_there:
            await h.transport.declare([REGISTRY_QUEUE])
        await h.send({"study": "reading", "participants": "1-3"})
        while not [event for event in h.events if event.type == "message.handled"]:
            await h.advance(1)
        for _ in range(10):
            await h.advance(AGAIN_S)
        assert (h.sent, h.dead) == ([], [])
        async with beside(h, Registry(), far):
            while not h.sent:
                await h.advance(AGAIN_S)

    assert [each["participant"] for each in h.sent] == [1, 2, 3]


class Stub:
    """A registry that answers as it is told; it remembers what it was asked."""

    def __init__(self, *answers: StudyEntry | Exception) -> None:
        self.answers = list(answers)
        self.known: list[str] = []

    async def study(self, name: str, *, known: str, digest: str) -> StudyEntry:
        self.known.append(known)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def sources(registry: Any, path: Path = Path()) -> Sources:
    found: Lookup = registry
    return Sources(StudyFolder(path), found, Threads("test"))


async def test_a_study_that_is_known_does_not_travel_again() -> None:
    one = Source.of("reading@1", b"one")
    entry = StudyEntry(name="reading@1", digest=one.sha256)
    same = entry.model_copy(update={"name": "reading@1.1"})
    stub = Stub(entry.model_copy(update={"text": "one"}), entry, same)
    found = sources(stub)

    assert [await found.find("reading") for _ in range(3)] == [
        one,
        one,
        Source("reading@1.1", b"one", one.sha256),
    ]
    assert stub.known == ["", one.sha256, one.sha256]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (StudyEntry(name="reading", digest="0"), RegistryAwayError),
        (RemoteError("os", "Input/output error"), RemoteError),
        (RemoteError("unusable", "too large"), UnusableError),
        (NotFoundError("no study 'reading'"), NotFoundError),
    ],
)
async def test_what_the_registry_refuses_is_told_apart(
    answer: StudyEntry | Exception, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await sources(Stub(answer)).find("reading")
