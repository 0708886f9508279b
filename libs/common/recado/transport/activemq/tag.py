"""A tag: what this transport knows of a delivery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recado.transport.activemq.reader import Reader

if TYPE_CHECKING:
    from recado.transport.activemq.consumer import ActiveMQConsumer


@dataclass(slots=True, eq=False)
class Tag:
    """Which message it is, and of which connection: on another one it means nothing.

    ``parked`` is the transaction that its acknowledgement was put into already, before
    its subscription ended.
    """

    consumer: ActiveMQConsumer
    reader: Reader
    subscription: str
    message_id: str
    expires_ms: int
    is_suspect: bool
    fleeting: bool
    """Whether it is of a topic: nothing of it is kept."""
    is_gone: bool = False
    """Whether there is nothing to acknowledge any more: the subscription has ended."""
    parked: str | None = None

    def ack(self, transaction: str) -> bytes:
        """Return the frame that acknowledges it as part of a transaction."""
        message_id = self.message_id.replace(":", "\\c")
        return (
            f"ACK\nsubscription:{self.subscription}\nmessage-id:{message_id}\n"
            f"transaction:{transaction}\n\n\0"
        ).encode()
