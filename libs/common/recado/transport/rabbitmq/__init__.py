"""RabbitMQ: quorum queues, pipelined confirms, and a connection that comes back."""

from recado.transport.rabbitmq.transport import RabbitTransport

__all__ = ["RabbitTransport"]
