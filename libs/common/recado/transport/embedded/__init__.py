"""The embedded broker: one SQLite file, several processes of one host, no server."""

from recado.transport.embedded.transport import EmbeddedTransport

__all__ = ["EmbeddedTransport"]
