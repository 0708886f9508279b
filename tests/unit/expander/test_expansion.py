"""What one handling sends: participants, or smaller requests for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import pytest

from recado import __version__
from recado.envelope import Envelope
from recado.errors import SchemaError
from recado.message import Outgoing, encode
from recado.step import Step
from recado.validation import validated
from recado_expander.expansion import LIMITS, Limits, expand, pieces, ranges, split
from recado_expander.request import Job, Request, job_of
from recado_expander.studies import Prepared
from recado_experiment import Ranges, Study, StudyError, parse_ranges

MakeStep = Callable[..., Step]

DIGEST = "0" * 64
WHOLE = "00000000-0000-0000-0000-00000000000a"
PLAIN = """
[configuration]
order = ["a", "b"]
[[blocks]]
name = "a"
config = { text = "0123456789" }
[[blocks]]
name = "b"
config = {}
"""
SOME_FAIL = """
[configuration]
order = ["a"]
variables.NUMBERS = [1, 2, 3, 4, 5, 6, 7, 8]
[[blocks]]
name = "a"
[blocks.config.draw]
function_name = "choices"
args = { population = "$NUMBERS", k = 6 }
params = { unique = true }
"""


def job(participants: str, **others: str) -> Job:
    request = {"text": PLAIN, "participants": participants} | others
    return job_of(validated(Request, request, "message"), Request(), WHOLE)


def prepared(text: str = PLAIN) -> Prepared:
    return Prepared(Study.read(text), "text", sha256(text.encode()).hexdigest())


def payloads(outgoing: Sequence[Outgoing], queue: str) -> list[Any]:
    return [
        Envelope.read(each.message).payload for each in outgoing if each.queue == queue
    ]


def numbers(step: Step) -> list[int]:
    return [each["participant"] for each in payloads(step.outgoing, "next")]


def asked_again(step: Step) -> list[str]:
    return [each["participants"] for each in payloads(step.outgoing, "expander")]


def failing(text: str, of: range) -> list[int]:
    study, found = Study.read(text), list[int]()
    for participant in of:
        try:
            study.expand(participant)
        except StudyError:
            found.append(participant)
    return found


def provenance(participant: int) -> dict[str, object]:
    digest = sha256(PLAIN.encode()).hexdigest()
    return {"sha256": digest, "stream": participant, "recado": __version__}


def test_each_participant_gets_a_message_with_whole_blocks(step: MakeStep) -> None:
    made = step()

    tally = expand(job("3,1"), prepared(), made, LIMITS)

    study = Study.read(PLAIN)
    assert payloads(made.outgoing, "next") == [
        {"participant": 1, "blocks": study.expand(1), "provenance": provenance(1)},
        {"participant": 3, "blocks": study.expand(3), "provenance": provenance(3)},
    ]
    assert (tally.sent, tally.blocks, tally.failed, tally.left) == ([1, 3], 4, [], [])


def test_each_block_gets_a_message_where_that_is_asked_for(step: MakeStep) -> None:
    made = step()

    expand(job("2", by="block"), prepared(), made, LIMITS)

    assert payloads(made.outgoing, "next") == [
        {
            "participant": 2,
            "position": position,
            "block": block,
            "provenance": provenance(2),
        }
        for position, block in enumerate(Study.read(PLAIN).expand(2))
    ]


def test_a_chunk_is_one_message_with_the_same_of_each(step: MakeStep) -> None:
    one, all_ = step(), step()

    expand(job("1-9"), prepared(), one, LIMITS)
    tally = expand(job("1-9", by="chunk"), prepared(), all_, LIMITS)

    (chunk,) = payloads(all_.outgoing, "next")
    assert chunk == {"participants": payloads(one.outgoing, "next")}
    assert tally.sent == [*range(1, 10)]


def test_a_chunk_that_is_large_is_several_messages(step: MakeStep) -> None:
    one, made = step(), step()
    expand(job("1"), prepared(), one, LIMITS)
    (payload,) = payloads(one.outgoing, "next")
    size = 4 * len(encode(payload))

    tally = expand(job("1-9", by="chunk"), prepared(), made, Limits(message=size))

    assert [
        [each["participant"] for each in chunk["participants"]]
        for chunk in payloads(made.outgoing, "next")
    ] == [[1, 2, 3, 4], [5, 6, 7, 8], [9]]
    assert tally.sent == [*range(1, 10)]


def test_what_finds_no_room_in_a_chunks_messages_is_asked_for_again(
    step: MakeStep,
) -> None:
    one, made = step(), step()
    expand(job("1"), prepared(), one, LIMITS)
    (payload,) = payloads(one.outgoing, "next")
    room = 4 * len(encode(payload))

    tally = expand(job("1-9", by="chunk"), prepared(), made, Limits(room=room))

    assert tally.sent == [1, 2, 3, 4]
    assert asked_again(made) == ["5-7", "8-9"]


def test_the_recipe_takes_room_in_each_of_a_chunks_messages(step: MakeStep) -> None:
    made = step(parameters={"text": "#" * 10_000})
    limits = Limits(message=1, room=40_000)

    tally = expand(job("1-9", by="chunk"), prepared(), made, limits)

    # The last of them is counted without its recipe, as it has not been sent then.
    assert tally.sent == [1, 2, 3, 4, 5]
    assert asked_again(made) == ["6-8", "9"]


def test_a_chunk_of_whom_all_fail_is_no_message(step: MakeStep) -> None:
    failed = failing(SOME_FAIL, range(1, 41))[:3]
    made = step()

    with pytest.raises(SchemaError):
        expand(job(str(ranges(failed)), by="chunk"), prepared(SOME_FAIL), made, LIMITS)

    assert made.outgoing == []


def test_the_same_request_sends_the_same_ids(step: MakeStep) -> None:
    one, two = step(), step()

    for made in (one, two):
        expand(job("1-9"), prepared(), made, LIMITS)

    ids = [each.message.id for each in one.outgoing]
    assert ids == [each.message.id for each in two.outgoing]
    assert len(set(ids)) == 9


def test_a_request_is_split_without_loss_into_ranges(step: MakeStep) -> None:
    made = step()

    count = split(job("1-7"), parse_ranges("1-7,9"), 3, DIGEST, made, LIMITS)

    assert count == 3
    assert payloads(made.outgoing, "expander") == [
        {"participants": part, "sha256": DIGEST, "part_of": WHOLE}
        for part in ("1-3", "4-6", "7,9")
    ]


def test_a_smaller_request_comes_back_to_the_step_as_it_was_sent(
    step: MakeStep,
) -> None:
    made = step()

    split(job("1-2"), parse_ranges("1-2"), 1, DIGEST, made, LIMITS)

    envelope = Envelope.read(made.outgoing[0].message)
    assert (envelope.pointer, envelope.path, envelope.run) == (1, [], "run")


@pytest.mark.parametrize(
    ("participants", "size", "fan", "sizes"),
    [
        (1, 500, 100, [1]),
        (501, 500, 100, [500, 1]),
        (50_000, 500, 100, [500] * 100),
        (50_001, 500, 100, [50_000, 1]),
        (1_000_000, 500, 100, [50_000] * 20),
        (10_000_000, 500, 100, [5_000_000] * 2),
        (9, 1, 2, [8, 1]),
    ],
)
def test_pieces_are_few_at_each_height_of_the_tree(
    participants: int, size: int, fan: int, sizes: list[int]
) -> None:
    whole = Ranges((range(1, participants + 1),))

    assert [len(piece) for piece in pieces(whole, size, fan)] == sizes


def test_a_million_participants_are_reached_by_messages_that_hold_little(
    step: MakeStep,
) -> None:
    made = step()
    left = [parse_ranges("1-1000000")]
    reached: list[Ranges] = []

    while left:
        participants = left.pop()
        if len(participants) <= LIMITS.chunk:
            reached.append(participants)
            continue
        made.outgoing.clear()
        split(job("1"), participants, LIMITS.chunk, DIGEST, made, LIMITS)
        assert len(made.outgoing) <= LIMITS.fan
        left += map(parse_ranges, asked_again(made))

    assert len(reached) == 2_000
    assert sorted(map(str, reached)) == sorted(
        f"{first}-{first + 499}" for first in range(1, 1_000_000, 500)
    )


def test_large_requests_are_split_into_fewer(step: MakeStep) -> None:
    text = "#" * 10_000
    asked = validated(Request, {"text": text, "participants": 9}, "")
    large = job_of(Request(), asked, WHOLE)
    made = step()

    split(large, parse_ranges("1-64"), 1, DIGEST, made, Limits(room=41_000))

    assert [len(parse_ranges(each)) for each in asked_again(made)] == [16] * 4


def test_what_finds_no_room_is_asked_for_again(step: MakeStep) -> None:
    made = step()
    one = step()
    expand(job("1"), prepared(), one, LIMITS)
    room = 4 * len(one.outgoing[0].message.body)

    tally = expand(job("1-9"), prepared(), made, Limits(room=room))

    assert numbers(made) == tally.sent == [1, 2, 3, 4]
    assert asked_again(made) == ["5-7", "8-9"]


def test_one_participant_is_sent_even_without_room(step: MakeStep) -> None:
    made = step()

    expand(job("1-3"), prepared(), made, Limits(room=1))

    assert numbers(made) == [1]
    assert asked_again(made) == ["2", "3"]


def test_participants_who_fail_do_not_keep_the_others_back(step: MakeStep) -> None:
    failed = failing(SOME_FAIL, range(1, 41))
    made = step()

    tally = expand(job("1-40"), prepared(SOME_FAIL), made, LIMITS)

    assert 0 < len(failed) < 40
    assert numbers(made) == [it for it in range(1, 41) if it not in failed]
    assert asked_again(made) == [str(ranges(failed))]
    assert tally.failed == failed


def test_those_who_all_fail_end_in_one_error_with_the_problems_of_each(
    step: MakeStep,
) -> None:
    failed = failing(SOME_FAIL, range(1, 41))[:3]
    made = step()

    with pytest.raises(SchemaError) as caught:
        expand(job(str(ranges(failed))), prepared(SOME_FAIL), made, LIMITS)

    problems = caught.value.problems
    assert [
        f"participant {number}: " in problem.text
        for number, problem in zip(failed, problems, strict=True)
    ] == [True] * 3
    assert all(each.text.startswith("line ") and each.path for each in problems)
    assert made.outgoing == []
