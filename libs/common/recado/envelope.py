"""The envelope: a recipe message's body, in Zocalo's format.

``{"recipe", "recipe-pointer", "recipe-path", "environment": {"ID"}, "payload"}``. It is
read and written once for each hop, so the part that all children of a message share is
made once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, cast

from recado.codec import JSON, Codec
from recado.errors import Problem, ProblemsError, SchemaError
from recado.message import Message, decode, encode

_DIGITS: Final = 18
"""Of a step's id, at most; Python refuses to read numbers of thousands of digits."""
_LONGEST_RUN_ID: Final = 255
"""It travels in a header, and some brokers take only small ones."""


@dataclass(slots=True)
class Envelope:
    """A recipe, the step that a message is for, the steps it came through, its payload."""

    recipe: dict[str, Any]
    pointer: int
    path: list[int]
    environment: dict[str, Any]
    payload: Any = None

    @property
    def run(self) -> str:
        """The run id: ``environment.ID``."""
        return str(self.environment.get("ID") or "")

    @property
    def step(self) -> dict[str, Any]:
        """The recipe's step that the message is for."""
        return cast("dict[str, Any]", self.recipe[str(self.pointer)])

    @classmethod
    def read(cls, message: Message, codec: Codec = JSON) -> Envelope:
        """Return the envelope in a recipe message's body.

        Raises:
            SchemaError: with every problem of the envelope, or of its codec.
        """
        body: Any = (
            decode(message.body) if codec is JSON else _decoded(message.body, codec)
        )
        problems = list(_problems(body))
        if problems:
            raise SchemaError("recipe envelope", problems)
        return cls(
            body["recipe"],
            int(body["recipe-pointer"]),
            body.get("recipe-path") or [],
            body.get("environment") or {},
            body.get("payload"),
        )

    def prefix(self, recipe: bytes, pointer: int, path: list[int]) -> bytes:
        """Return the body for a child up to its payload; ``recipe`` is encoded already."""
        head = encode(
            {
                "recipe-pointer": pointer,
                "recipe-path": path,
                "environment": self.environment,
            }
        )
        return b'{"recipe":' + recipe + b"," + head[1:-1] + b',"payload":'

    def child(
        self, pointer: int, path: list[int], recipe: bytes | None, codec: Codec = JSON
    ) -> Callable[[object], bytes]:
        """Return what makes the bodies of children for one step, each from its payload.

        ``recipe`` is the recipe in JSON, if whoever sends many has encoded it already. What
        is returned raises SchemaError for a payload that the codec does not take.
        """
        if codec is not JSON:
            return partial(_encoded, codec, self, pointer, path)
        recipe = encode(self.recipe) if recipe is None else recipe
        prefix = self.prefix(recipe, pointer, path)
        return lambda payload: prefix + encode(payload) + b"}"


def _encoded(
    codec: Codec, envelope: Envelope, pointer: int, path: list[int], payload: object
) -> bytes:
    value = {
        "recipe": envelope.recipe,
        "recipe-pointer": pointer,
        "recipe-path": path,
        "environment": envelope.environment,
        "payload": payload,
    }
    try:
        return bytes(memoryview(codec.encode(value)))
    except ProblemsError:
        raise
    except Exception as error:
        raise _strange(codec, "cannot be written", error) from error


def _decoded(body: bytes, codec: Codec) -> object:
    try:
        return codec.decode(body)
    except ProblemsError:
        raise
    except Exception as error:
        raise _strange(codec, "cannot be read", error) from error


def _strange(codec: Codec, what: str, error: Exception) -> SchemaError:
    text = f"{what} by {type(codec).__name__}: {error!r:.200}"
    return SchemaError("body", [Problem("", text)])


def _problems(body: Any) -> list[Problem]:
    if not isinstance(body, dict):
        return [Problem("", f"must be an object, not {type(body).__name__}")]
    fields = cast("dict[str, Any]", body)
    found: list[Problem] = []
    recipe = fields.get("recipe")
    pointer = fields.get("recipe-pointer")
    if not isinstance(recipe, dict):
        found.append(Problem("recipe", "must be an object"))
    if isinstance(pointer, bool) or not _is_number(pointer):
        text = f"must be a step's id, not {pointer!r:.80}"
        found.append(Problem("recipe-pointer", text))
    elif isinstance(recipe, dict):
        step = cast("dict[str, Any]", recipe).get(str(int(cast("int | str", pointer))))
        if not isinstance(step, dict):
            found.append(
                Problem("recipe-pointer", f"the recipe has no step {pointer!r:.80}")
            )
    found += _environment_problems(fields.get("environment"))
    if not isinstance(fields.get("recipe-path", []), list | None):
        found.append(Problem("recipe-path", "must be a list of step ids"))
    return found


def _environment_problems(environment: object) -> list[Problem]:
    if environment is None:
        return []
    if not isinstance(environment, dict):
        return [Problem("environment", "must be an object")]
    run: object = cast("dict[str, Any]", environment).get("ID") or ""
    if isinstance(run, str | int) and len(str(run)) <= _LONGEST_RUN_ID:
        return []
    text = f"must be a text of at most {_LONGEST_RUN_ID} characters, not {run!r:.80}"
    return [Problem("environment.ID", text)]


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return value.isascii() and value.isdecimal() and len(value) <= _DIGITS
    return isinstance(value, int)
