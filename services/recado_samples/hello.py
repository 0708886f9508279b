"""Hello: the smallest service there is."""

from __future__ import annotations

from typing import cast

from pydantic import BaseModel, ConfigDict, Field

from recado.message import Message
from recado.service import Service
from recado.step import Step


class Guest(BaseModel):
    """Whom to greet."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200)


class Hello(Service):
    """Greets the one whom the payload names."""

    queue = "hello"
    payload = Guest

    async def handle(self, message: Message, step: Step) -> None:
        """Log a greeting, and send it on."""
        guest = cast("Guest", message.payload)
        greeting = f"hello, {guest.name}"
        self.context.log.info("hello.greeted", greeting=greeting)
        await step.send({"greeting": greeting})
