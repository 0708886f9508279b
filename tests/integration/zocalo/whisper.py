"""A service as a Zocalo site has it: it knows python-workflows, and nothing of recado."""

# What python-workflows says of its types is not all of it.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import Any

from workflows.recipe import wrap_subscribe
from workflows.services.common_service import CommonService


class Whisper(CommonService):
    """Sends a text on in small letters; what is a secret it refuses."""

    _service_name = "Whisper"

    def initializing(self) -> None:
        """Take what is to be whispered."""
        wrap_subscribe(
            self._transport,
            "whisper",
            self.whisper,
            acknowledgement=True,
            log_extender=self.extend_log,
        )

    def whisper(self, rw: Any, header: dict[str, Any], message: Any) -> None:
        """Send the text on, and take the message, in one transaction."""
        transport: Any = self._transport
        if message["text"] == "SECRET":
            transport.nack(header)
            return
        transaction = transport.transaction_begin(
            subscription_id=header["subscription"]
        )
        transport.ack(header, transaction=transaction)
        rw.send({"text": message["text"].lower()}, transaction=transaction)
        transport.transaction_commit(transaction)
