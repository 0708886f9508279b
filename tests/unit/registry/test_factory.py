"""What a factory does: name registries, list them, have some of them share."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from recado.registry import (
    Accreditation,
    AlreadyRegisteredError,
    CheckError,
    Factory,
    InvalidRegistrationError,
    NotRegisteredError,
    Registry,
    Testing,
    Versioning,
)


@dataclass
class Size:
    width: int


def test_a_factory_has_no_instances() -> None:
    with pytest.raises(ValueError, match="Factory has no instances"):
        Factory()


def test_a_factory_lists_what_is_made_in_its_body() -> None:
    class Mine(Factory):
        first = Factory.create_registry("one")
        second = Factory.create_registry("two")

    later = Mine.create_registry("three")

    assert Mine.keys() == ["one", "two", "three"]
    assert Mine.values() == [Mine.first, Mine.second, later]
    assert Mine.items() == list(Mine.get_registries().items())


def test_factories_do_not_mix() -> None:
    class Mine(Factory):
        models = Factory.create_registry("models", shared=True)

    class Yours(Factory):
        models = Factory.create_registry("models", shared=True)

    root = Factory.create_registry("models", shared=True)

    Mine.models.register_prebuilt(1, "one")
    assert list(Mine.get_registries().values()) == [Mine.models]
    assert list(Yours.get_registries().values()) == [Yours.models]
    assert Factory.get_registries()["models"] is root
    assert "one" not in Yours.models
    assert "one" not in root


def test_a_child_has_its_parents_registries_but_its_own_objects() -> None:
    class Parent(Factory):
        models = Factory.create_registry("models", shared=True)

    class Child(Parent):
        tools = Parent.create_registry("tools", shared=True)

    Child.tools.register_prebuilt(1, "one")

    assert Child.keys() == ["models", "tools"]
    assert Parent.keys() == ["models"]
    assert "one" not in Parent.models


def test_a_registry_made_in_another_class_belongs_to_the_factory_asked() -> None:
    class Elsewhere:
        models = Factory.create_registry("elsewhere", shared=True)

    assert Factory.get_registries()["elsewhere"] is Elsewhere.models


def test_a_second_class_may_list_a_registry_too() -> None:
    class Mine(Factory):
        models = Factory.create_registry("models")

    class Yours(Factory):
        models = Mine.models

    assert Yours.get_registries() == Mine.get_registries()


def test_one_registry_may_have_two_attributes_and_be_inherited() -> None:
    class Parent(Factory):
        models = Factory.create_registry("models")
        nets = models

    class Child(Parent):
        again = Parent.models

    assert Child.values() == Parent.values() == [Parent.models]
    with pytest.raises(NotRegisteredError, match="Child lists no 'models'"):
        Child.forget_registry("models")


def test_a_name_is_taken_once() -> None:
    Factory.create_registry("twice")

    with pytest.raises(AlreadyRegisteredError, match="Factory already has a registry"):
        Factory.create_registry("twice")

    with pytest.raises(AlreadyRegisteredError, match="Mine already has a registry"):

        class Mine(Factory):  # pyright: ignore[reportUnusedClass] - making it is the test
            first = Factory.create_registry("same")
            second = Factory.create_registry("same")


def test_a_forgotten_name_is_free_again() -> None:
    Factory.create_registry("again")

    Factory.forget_registry("again")

    Factory.create_registry("again")
    with pytest.raises(NotRegisteredError, match="did you mean 'again'"):
        Factory.forget_registry("agian")


def test_a_registry_without_a_name_takes_that_of_its_attribute() -> None:
    class Mine(Factory):
        models = Factory.create_registry()

    assert Mine.keys() == ["models"]
    with pytest.raises(InvalidRegistrationError, match="a registry needs a name"):
        Factory.create_registry()


def test_a_registry_of_ones_own_can_be_listed() -> None:
    class Mine(Factory):
        pass

    own: Registry[int] = Registry("own")

    Mine.adopt(own)

    assert Mine.values() == [own]


def test_sharing_registries_hold_the_same_objects() -> None:
    class Mine(Factory):
        models = Factory.create_registry("models", shared=True)
        modules = Factory.create_registry("modules", shared=True)
        alone = Factory.create_registry("alone")

    Mine.models.register_prebuilt(1, "one")

    assert Mine.modules["one"] == 1
    assert "one" not in Mine.alone
    with pytest.raises(AlreadyRegisteredError):
        Mine.modules.register_prebuilt(2, "one")


def test_a_forced_check_holds_for_a_sibling_too() -> None:
    class Mine(Factory):
        strict = Factory.create_registry(
            "strict", shared=True, checks=[Versioning(forced=True)]
        )
        loose = Factory.create_registry("loose", shared=True, skip_validation=True)

    with pytest.raises(CheckError, match="loose: 'one' is refused: Versioning"):
        Mine.loose.register_prebuilt(1, "one")

    Mine.loose.register_prebuilt(1, "one", version="1", date="2024-01-01")
    assert Mine.strict.get("one", version="1") == 1


def test_a_check_of_two_sharing_registries_runs_once() -> None:
    seen: list[str] = []

    def look(key: str, obj: object) -> None:
        seen.append(key)

    check = Testing(look)

    class Mine(Factory):
        first = Factory.create_registry("first", shared=True, checks=[check])
        second = Factory.create_registry("second", shared=True, checks=[check])

    Mine.second.register_prebuilt(1, "one")

    assert seen == ["one"]


def test_a_check_cannot_come_after_the_objects() -> None:
    class Mine(Factory):
        models = Factory.create_registry("models", shared=True)

    Mine.models.register_prebuilt(1, "one")

    with pytest.raises(InvalidRegistrationError, match="late joins a shared group"):
        Mine.create_registry("late", shared=True, checks=[Versioning()])
    assert Mine.keys() == ["models"]


def test_what_is_registered_in_the_class_body_is_shared() -> None:
    class Mine(Factory):
        models = Factory.create_registry("models", shared=True)
        modules = Factory.create_registry("modules", shared=True)
        models.register_arguments("one")(Size)
        models.register_prebuilt(1, "one")

    assert Mine.modules["one"] == 1
    assert Mine.modules.get_arguments("one") is Size


def test_options_and_arguments_are_listed_over_many_registries() -> None:
    class Mine(Factory):
        models = Factory.create_registry("models", checks=[Versioning()])
        tools = Factory.create_registry("tools")

    for version in ("1", "2"):
        Mine.models.register_prebuilt(1, "net", version=version, date="2024-01-01")
    Mine.models.register_arguments("net", version="1")(Size)
    Mine.tools.register_prebuilt(1, "saw")
    Mine.tools.register_arguments("saw")(Size)
    Mine.tools.register_prebuilt(1, "bare")

    assert Mine.get_options() == ["net", "saw", "bare"]
    assert Mine.get_options(["tools"]) == ["saw", "bare"]
    assert Mine.get_registry_arguments() == {
        "models": {"net (version '1')": Size},
        "tools": {"saw": Size},
    }
    assert Mine.get_registry_arguments(["tools"]) == {"tools": {"saw": Size}}
    assert Mine.get_arguments("models", "net", version="1") is Size
    assert Mine.get_arguments("models", "net", {"version": "1"}) is Size
    with pytest.raises(NotRegisteredError, match="Mine has no registry 'toools'"):
        Mine.get_options(["toools"])


def test_view_called_shows_what_was_looked_up_and_whom_to_credit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Mine(Factory):
        models = Factory.create_registry("models", checks=[Accreditation()])
        tools = Factory.create_registry("tools")

    Mine.models.register_prebuilt(1, "net", author="Ada", credit_type="reference")
    Mine.tools.register_prebuilt(1, "saw")
    Mine.tools.register_prebuilt(1, "unused")
    for tool in (Mine.models["net"], Mine.tools["saw"], Mine.tools["saw"]):
        assert tool == 1

    Mine.view_called()

    assert capsys.readouterr().out == (
        "Called objects:\n"
        "  models: net, once; author Ada; credit_type reference\n"
        "  tools: saw, 2 times\n"
    )
    assert [times for _, times in Mine.get_called()["tools"]] == [2]
