"""ActiveMQ, over STOMP: aiostomp, with what it lacks for messages that must not be lost."""

from recado.transport.activemq.transport import ActiveMQTransport

__all__ = ["ActiveMQTransport"]
