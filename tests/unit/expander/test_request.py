"""What a request may say, and what two of them say together."""

from __future__ import annotations

import pytest

from recado.errors import SchemaError
from recado.schemas.experiments import HIGHEST_PARTICIPANT
from recado.validation import validated
from recado_expander.request import MAX_PARTS, Job, Request, job_of
from recado_experiment import parse_ranges

DIGEST = "0" * 64
NINE = parse_ranges("1-9")
WHOLE = "00000000-0000-0000-0000-00000000000a"


def request(value: object) -> Request:
    return validated(Request, value, "message", "payload")


def job(parameters: object, payload: object, id_: str = WHOLE) -> Job:
    return job_of(request(parameters), request(payload), id_)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("1-24", "1-24"),
        ("1-50,60", "1-50,60"),
        (" 3 , 1 - 2 ", "1-3"),
        ([5, 1, 2, 2], "1-2,5"),
        (7, "7"),
        ("7", "7"),
        (HIGHEST_PARTICIPANT, str(HIGHEST_PARTICIPANT)),
    ],
)
def test_participants_are_ranges_a_list_or_a_number(given: object, meant: str) -> None:
    assert str(request({"participants": given}).participants) == meant


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "'' is neither a number nor a range"),
        ([], "'' is neither a number nor a range"),
        ("0-4", "'0-4' begins below 1"),
        ("5-1", "'5-1' runs backwards; write '1-5'"),
        ("all", "'all' is neither a number nor a range"),
        (0, "'0' begins below 1"),
        (-3, "'-3' is neither a number nor a range"),
        (True, "numbers are whole"),
        (2.0, "numbers are whole"),
        (["1-3"], "numbers are whole"),
        ({"first": 1}, "numbers are whole"),
        ("1-10000001", "10000001 is above 10000000"),
        ([1] * (MAX_PARTS + 1), "too long"),
        ("1," * MAX_PARTS, "too long"),
    ],
)
def test_other_participants_are_refused_with_the_reason(
    given: object, why: str
) -> None:
    with pytest.raises(SchemaError, match=r"payload\.participants: must be") as caught:
        request({"participants": given})

    assert why in str(caught.value)


def test_every_participant_that_is_none_is_told_of() -> None:
    with pytest.raises(SchemaError, match=r"\[0\]: '0' begins.*\[2\]: '3-2' runs"):
        request({"participants": "0,4,3-2"})


@pytest.mark.parametrize(
    "study", ["a.toml", "_a/b-1/c.d.toml", "1/2.toml", "a@1.toml", "a", "a@1", "a@1.2"]
)
def test_a_study_is_a_path_below_the_folder_or_a_name(study: str) -> None:
    assert request({"study": study}).study == study


@pytest.mark.parametrize(
    "path",
    [
        "../a.toml",
        "/etc/a.toml",
        "a/../b.toml",
        "a//b.toml",
        ".toml",
        ".a.toml",
        "a\\b.toml",
        "a.toml\n",
        "a/b.TOML",
        "a/b",
        "a@",
        "a@latest",
        "é.toml",
        "{study}",
        f"{'a' * 251}.toml",
    ],
)
def test_a_study_that_could_be_elsewhere_is_refused(path: str) -> None:
    with pytest.raises(
        SchemaError, match=r"payload\.study: must be the path of a .toml"
    ):
        request({"study": path})


def test_a_study_and_a_text_do_not_go_together() -> None:
    with pytest.raises(SchemaError, match="payload: must have 'study' or 'text'"):
        request({"study": "a.toml", "text": ""})


def test_an_unknown_key_is_refused_with_the_nearest() -> None:
    with pytest.raises(SchemaError, match="did you mean 'participants'"):
        request({"participant": 1})


@pytest.mark.parametrize("nothing", [None, "", [], {}])
def test_a_payload_that_says_nothing_leaves_everything_to_the_parameters(
    nothing: object,
) -> None:
    made = job({"study": "a.toml", "participants": "1-3", "by": "block"}, nothing)

    assert (made.study, str(made.participants), made.by) == ("a.toml", "1-3", "block")
    assert made.carried == {}


@pytest.mark.parametrize(
    ("payload", "changed"),
    [
        ({"participants": 9}, {"participants": "9"}),
        ({"by": "block"}, {"by": "block"}),
        ({"study": "b.toml"}, {"study": "b.toml", "sha256": None}),
        ({"text": ""}, {"study": None, "text": "", "sha256": None}),
        ({"sha256": "1" * 64}, {"sha256": "1" * 64}),
        ({"study": None, "participants": None}, {}),
    ],
)
def test_the_payload_goes_before_the_parameters_key_by_key(
    payload: object, changed: dict[str, str | None]
) -> None:
    parameters = {"study": "a.toml", "participants": "1-3", "sha256": DIGEST}

    made = job(parameters, payload)

    assert {
        "study": made.study,
        "text": made.text,
        "participants": str(made.participants),
        "by": made.by,
        "sha256": made.sha256,
    } == {
        "study": "a.toml",
        "text": None,
        "participants": "1-3",
        "by": "participant",
        "sha256": DIGEST,
    } | changed


def test_all_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(SchemaError) as caught:
        job({"by": "block"}, {})

    assert [each.path for each in caught.value.problems] == [
        "parameters.study",
        "parameters.participants",
    ]


def test_a_smaller_request_means_the_same_study_in_the_same_way() -> None:
    parameters = {"study": "a.toml", "participants": "1-9"}
    payload = {"text": "x", "by": "block"}

    whole = job(parameters, payload)
    part = job(parameters, whole.smaller(NINE, DIGEST))

    assert (part.text, part.by, part.sha256) == ("x", "block", DIGEST)
    assert str(part.participants) == "1-9"


def test_a_smaller_request_of_a_long_list_is_understood() -> None:
    highest = HIGHEST_PARTICIPANT
    every_other = list(range(highest - 2 * MAX_PARTS, highest, 2))

    whole = job({"study": "a.toml"}, {"participants": every_other})
    part = job({"study": "a.toml"}, whole.smaller(whole.participants, DIGEST))

    assert part.participants == whole.participants


def test_every_smaller_request_knows_the_one_that_was_made() -> None:
    whole = job({"study": "a.toml"}, {"participants": "1-9"})

    part = job({"study": "a.toml"}, whole.smaller(NINE, DIGEST), "another id")
    smallest = job({"study": "a.toml"}, part.smaller(NINE, DIGEST), "a third")

    assert [each.whole for each in (whole, part, smallest)] == [WHOLE] * 3
    assert [each.is_part for each in (whole, part, smallest)] == [False, True, True]


def test_a_smaller_request_names_the_version_that_was_found() -> None:
    whole = job({"study": "reading", "participants": "1-9"}, {})

    part = job({"study": "other"}, whole.of("reading@1.2").smaller(NINE, DIGEST))

    assert (part.study, part.sha256) == ("reading@1.2", DIGEST)
    assert whole.of("reading") is whole
