"""What the registry answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recado.errors import NotFoundError
from recado.recipe import RecipeFolder
from recado.schemas.registry import Beat, LookupRequest, StudyEntry
from recado.studies import StudyFolder, UnusableError
from recado_registry import answering
from recado_registry.liveness import Leases


@pytest.fixture
def leases() -> Leases:
    leases = Leases(100.0)
    for host, name in (("lab.2", "expander"), ("lab.1", "expander"), ("lab.3", "dlq")):
        beat = Beat.model_validate(
            {"host": host, "status": 1, "recado": {"name": name}, "tag": "blue"}
        )
        leases.hear(beat, host, 100.0)
    return leases


@pytest.fixture
def folder(tmp_path: Path) -> RecipeFolder:
    good: dict[str, Any] = {
        "start": [[1, {}]],
        "1": {"queue": "a", "service": "First", "output": 2},
    }
    good["2"] = {"topic": "b"}
    (tmp_path / "good.json").write_text(json.dumps(good))
    (tmp_path / "bad.json").write_text('{"start": [[2, {}]], "1": {"queue": "a"}}')
    return RecipeFolder(tmp_path)


def test_instances_come_with_all_that_they_said(leases: Leases) -> None:
    reply = answering.services(leases, None, 104.0)

    assert [entry.instance for entry in reply.instances] == ["lab.3", "lab.1", "lab.2"]
    first = reply.instances[0]
    assert (first.service, first.age_s, first.ends_in_s) == ("dlq", 4.0, 11.0)
    assert first.beat["tag"] == "blue"
    assert reply.complete_in_s == 11.0


def test_instances_of_one_service_can_be_asked_for(leases: Leases) -> None:
    reply = answering.services(leases, "expander", 104.0)

    assert [entry.instance for entry in reply.instances] == ["lab.1", "lab.2"]
    assert answering.services(leases, "nobody", 104.0).instances == []


def test_a_service_is_found_with_its_instances(leases: Leases) -> None:
    reply = answering.find_service(leases, "dlq", 120.0)

    assert [entry.instance for entry in reply.instances] == ["lab.3"]
    assert reply.complete_in_s == 0


def test_an_unknown_service_is_told_with_the_nearest_name(leases: Leases) -> None:
    with pytest.raises(NotFoundError, match="did you mean 'expander'") as caught:
        answering.find_service(leases, "expnader", 120.0)
    assert "heard" not in str(caught.value)

    with pytest.raises(NotFoundError, match=r"all will have been heard in 11 s$"):
        answering.find_service(leases, "expnader", 104.0)


def test_recipes_come_with_their_steps_or_their_problems(folder: RecipeFolder) -> None:
    bad, good = answering.recipes(folder).recipes

    assert [step.model_dump(exclude_none=True) for step in good.steps] == [
        {"id": 1, "queue": "a", "service": "First"},
        {"id": 2, "topic": "b"},
    ]
    assert (good.name, good.problems) == ("good", [])
    assert (bad.name, bad.steps) == ("bad", [])
    assert "start[0][0]" in {problem.path for problem in bad.problems}


def test_a_recipe_is_found_by_its_name(folder: RecipeFolder) -> None:
    found = answering.find_recipe(folder, asked("bad", whole=True))

    assert found.recipe is not None
    assert found.recipe.problems
    assert found.recipe.document is None


def test_a_whole_recipe_travels_unless_it_is_known(folder: RecipeFolder) -> None:
    brief = answering.find_recipe(folder, asked("good")).recipe
    whole = answering.find_recipe(folder, asked("good", whole=True)).recipe
    assert brief is not None
    assert whole is not None
    known = asked("good", whole=True, known=whole.digest)
    again = answering.find_recipe(folder, known).recipe

    assert (brief.document, brief.digest) == (None, "")
    assert whole.document == folder.load("good").to_json()
    assert again is not None
    assert (again.document, again.digest) == (None, whole.digest)


@pytest.mark.parametrize("name", ["goood", "../good", "a/b"])
def test_an_unknown_recipe_is_not_found(folder: RecipeFolder, name: str) -> None:
    with pytest.raises(NotFoundError):
        answering.find_recipe(folder, asked(name))


@pytest.fixture
def studies(tmp_path: Path) -> StudyFolder:
    for version in ("1.2", "1.10"):
        (tmp_path / f"reading@{version}.toml").write_text(version)
    (tmp_path / "strange.toml").write_bytes(b"name = '\xe9'")
    (tmp_path / "folder.toml").mkdir()
    return StudyFolder(tmp_path)


def test_studies_come_with_their_digests(studies: StudyFolder) -> None:
    reply = answering.studies(studies)

    assert [entry.name for entry in reply.studies] == [
        "reading@1.10",
        "reading@1.2",
        "strange",
    ]
    assert {entry.text for entry in reply.studies} == {None}
    assert reply.studies[0].digest == studies.find("reading@1.10").sha256


def test_a_study_that_cannot_be_read_is_listed_with_the_reason(
    studies: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("os.open", fail)

    assert [
        (entry.digest, entry.problem) for entry in answering.studies(studies).studies
    ] == [("", "[Errno 5] Input/output error")] * 3


def test_a_study_travels_unless_it_is_known(studies: StudyFolder) -> None:
    brief = of_study(studies, "reading@1")
    whole = of_study(studies, "reading@1", whole=True)
    again = of_study(studies, "reading@1", whole=True, known=whole.digest)

    assert (whole.name, whole.text) == ("reading@1.10", "1.10")
    assert brief == again == whole.model_copy(update={"text": None})


def test_of_a_studys_versions_the_one_with_the_digest_is_found(
    studies: StudyFolder,
) -> None:
    digest = studies.find("reading@1.2").sha256

    assert of_study(studies, "reading", digest=digest).name == "reading@1.2"


def test_a_study_that_is_not_utf_8_is_refused(studies: StudyFolder) -> None:
    with pytest.raises(UnusableError, match="'strange' is not UTF-8: byte 0xe9 at 8"):
        of_study(studies, "strange", whole=True)


def of_study(folder: StudyFolder, name: str, **others: Any) -> StudyEntry:
    request = LookupRequest(kind="study", name=name, **others)
    reply = answering.find_study(folder, request)
    assert (reply.kind, reply.name) == ("study", name)
    assert reply.study is not None
    return reply.study


def asked(name: str, *, whole: bool = False, known: str = "") -> LookupRequest:
    return LookupRequest(kind="recipe", name=name, whole=whole, known=known)
