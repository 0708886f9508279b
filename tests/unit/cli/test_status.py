"""Which queues the status asks for."""

from typing import Any

import pytest

from recado.schemas.registry import Instance, ServicesReply
from recado_cli.overview import consumed


def services(*beats: dict[str, Any]) -> ServicesReply:
    instances = [
        Instance(
            instance=f"host:{number}",
            service="it",
            status=1,
            statustext="",
            since=0.0,
            age_s=0.0,
            ends_in_s=1.0,
            beat=beat,
        )
        for number, beat in enumerate(beats)
    ]
    return ServicesReply(instances=instances, complete_in_s=0.0)


def test_the_queues_that_instances_name_are_asked_for_once_and_the_dead_letters() -> (
    None
):
    ours = {"recado": {"queues": ["b", "a"]}}

    assert consumed(services(ours, ours)) == ["a", "b", "dlq"]


@pytest.mark.parametrize(
    "beat",
    [
        {},
        {"recado": None},
        {"recado": {}},
        {"recado": {"queues": "ab"}},
        {"recado": {"queues": [1, None]}},
    ],
)
def test_what_others_put_into_a_heartbeat_does_no_harm(beat: dict[str, Any]) -> None:
    assert consumed(services(beat)) == ["dlq"]


def test_without_a_registry_only_the_dead_letters_are_known() -> None:
    assert consumed(None) == ["dlq"]
