"""Which services there are, and what a name means."""

from importlib import metadata

import pytest

from recado import Service
from recado.discovery import (
    broken_services,
    find_service,
    full_name,
    service_names,
    services,
)
from recado.errors import ConfigError, NotFoundError

POINTS = {
    "shout": "recado_plugin_sample:Shout",
    "gone": "no_such_package.service:Gone",
    "odd": "json:dumps",
}


class Shout(Service):
    pass


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [metadata.EntryPoint(*each, "recado.services") for each in POINTS.items()]

    def entry_points(*, group: str) -> list[metadata.EntryPoint]:
        return [point for point in points if point.group == group]

    monkeypatch.setattr(metadata, "entry_points", entry_points)


def test_the_built_in_services_come_through_the_same_door() -> None:
    assert {"dispatcher", "eventstore", "registry", "deadletter"} <= set(
        service_names()
    )


@pytest.mark.parametrize("name", ["expander", "Expander", "EXP", "expa"])
def test_a_name_is_exact_or_in_any_case_or_a_beginning(name: str) -> None:
    assert full_name(name, ["expander", "eventstore", "hello"]) == "expander"


def test_an_exact_name_wins_over_longer_ones() -> None:
    assert full_name("mail", ["mail", "mailer"]) == "mail"


def test_a_beginning_of_several_names_is_refused_with_their_names() -> None:
    with pytest.raises(NotFoundError, match="'e' may be any of these services"):
        full_name("e", ["expander", "eventstore"])


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("Mailer", "Mailer"),
        ("dispatcher", "Dispatcher"),
        ("Disp", "Dispatcher"),
        ("disp", "dispatchnow"),
        ("JSON", "JSONLines"),
        ("json", "JSONLines"),
    ],
)
def test_names_are_resolved_in_zocalos_order(name: str, full: str) -> None:
    known = ["Dispatcher", "JSONLines", "Mailer", "dispatchnow"]

    assert full_name(name, known) == full


@pytest.mark.parametrize("name", ["expnader", ""])
def test_an_unknown_name_hears_which_there_are(name: str) -> None:
    with pytest.raises(NotFoundError, match="known: eventstore, expander"):
        full_name(name, ["expander", "eventstore"])


@pytest.mark.usefixtures("installed")
def test_a_broken_plug_in_says_why_and_harms_no_other() -> None:
    with services.override("loud", Shout):
        reasons = broken_services()

        assert find_service("loud") is Shout
        assert "No module named 'no_such_package'" in reasons["gone"]
        assert "is not a recado.Service" in reasons["odd"]
        with pytest.raises(ConfigError, match="service 'gone'"):
            find_service("gone")


@pytest.mark.usefixtures("installed")
def test_only_what_is_allowed_is_known() -> None:
    assert "gone" in service_names()
    assert service_names(plugins=["shout"]) == ["shout"]
    with pytest.raises(NotFoundError):
        find_service("gone", plugins=["shout"])
