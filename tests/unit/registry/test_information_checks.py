"""Versioning, accreditation, and other checks that ask for information."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pytest

from recado.registry import (
    Accreditation,
    CheckError,
    CreditFields,
    Information,
    InvalidRegistrationError,
    NotRegisteredError,
    RegistrationWarning,
    Registry,
    Versioning,
)


def registry(*checks: Information, skip: bool = False) -> Registry[object]:
    return Registry("models", checks, skip_validation=skip)


@pytest.mark.parametrize("forced", [True, False])
def test_versions_of_a_key_are_told_apart(forced: bool) -> None:
    models = registry(Versioning(forced=forced))
    models.register_prebuilt("old", "net", version="1", date="2023-01-01")
    models.register_prebuilt("new", "net", version="2", date="2024-01-01")

    assert models.get("net", version="1") == "old"
    assert models.get("net", version="2") == "new"
    assert models.keys() == ["net", "net"]
    assert models.check_choice("net", version="2")
    assert models.get_info("net", version="2")["date"] == "2024-01-01"
    assert models.get_info("net", version="2")["version"] == "2"


def test_a_lookup_without_a_version_says_which_there_are() -> None:
    models = registry(Versioning())
    models.register_prebuilt("old", "net", version="1", date="2023-01-01")

    with pytest.raises(NotRegisteredError) as missing:
        models.get("net")
    with pytest.raises(NotRegisteredError) as other:
        models.get("net", version="3")

    assert (
        str(missing.value) == "models has no 'net' without version; known: version '1'"
    )
    assert (
        str(other.value) == "models has no 'net' with version '3'; known: version '1'"
    )


def test_a_date_that_is_wrong_is_not_accepted() -> None:
    models = registry(Versioning(forced=True))
    models.register_prebuilt("old", "net", version="1", date="2023-01-01")

    with pytest.raises(
        NotRegisteredError,
        match=r"net \(version '1'\), but its date is '2023-01-01', not '1999'",
    ):
        models.get("net", version="1", date="1999")
    assert models.get("net", version="1", date="2023-01-01") == "old"


def test_an_unversioned_object_may_stand_beside_versions() -> None:
    models = registry(Versioning())
    models.register_prebuilt("old", "net", version="1", date="2023-01-01")

    with pytest.warns(RegistrationWarning, match="Versioning: needs version and date"):
        models.register_prebuilt("plain", "net")

    assert models.get("net") == "plain"
    with pytest.raises(NotRegisteredError, match="not given, not '2024'"):
        models.get("net", date="2024")
    with pytest.raises(NotRegisteredError, match="version '1'; none of these"):
        models.get("net", version="2")


def test_what_is_missing_warns_on_registration_and_never_again() -> None:
    models = registry(Versioning())

    with pytest.warns(RegistrationWarning, match="fails a check.*needs date") as caught:
        models.register_prebuilt("old", "net", version="1")

    assert caught[0].filename == __file__
    assert models.get("net", version="1") == "old"
    info = models.get_info("net", version="1")
    assert info["failed_checks"] == ("Versioning: needs date",)


def test_a_forced_version_is_required() -> None:
    models = registry(Versioning(forced=True))

    with pytest.raises(CheckError) as caught:
        models.register_prebuilt("old", "net", version="1")

    assert str(caught.value) == "models: 'net' is refused: Versioning: needs date"
    assert isinstance(caught.value.__cause__, ValueError)
    assert "net" not in models


@pytest.mark.parametrize("version", [1, 1.0, "", None])
def test_a_version_is_a_text(version: object) -> None:
    models = registry(Versioning(forced=True))

    with pytest.raises(CheckError, match="version must be a text, not"):
        models.register_prebuilt("old", "net", version=version, date="2023-01-01")


def test_a_version_that_cannot_be_a_key_is_refused() -> None:
    models = registry(Versioning())

    with pytest.raises(InvalidRegistrationError, match="version is part of the key"):
        models.register_prebuilt("old", "net", version=["1"], date="2023-01-01")


def test_a_version_taken_is_named_by_the_error() -> None:
    models = registry(Versioning())
    models.register_prebuilt("old", "net", version="1", date="2023-01-01")

    with pytest.raises(
        KeyError, match="already has 'net' with version '1', registered"
    ):
        models.register_prebuilt("new", "net", version="1", date="2024-01-01")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("forced", [True, False])
def test_credit_needs_an_author_and_a_kind_and_no_more(forced: bool) -> None:
    models = registry(Accreditation(forced=forced))

    models.register_prebuilt("net", "net", author="Ada", credit_type="reference")

    assert models.get("net") == "net"
    assert models.get("net", author="Ada") == "net"
    assert models.get_info("net")["author"] == "Ada"


def test_credit_that_is_wrong_does_not_find_the_object() -> None:
    models = registry(Accreditation())
    models.register_prebuilt("net", "net", author="Ada", credit_type="reference")

    with pytest.raises(NotRegisteredError, match="its author is 'Ada', not 'Bob'"):
        models.get("net", author="Bob")


def test_forced_credit_is_required() -> None:
    models = registry(Accreditation(forced=True))

    with pytest.raises(CheckError, match="needs author and credit_type"):
        models.register_prebuilt("net", "net", url="https://example.org")


def test_credit_reads_as_text_with_what_is_known() -> None:
    full = CreditFields("Ada", "reference", "ada", "https://example.org", "see there")

    assert str(full) == (
        "Ada (ada)\nurl: https://example.org\nadditional information: see there"
    )
    assert str(CreditFields("Ada", "reference")) == "Ada"


def test_skipped_checks_refuse_nothing_and_lose_nothing() -> None:
    models = registry(Versioning(forced=True), Accreditation(forced=True), skip=True)

    models.register_prebuilt("net", "net", version="1", author="Ada")

    assert models.get("net", version="1") == "net"
    info = models.get_info("net", version="1")
    assert info["author"] == "Ada"
    assert info["failed_checks"] == (
        "Versioning: needs date",
        "Accreditation: needs credit_type",
    )


def test_all_forced_complaints_are_told_at_once() -> None:
    models = registry(Versioning(forced=True), Accreditation(forced=True))

    with pytest.raises(CheckError) as caught:
        models.register_prebuilt("net", "net")

    assert "Versioning: needs version and date; Accreditation: needs" in str(
        caught.value
    )
    assert len(caught.value.failures) == 2
    group = cast("ExceptionGroup[Exception]", caught.value.__cause__)
    assert group.exceptions == caught.value.failures


@dataclass
class Stage:
    stage: str
    owner: str = "nobody"

    def __post_init__(self) -> None:
        if self.stage not in ("draft", "final"):
            raise ValueError(f"stage is draft or final, not {self.stage!r}")


def test_fields_of_ones_own_are_checked_by_their_dataclass() -> None:
    models = registry(Information(Stage, ["stage"], forced=True))
    models.register_prebuilt(1, "net", stage="draft")

    assert models.get("net", stage="draft") == 1
    with pytest.raises(CheckError, match="stage is draft or final, not 'half'"):
        models.register_prebuilt(2, "net", stage="half")


def test_shipped_checks_take_fields_of_ones_own() -> None:
    models = registry(Versioning(Stage, ["stage"]), Accreditation(Stage))

    models.register_prebuilt(1, "net", stage="draft", owner="Ada")

    assert models.get("net", stage="draft", owner="Ada") == 1


@dataclass
class Clash:
    key: str
    obj: str


def test_fields_that_could_never_work_are_refused() -> None:
    with pytest.raises(InvalidRegistrationError, match="must be a dataclass"):
        Information(int)
    with pytest.raises(InvalidRegistrationError, match="cannot have a field named key"):
        Information(Clash)
    with pytest.raises(InvalidRegistrationError, match=r"no field 'stag'.*'stage'"):
        Information(Stage, ["stag"])
