"""What ``recado service`` makes of Zocalo's flags."""

from __future__ import annotations

from typing import Any

import pytest

from recado import runtime
from recado.config import Settings
from recado.service import Service
from tests.unit.cli.conftest import Command

Started = list[tuple[str, Settings]]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """The services that would run, each with its settings."""
    found: Started = []

    def run_service(service: type[Service], settings: Settings) -> int:
        found.append((service.service_name(), settings))
        return 0

    monkeypatch.setattr(runtime, "run_service", run_service)
    return found


@pytest.mark.parametrize("name", ["hello", "HELLO", "hel", "Hel"])
def test_a_service_is_named_in_any_case_or_by_its_beginning(
    command: Command, started: Started, name: str
) -> None:
    assert command("service", "-s", name).code == 0
    assert started[0][0] == "hello"


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), {"health_port": None, "log_level": "info", "tag": None}),
        (("--liveness",), {"health_port": 8000}),
        (("--liveness", "--liveness-port", "9000"), {"health_port": 9000}),
        (("--liveness", "--liveness-timeout", "30"), {"health_port": 8000}),
        (("--liveness", "--health-port", "7"), {"health_port": 7}),
        (("-d",), {"log_level": "debug"}),
        (("-v", "-v"), {"log_level": "info"}),
        (("--tag", "blue"), {"tag": "blue"}),
    ],
    ids=str,
)
def test_zocalos_flags_are_settings(
    command: Command, started: Started, args: tuple[str, ...], said: dict[str, Any]
) -> None:
    assert command("service", "hello", *args).code == 0
    assert {key: getattr(started[0][1], key) for key in said} == said


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("e", "'e' may be any of these services: eventstore, expander"),
        ("nobody", "no service named 'nobody'"),
    ],
)
def test_a_name_that_is_none_or_several_is_told_with_those_there_are(
    command: Command, started: Started, name: str, said: str
) -> None:
    result = command("service", "-s", name)

    assert (result.code, started) == (2, [])
    assert said in result.err
