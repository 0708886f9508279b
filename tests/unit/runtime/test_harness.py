"""The harness itself, and the plug-in package that it is shown with."""

import importlib.util
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from recado import Message, Reject, Service, Step
from recado.message import Outgoing
from recado.testing import Harness
from recado.testing.plugin import MakeHarness, harness

__all__ = ["harness"]  # the fixture, as a conftest would have it

PLUGIN = Path(__file__).parents[2] / "plugin" / "recado_plugin_sample" / "__init__.py"
GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "test-your-service.md"


def blocks() -> list[str]:
    """Return the guide's examples; they are one module, in this order."""
    parts = GUIDE.read_text(encoding="utf-8").split("```python\n")[1:]
    return [part.split("```")[0] for part in parts]


EXAMPLES = re.findall(r"async def (test_\w+)", "\n".join(blocks()))


class Never(Service):
    queue = "never"

    async def started(self) -> None:
        raise OSError("no such device")

    async def handle(self, message: Message, step: Step) -> None: ...


def plugin_service() -> type[Service]:
    spec = importlib.util.spec_from_file_location("recado_plugin_sample", PLUGIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: type[Service] = module.Shout
    return found


async def test_somebody_elses_service_runs_like_our_own() -> None:
    async with Harness(plugin_service()()) as h:
        await h.send({"text": "hello"})
        await h.send({"txet": "hello"})
        await h.settle()

        assert h.sent == [{"text": "HELLO"}]
        assert [each.reason for each in h.dead] == ["schema"]


async def test_what_a_service_cannot_start_with_is_raised_in_its_test() -> None:
    with pytest.raises(OSError, match="no such device"):
        async with Harness(Never()):
            pass


async def test_many_messages_are_all_handled_by_the_time_it_is_settled() -> None:
    class Copy(Never):
        name = "copy"

        async def started(self) -> None: ...

        async def handle(self, message: Message, step: Step) -> None:
            await step.send(message.payload)

    async with Harness(Copy()) as h:
        for number in range(300):
            await h.send(number)
        await h.settle()

        assert sorted(h.sent) == list(range(300))
        assert len(h.events) == 300


async def test_of_what_cannot_be_read_no_error_output_is_told() -> None:
    class Picky(Never):
        name = "picky"

        async def started(self) -> None: ...

        async def handle(self, message: Message, step: Step) -> None:
            raise Reject("no")

    async with Harness(Picky()) as h:
        good = await h.send("payload")
        await h.transport.publish([Outgoing("never", Message(b"{", good.headers))])
        await h.settle()

        (told,) = h.errors
        assert (len(h.dead), told["payload"]) == (2, "payload")
        assert (told["error"]["reason"], told["error"]["text"]) == ("rejected", "no")


def test_the_guide_has_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("name", EXAMPLES)
async def test_the_examples_of_the_guide_run(name: str, harness: MakeHarness) -> None:
    names: dict[str, Any] = {}
    exec(compile("\n".join(blocks()), str(GUIDE), "exec"), names)

    wanted = inspect.signature(names[name]).parameters
    await names[name](**({"harness": harness} if "harness" in wanted else {}))
