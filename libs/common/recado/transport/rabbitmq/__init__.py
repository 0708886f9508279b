"""RabbitMQ: quorum queues, pipelined confirms, and a connection that comes back."""

from recado.transport.rabbitmq.look import Look, Usage, looking
from recado.transport.rabbitmq.transport import RabbitTransport
from recado.transport.rabbitmq.url import read_url

__all__ = ["Look", "RabbitTransport", "Usage", "looking", "read_url"]
