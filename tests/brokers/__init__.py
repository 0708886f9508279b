"""Brokers' servers of our own, for tests and benchmarks."""

from tests.brokers.activemq import ActiveMQ
from tests.brokers.certificates import Certificates, make_certificates
from tests.brokers.rabbitmq import RabbitMQ
from tests.brokers.server import Place, Server

__all__ = [
    "ActiveMQ",
    "Certificates",
    "Place",
    "RabbitMQ",
    "Server",
    "make_certificates",
]
