"""What one registry does: register, look up, list, forget, put back."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from recado.errors import NotFoundError, RecadoError
from recado.registry import (
    AlreadyRegisteredError,
    InvalidRegistrationError,
    Location,
    NotRegisteredError,
    RegistrationError,
    RegistrationWarning,
    Registry,
    Versioning,
    default,
)


@pytest.fixture
def models() -> Registry[object]:
    return Registry("models")


@pytest.fixture
def versioned() -> Registry[object]:
    registry: Registry[object] = Registry("models", checks=[Versioning()])
    registry.register_prebuilt("old", "net", version="1", date="2023-01-01")
    registry.register_prebuilt("new", "net", version="2", date="2024-01-01")
    return registry


def test_a_decorated_object_stays_what_it_is(models: Registry[object]) -> None:
    def double(x: int) -> int:
        return 2 * x

    kept = models.register("double")(double)

    assert kept is double
    assert models.get("double") is double
    assert models["double"] is double


def test_a_prebuilt_object_is_handed_back(models: Registry[object]) -> None:
    thing = object()

    assert models.register_prebuilt(thing, "thing") is thing
    assert models.get("thing") is thing


def test_call_name_is_another_word_for_key(models: Registry[object]) -> None:
    models.register_prebuilt(1, call_name="one")
    models.register(call_name="two")(int)
    models.register_arguments(call_name="two")(Location)

    assert models.keys() == ["one", "two"]
    assert models.get_arguments("two") is Location


def test_key_and_call_name_that_differ_are_refused(models: Registry[object]) -> None:
    with pytest.raises(InvalidRegistrationError, match="one key, not key='a'"):
        models.register("a", call_name="b")


def test_a_decorator_without_a_key_is_refused(models: Registry[object]) -> None:
    class Net:
        pass

    bare = cast(Callable[..., object], models.register)

    with pytest.raises(
        InvalidRegistrationError, match=r"needs a key first: @models.register\('Net'\)"
    ):
        bare(Net)
    assert len(models) == 0


@pytest.mark.parametrize("key", [None, "", 3, ("a", "b"), ["a"]])
def test_a_key_is_a_text_that_is_not_empty(
    models: Registry[object], key: object
) -> None:
    register = cast(Callable[..., object], models.register)

    with pytest.raises(
        InvalidRegistrationError, match="needs a text that is not empty"
    ):
        register(key)


def test_a_second_object_under_a_key_is_refused_and_the_first_kept(
    models: Registry[object],
) -> None:
    models.register_prebuilt(1, "one")

    with pytest.raises(AlreadyRegisteredError) as caught:
        models.register_prebuilt(2, "one")

    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, RegistrationError)
    assert "models already has 'one', registered in" in str(caught.value)
    assert "test_registry.py" in str(caught.value)
    assert models["one"] == 1


def test_a_key_nobody_registered_names_the_nearest(models: Registry[object]) -> None:
    models.register_prebuilt(1, "resize")

    with pytest.raises(NotRegisteredError) as caught:
        models.get("resise")

    assert str(caught.value) == (
        "models has no 'resise'; did you mean 'resize'? known: resize"
    )
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, NotFoundError)
    assert isinstance(caught.value, RecadoError)
    assert caught.value.message == str(caught.value)


def test_an_error_survives_pickling(models: Registry[object]) -> None:
    with pytest.raises(NotRegisteredError) as caught:
        models.get("x")

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize("value", [None, 0, "", "other"])
def test_every_value_can_be_a_default(models: Registry[object], value: object) -> None:
    with pytest.warns(RegistrationWarning, match="models has no 'x'") as caught:
        found = models.get("x", value)

    assert found is value
    assert caught[0].filename == __file__


def test_get_choice_is_get(models: Registry[object]) -> None:
    models.register_prebuilt(1, "one")

    assert models.get_choice("one") == 1
    with pytest.raises(NotRegisteredError):
        models.get_choice("two")


def test_a_default_does_not_hide_a_wrong_keyword(versioned: Registry[object]) -> None:
    with pytest.raises(InvalidRegistrationError, match="did you mean 'version'"):
        versioned.get("net", None, verison="1")


def test_a_keyword_that_no_check_takes_is_refused(models: Registry[object]) -> None:
    with pytest.raises(
        InvalidRegistrationError, match="models takes no field 'colour'"
    ):
        models.register("x", colour="red")(int)
    with pytest.raises(
        InvalidRegistrationError, match="models takes no field 'colour'"
    ):
        models.get("x", colour="red")
    with pytest.raises(InvalidRegistrationError, match="models takes no field 'obj'"):
        models.register("x", obj="red")(int)


def test_info_tells_where_an_object_was_registered(models: Registry[object]) -> None:
    models.register_prebuilt(1, "one")

    where = models.get_info("one")["registered_at"]

    assert where == models.entry("one").where
    assert models.entry("one").where.module == __name__
    assert Path(models.entry("one").where.file) == Path(__file__)
    assert str(where).startswith(f"{__name__}, {__file__}:")


def test_info_on_an_unknown_key_is_a_typed_error(models: Registry[object]) -> None:
    with pytest.raises(NotRegisteredError, match="models has no 'x'; none are known"):
        models.get_info("x")


def test_a_registry_is_a_container_of_its_keys(models: Registry[object]) -> None:
    models.register_prebuilt(1, "one")
    models.register_prebuilt(2, "two")

    assert len(models) == 2
    assert list(models) == ["one", "two"]
    assert "one" in models
    assert "three" not in models
    assert 3 not in models
    assert models.keys() == models.show_choices() == ["one", "two"]
    assert models.values() == [1, 2]
    assert models.items() == [("one", 1), ("two", 2)]
    assert repr(models) == "<registry 'models' of 2>"
    assert models.name == "models"


def test_choices_are_checked_and_validated(models: Registry[object]) -> None:
    models.register_prebuilt(1, "one")

    models.validate_choice("one")
    assert models.check_choice("one")
    with pytest.raises(NotRegisteredError):
        models.validate_choice("two")
    with pytest.warns(RegistrationWarning, match="models has no 'two'"):
        assert not models.check_choice("two")


def test_an_unregistered_key_is_free_again(models: Registry[object]) -> None:
    models.register_prebuilt(1, "one")

    assert models.unregister("one") == 1

    assert "one" not in models
    models.register_prebuilt(2, "one")
    assert models["one"] == 2
    with pytest.raises(NotRegisteredError):
        models.unregister("two")


def test_unregistering_a_version_leaves_the_others(versioned: Registry[object]) -> None:
    assert versioned.unregister("net", version="1") == "old"

    assert versioned.values() == ["new"]
    assert versioned.get("net", version="2") == "new"


@pytest.mark.parametrize("forget", ["clear", "reset"])
def test_an_emptied_registry_has_forgotten_everything(
    models: Registry[object], forget: str
) -> None:
    class Plain:
        pass

    models.register_prebuilt(1, "one")
    models.get("one")
    with pytest.warns(RegistrationWarning):
        models.register_arguments("one")(Plain)

    getattr(models, forget)()

    assert models.entries() == []
    assert models.arguments() == []
    assert models.called() == []


def test_a_snapshot_brings_back_what_was_there(models: Registry[object]) -> None:
    models.register_prebuilt(1, "one")
    before = models.snapshot()
    models.register_prebuilt(2, "two")
    models.unregister("one")

    models.restore(before)

    assert models.items() == [("one", 1)]


def test_a_snapshot_can_be_restored_twice(models: Registry[object]) -> None:
    before = models.snapshot()
    for value in (1, 2):
        models.register_prebuilt(value, "one")
        models.restore(before)

    assert len(models) == 0


def test_a_snapshot_of_another_registry_is_refused(models: Registry[object]) -> None:
    other: Registry[object] = Registry("other")

    with pytest.raises(InvalidRegistrationError, match="snapshot of another registry"):
        models.restore(other.snapshot())


def test_an_override_ends_with_its_block(models: Registry[object]) -> None:
    models.register_prebuilt(1, "one")
    models.register_prebuilt(2, "two")

    with models.override("one", 11), models.override("three", 3):
        assert models.items() == [("one", 11), ("two", 2), ("three", 3)]
        assert models.entry("one").where.file == __file__

    assert models.items() == [("one", 1), ("two", 2)]


def test_an_override_ends_when_its_block_fails(models: Registry[object]) -> None:
    models.register_prebuilt(1, "one")

    with pytest.raises(ZeroDivisionError), models.override("one", 11):
        raise ZeroDivisionError

    assert models["one"] == 1


def test_an_override_leaves_what_came_after_it(models: Registry[object]) -> None:
    with models.override("one", 11):
        models.unregister("one")
        models.register_prebuilt(1, "one")

    assert models["one"] == 1


def test_a_version_can_be_overridden(versioned: Registry[object]) -> None:
    with versioned.override("net", "fake", version="1"):
        assert versioned.get("net", version="1") == "fake"
        assert versioned.get("net", version="2") == "new"

    assert versioned.get("net", version="1") == "old"


def test_lookups_are_counted(models: Registry[object]) -> None:
    models.register_prebuilt(1, "one")
    models.register_prebuilt(2, "two")

    assert models["one"] == models.get("one")
    models.check_choice("two")
    models.get_info("two")

    assert [(str(entry), times) for entry, times in models.called()] == [("one", 2)]


def test_the_class_stands_for_the_default_registry() -> None:
    # To type checkers it is the method of an instance, so they are not asked.
    on_class = cast(Any, Registry)

    on_class.register("thing")(7)

    assert default["thing"] == 7
    assert default.name == "default"
    assert "thing" not in Registry[object]("other")


def test_a_subclass_stands_for_itself() -> None:
    class Limited(Registry[object]):
        limit = 3

    assert Limited.limit == 3
    assert Limited.keys(Limited("own")) == []
    assert Registry in Registry.mro()
