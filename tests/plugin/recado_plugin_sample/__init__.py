"""A service of somebody else's: it says what it gets again, louder."""

from __future__ import annotations

from pydantic import BaseModel

from recado import Message, Service, Step


class Words(BaseModel):
    """What there is to be said."""

    text: str


class Shout(Service):
    """Sends a text on in capitals."""

    queue = "shout"
    payload = Words

    async def handle(self, message: Message, step: Step) -> None:
        """Send the payload's text on in capitals."""
        await step.send({"text": message.payload.text.upper()})
