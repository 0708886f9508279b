"""What the page on dead letters shows does what it says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import pytest

from recado import Message
from recado.config import Settings
from recado.letter import Reason
from recado.message import Outgoing
from recado.schemas.letters import UNKNOWN, LetterFilter, State
from recado.testing import Harness
from recado.transport.base import DEAD_LETTERS
from recado_deadletter.service import DeadLetters

PAGE = (Path(__file__).parents[3] / "docs/how-to/dead-letters.md").read_text()


async def test_the_example_runs(
    make_dead: Callable[..., Message],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example, "dead-letters.md", "exec"), names)
    settings = Settings(state=tmp_path)

    async with Harness(DeadLetters(), settings=settings, queues=["resize"]) as h:
        dead = make_dead("one", reason="timeout", text="took too long", body=b"[1]")
        other = make_dead("two", reason="error")
        await h.transport.publish(
            [Outgoing(DEAD_LETTERS, each) for each in (dead, other)]
        )
        await h.settle()

        count = await names["send_back_what_timed_out"](h.transport)
        await h.settle()

        assert count == 1
        assert [each.id for each in h.messages("resize")] == [dead.id]
        assert "took too long [1]" in capsys.readouterr().out


def test_every_reason_state_and_condition_is_on_the_page() -> None:
    words = {*get_args(Reason), UNKNOWN, *get_args(State), *LetterFilter.model_fields}

    assert {word for word in words if f"`{word}`" not in PAGE} == set()
