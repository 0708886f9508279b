"""Classes of arguments beside registered objects."""

from __future__ import annotations

from dataclasses import dataclass, is_dataclass
from enum import Enum
from typing import Any, NamedTuple, TypedDict, cast

import pytest
from pydantic import BaseModel

from recado.registry import (
    AlreadyRegisteredError,
    InvalidRegistrationError,
    NotRegisteredError,
    RegistrationWarning,
    Registry,
    Versioning,
)


@dataclass
class Size:
    width: int


class Model(BaseModel):
    width: int


class Pair(NamedTuple):
    width: int


class Typed(TypedDict):
    width: int


class LikeAttrs:
    __attrs_attrs__ = ()


class LikeMsgspec:
    __struct_fields__ = ("width",)


class Colour(Enum):
    RED = 1


@pytest.fixture
def models() -> Registry[object]:
    return Registry("models")


@pytest.mark.parametrize(
    "arguments", [Size, Size(3), Model, Pair, Typed, LikeAttrs, LikeMsgspec]
)
def test_a_class_with_fields_is_kept_as_it_is(
    models: Registry[object], arguments: object
) -> None:
    assert models.register_arguments("net")(arguments) is arguments

    assert models.get_arguments("net") is arguments


def test_a_plain_class_is_made_a_dataclass_with_a_warning(
    models: Registry[object],
) -> None:
    class Plain:
        width: int

    with pytest.warns(RegistrationWarning, match="made a dataclass") as caught:
        kept = models.register_arguments("net")(Plain)

    assert kept is Plain
    assert is_dataclass(Plain)
    assert cast(Any, Plain)(3).width == 3
    assert caught[0].filename == __file__


@pytest.mark.parametrize("thing", [print, len, 3, Colour, lambda: None])
def test_what_cannot_be_arguments_is_refused(
    models: Registry[object], thing: object
) -> None:
    with pytest.raises(InvalidRegistrationError, match="net in models must be a"):
        models.register_arguments("net")(thing)


@pytest.mark.parametrize("builtin", [int, dict])
def test_a_builtin_class_is_refused(models: Registry[object], builtin: type) -> None:
    with pytest.raises(InvalidRegistrationError, match="cannot be made a dataclass"):
        models.register_arguments("net")(builtin)


def test_a_class_that_no_dataclass_can_be_is_refused_with_the_reason(
    models: Registry[object],
) -> None:
    class Shared:
        sizes: list[int] = []  # noqa: RUF012 - the fault is the case

    with pytest.raises(InvalidRegistrationError, match="mutable default"):
        models.register_arguments("net")(Shared)


def test_arguments_alone_do_not_make_a_choice(models: Registry[object]) -> None:
    models.register_arguments("net")(Size)

    assert "net" not in models
    assert models.values() == models.items() == []
    with pytest.warns(RegistrationWarning):
        assert not models.check_choice("net")
    models.register_prebuilt(1, "net")
    assert models["net"] == 1
    assert models.get_arguments("net") is Size


def test_arguments_are_registered_once(models: Registry[object]) -> None:
    models.register_arguments("net")(Size)

    with pytest.raises(AlreadyRegisteredError, match="net in models are there already"):
        models.register_arguments("net")(Model)


def test_the_same_arguments_twice_are_refused_too(models: Registry[object]) -> None:
    models.register_arguments("net")(Size)

    with pytest.raises(AlreadyRegisteredError):
        models.register_arguments("net")(Size)


def test_arguments_that_are_missing_name_the_nearest(models: Registry[object]) -> None:
    models.register_arguments("resize")(Size)

    with pytest.raises(
        NotRegisteredError, match="no arguments for 'resise'; did you mean 'resize'"
    ):
        models.get_arguments("resise")


def test_arguments_belong_to_a_version() -> None:
    models: Registry[object] = Registry("models", checks=[Versioning()])
    models.register_arguments("net", version="1")(Size)
    models.register_arguments("net", version="2")(Model)

    assert models.get_arguments("net", version="1") is Size
    assert models.get_arguments("net", {"version": "2"}) is Model
    with pytest.raises(
        NotRegisteredError, match=r"for 'net'; known: net \(version '1'\)"
    ):
        models.get_arguments("net")


def test_arguments_refuse_a_keyword_that_no_check_takes(
    models: Registry[object],
) -> None:
    with pytest.raises(InvalidRegistrationError, match="takes no field 'colour'"):
        models.register_arguments("net", colour="red")(Size)


def test_unregistering_takes_the_arguments_along(models: Registry[object]) -> None:
    models.register_prebuilt(1, "net")
    models.register_arguments("net")(Size)

    models.unregister("net")

    assert models.arguments() == []
