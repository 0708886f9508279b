"""Which plug-ins the dispatcher uses, in what order, and how it starts without one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recado.errors import ConfigError
from recado.runtime.runtime import ExitCode
from recado.testing import Harness
from recado_dispatcher.plugins import find_plugins
from tests.unit.dispatcher.conftest import OUR_FILTERS, ZOCALO_FILTERS, Installed


def nothing(*_: object) -> None:
    """Be a plug-in that is not called."""


@pytest.fixture
def filters(installed: Installed) -> Installed:
    for group, name in (
        (ZOCALO_FILTERS, "alpha"),
        (OUR_FILTERS, "gamma"),
        (OUR_FILTERS, "beta"),
    ):
        installed.add(group, name, nothing)
    return installed


@pytest.mark.usefixtures("filters")
def test_ours_come_before_zocalos_each_by_name() -> None:
    found = find_plugins("filter", None, None)

    assert [(each.name, each.is_zocalo) for each in found] == [
        ("beta", False),
        ("gamma", False),
        ("alpha", True),
    ]
    assert find_plugins("ready check", None, None) == []


@pytest.mark.usefixtures("filters")
def test_the_setting_says_which_and_in_what_order() -> None:
    found = find_plugins("filter", ["alpha", "beta", "alpha"], None)

    assert [each.name for each in found] == ["alpha", "beta"]


@pytest.mark.usefixtures("filters")
def test_what_is_not_allowed_is_not_there() -> None:
    assert [each.name for each in find_plugins("filter", None, ["gamma"])] == ["gamma"]
    with pytest.raises(ConfigError, match="no filter 'alpha' is installed"):
        find_plugins("filter", ["alpha"], ["gamma"])


@pytest.mark.usefixtures("filters")
def test_a_name_that_nobody_installed_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"filters: no filter 'bta'.*mean 'beta'"):
        find_plugins("filter", ["bta"], None)


def test_a_name_that_is_there_twice_is_refused(filters: Installed) -> None:
    filters.add(ZOCALO_FILTERS, "beta", nothing)

    with pytest.raises(ConfigError, match="filter 'beta' is installed 2 times"):
        find_plugins("filter", None, None)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (ImportError("no module 'db'"), "ImportError: no module 'db'"),
        (ZeroDivisionError("at import"), "ZeroDivisionError"),
        ("a text", "cannot be called: 'a text'"),
    ],
)
async def test_a_broken_plug_in_ends_the_dispatcher_at_its_start(
    installed: Installed, at_work: Callable[..., Harness], found: object, says: str
) -> None:
    installed.add(OUR_FILTERS, "broken", found)

    runtime = at_work().runtime
    code = await runtime.run()

    assert code == ExitCode.MISUSED
    with pytest.raises(ConfigError, match=r"filter 'broken' \(site:broken\)") as caught:
        find_plugins("filter", None, None)
    assert says in str(caught.value)
