"""The codec: how the bodies of a service's recipe messages are written.

JSON, unless a service names another codec. That one then reads the whole body of what
comes on the service's queue, and writes the whole body of what its steps send. Whoever
takes those messages has to know it as well.
"""

from __future__ import annotations

from typing import Final, Protocol

from recado.message import decode, encode


class Codec(Protocol):
    """Reads and writes the bodies of recipe messages: Zocalo's envelopes, as objects.

    What either method raises is the message's fault: it goes to the dead letters at once.
    """

    def decode(self, body: bytes) -> object:
        """Return the envelope that a body holds."""
        ...

    def encode(self, value: object) -> bytes:
        """Return an envelope as a body."""
        ...


class JsonCodec:
    """JSON; pydantic models, dates, UUIDs and decimals can be sent as well."""

    def decode(self, body: bytes) -> object:
        """Return the value that a body holds; raise SchemaError if it is not JSON."""
        return decode(body)

    def encode(self, value: object) -> bytes:
        """Return a value as JSON; raise SchemaError for what has no JSON form."""
        return encode(value)


JSON: Final = JsonCodec()
