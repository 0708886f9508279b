"""RabbitMQ: quorum queues, pipelined confirms, and a connection that comes back."""

from recado.transport.rabbitmq.transport import RabbitTransport
from recado.transport.rabbitmq.url import read_url

__all__ = ["RabbitTransport", "read_url"]
