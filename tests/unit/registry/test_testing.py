"""Tests run on objects as they are registered, and checks people write themselves."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from recado.registry import (
    Check,
    CheckError,
    InvalidRegistrationError,
    NotRegisteredError,
    RegistrationWarning,
    Registry,
    RegistryObserver,
    Testing,
    Versioning,
)


def is_positive(key: str, obj: Any, limit: int = 0) -> bool:
    if not isinstance(obj, int):
        raise TypeError(f"{obj!r} is no number")
    return obj > limit


def positive(*, forced: bool, skip: bool = False) -> Registry[object]:
    check = Testing(is_positive, forced=forced)
    return Registry("numbers", checks=[check, Versioning()], skip_validation=skip)


def versioned(value: object, to: Registry[object], limit: int = 0) -> object:
    return to.register_prebuilt(value, "n", version="1", date="2024", limit=limit)


def test_an_object_that_passes_its_test_says_so() -> None:
    numbers = positive(forced=True)

    versioned(3, numbers, limit=2)

    info = numbers.get_info("n", version="1")
    assert info["passed_test"] is True
    assert info["limit"] == 2


@pytest.mark.parametrize(
    ("value", "problem"),
    [("x", "Testing: 'x' is no number"), (-1, "Testing: is_positive returned False")],
)
def test_a_forced_test_refuses_and_keeps_the_message(
    value: object, problem: str
) -> None:
    numbers = positive(forced=True)

    with pytest.raises(CheckError, match=problem) as caught:
        versioned(value, numbers)

    assert isinstance(caught.value.__cause__, TypeError | AssertionError)
    assert caught.value.failures == (caught.value.__cause__,)
    assert len(numbers) == 0


def test_an_unforced_test_warns_and_keeps() -> None:
    numbers = positive(forced=False)

    with pytest.warns(RegistrationWarning, match="'x' is no number"):
        versioned("x", numbers)

    assert numbers.get("n", version="1") == "x"
    assert numbers.get_info("n", version="1")["passed_test"] is False


def test_a_skipped_test_is_silent_and_recorded() -> None:
    numbers = positive(forced=True, skip=True)

    versioned("x", numbers)

    assert numbers.get("n", version="1") == "x"
    assert numbers.get_info("n", version="1")["passed_test"] is False


def test_a_test_that_takes_anything_opens_the_registry_to_any_keyword() -> None:
    seen: dict[str, object] = {}

    def look(key: str, obj: object, **fields: object) -> None:
        seen.update(fields)

    numbers: Registry[object] = Registry("numbers", checks=[Testing(look)])

    numbers.register_prebuilt(1, "one", colour="red")

    assert seen == {"colour": "red"}
    assert numbers.get("one", colour="red") == 1
    assert numbers.get("one", other="field") == 1
    with pytest.raises(NotRegisteredError, match="its colour is 'red', not 'blue'"):
        numbers.get("one", colour="blue")
    with pytest.raises(InvalidRegistrationError, match="takes no field 'obj'"):
        numbers.register("two", obj=3)(int)


def test_a_failure_without_a_text_is_named() -> None:
    def fail(key: str, obj: object) -> None:
        raise ZeroDivisionError

    numbers: Registry[object] = Registry("numbers", checks=[Testing(fail, forced=True)])

    with pytest.raises(CheckError, match="Testing: ZeroDivisionError"):
        numbers.register_prebuilt(1, "one")


def test_a_builtin_may_be_the_test() -> None:
    things: Registry[object] = Registry("things", checks=[Testing(max, forced=True)])

    with pytest.raises(CheckError, match="Testing: '>' not supported"):
        things.register_prebuilt(1, "one")
    assert things.register_prebuilt("x", "one") == "x"


def test_a_test_that_cannot_be_called_is_refused() -> None:
    no_test: Any = 3

    with pytest.raises(InvalidRegistrationError, match="a test must be callable: 3"):
        Testing(no_test)


def test_a_check_error_survives_pickling() -> None:
    with pytest.raises(CheckError) as caught:
        versioned("x", positive(forced=True))

    copy = pickle.loads(pickle.dumps(caught.value))

    assert str(copy) == str(caught.value)
    assert [str(failure) for failure in copy.failures] == ["'x' is no number"]


class Documented(Check):
    verdict = "documented"

    def on_register(
        self, key: str, obj: object, fields: object
    ) -> dict[str, object] | None:
        if not obj.__doc__:
            raise ValueError("has no docstring")
        return {"length": len(obj.__doc__)}


class Guarded(Check):
    fields = ("token",)
    forced = True

    def __init__(self, *, forced: bool) -> None:
        super().__init__(forced=forced)

    def on_register(self, key: str, obj: object, fields: object) -> None:
        """Look at nothing."""

    def on_get(self, key: str, obj: object, fields: Any) -> None:
        if "token" not in fields:
            raise PermissionError(f"{key} needs a token")


def test_a_check_of_ones_own_adds_to_the_info() -> None:
    things: Registry[object] = Registry("things", checks=[Documented()])

    things.register_prebuilt(Registry, "check")

    assert things.get_info("check")["documented"] is True
    assert things.get_info("check")["length"] == len(Registry.__doc__ or "")


def test_a_check_that_objects_on_the_way_out_is_not_hidden_by_a_default() -> None:
    things: Registry[object] = Registry("things", checks=[Guarded(forced=True)])
    things.register_prebuilt(1, "one", token="t")

    with pytest.raises(CheckError, match="Guarded: one needs a token"):
        things.get("one", None)
    assert things.get("one", token="t") == 1


def test_an_unforced_objection_on_the_way_out_warns() -> None:
    things: Registry[object] = Registry("things", checks=[Guarded(forced=False)])
    things.register_prebuilt(1, "one", token="t")

    with pytest.warns(RegistrationWarning, match="one needs a token"):
        assert things["one"] == 1


class Coloured(RegistryObserver):
    def generate_key_dict(self, key: str, **kwargs: Any) -> dict[str, Any]:
        return {"colour": kwargs["colour"]} if "colour" in kwargs else {}

    def register_event(self, key: str, obj: Any, **kwargs: Any) -> Any:
        if kwargs.get("colour") == "grey":
            raise ValueError("grey is no colour")
        return key, {}, obj, {"is_bright": True}

    def call_event(self, key: str, obj: Any, **kwargs: Any) -> Any:
        if kwargs.get("stop"):
            raise RuntimeError("stopped")
        return key, {}, obj, None


def test_an_observer_written_for_registry_factory_works() -> None:
    things: Registry[object] = Registry("things", checks=[Coloured()])
    things.register_prebuilt(1, "one", colour="red")
    things.register_prebuilt(2, "one", colour="blue")

    assert things.get("one", colour="blue") == 2
    assert things.get_info("one", colour="red")["is_bright"] is True
    with pytest.raises(CheckError, match="grey is no colour"):
        things.register_prebuilt(3, "one", colour="grey")
    with pytest.raises(CheckError, match="stopped"):
        things.get("one", colour="red", stop=True)
