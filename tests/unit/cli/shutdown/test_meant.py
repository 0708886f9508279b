"""Whom a shutdown means, by the names that people give."""

from __future__ import annotations

from typing import Any

import pytest

from recado.schemas.registry import Beat
from recado_cli.shutdown.meant import Meant, full_host, meant

HERE = "ws9.x.ac.uk"


def beat(
    host: str, service: str | None, kind: str | None, *, ours: bool = True
) -> Beat:
    own: dict[str, Any] = {"recado": {}} if ours else {}
    return Beat(host=host, status=2, service=service, serviceclass=kind, **own)


PRESENT = {
    it.host: it
    for it in (
        beat("uk.ac.x.ws1.4567", "resize", "Resize"),
        beat("uk.ac.x.ws2.8", "resize", "Resize"),
        beat("uk.ac.x.ws9.65", "registry", "Registry"),
        beat("uk.ac.x.ws9.66", "dispatcher", "Dispatcher"),
        beat("uk.ac.x.ws9.67", "DLS Dispatcher", "Dispatcher", ours=False),
        beat("uk.ac.x.ws9.68", None, None, ours=False),
        beat("vm.9", "hello", "Hello"),
    )
}


def whom(*hosts: str, services: tuple[str, ...] = ()) -> Meant:
    return meant(hosts, services, PRESENT, HERE)


@pytest.mark.parametrize(
    ("host", "full"),
    [
        ("uk.ac.x.ws1.4567", "uk.ac.x.ws1.4567"),
        ("ws9.65", "uk.ac.x.ws9.65"),
        ("ws9", "ws9"),
    ],
)
def test_a_host_without_its_domain_is_of_this_one(host: str, full: str) -> None:
    assert full_host(host, HERE) == full


def test_a_host_that_has_no_domain_gives_none() -> None:
    assert full_host("vm.9", "vm") == "vm.9"


@pytest.mark.parametrize(
    ("host", "instance"),
    [
        ("uk.ac.x.ws1.4567", "uk.ac.x.ws1.4567"),
        ("ws9.65", "uk.ac.x.ws9.65"),
        ("vm.9", "vm.9"),
    ],
)
def test_an_instance_is_told_by_its_whole_name(host: str, instance: str) -> None:
    found = whom(host)

    assert found.instances == [instance]
    assert found.commands == [{"command": "shutdown", "host": instance}]


@pytest.mark.parametrize("name", ["resize", "Resize", "RESIZE", "res"])
def test_a_service_is_told_by_its_own_name_and_its_instances_by_theirs(
    name: str,
) -> None:
    found = whom(services=(name,))

    assert found.instances == ["uk.ac.x.ws1.4567", "uk.ac.x.ws2.8"]
    assert found.commands == [
        {"command": "shutdown", "service": "resize"},
        {"command": "shutdown", "host": "uk.ac.x.ws1.4567"},
        {"command": "shutdown", "host": "uk.ac.x.ws2.8"},
    ]


def test_zocalos_service_is_told_by_its_class() -> None:
    found = whom(services=("DLS Dispatcher",))

    assert found.instances == ["uk.ac.x.ws9.67"]
    assert {"command": "shutdown", "service": "Dispatcher"} in found.commands


def test_a_class_that_several_services_have_means_all_of_them() -> None:
    assert whom(services=("Dispatcher",)).instances == [
        "uk.ac.x.ws9.66",
        "uk.ac.x.ws9.67",
    ]
    assert whom(services=("dispatcher",)).instances == ["uk.ac.x.ws9.66"]


def test_none_means_frontends_without_a_service() -> None:
    found = whom(services=("none",))

    assert found.instances == ["uk.ac.x.ws9.68"]
    assert found.commands[0] == {"command": "shutdown", "service": None}


def test_two_services_are_two_commands() -> None:
    found = whom(services=("hello", "registry"))

    assert [it["service"] for it in found.commands if "service" in it] == [
        "hello",
        "registry",
    ]


def test_every_name_that_is_nobodys_is_told_with_the_nearest() -> None:
    found = whom("ws1.4568", services=("resise", "re"))

    host, service, part = found.problems
    assert host.startswith("no instance 'ws1.4568'; did you mean 'uk.ac.x.ws1.4567'?")
    assert service.startswith("no service 'resise'; did you mean 'resize'?")
    assert part == "'re' may be any of these services: registry, resize"


def test_whom_two_names_mean_is_told_once() -> None:
    found = whom("ws9.65", "uk.ac.x.ws9.65", services=("registry",))

    assert found.instances == ["uk.ac.x.ws9.65"]
    assert len(found.commands) == 2
