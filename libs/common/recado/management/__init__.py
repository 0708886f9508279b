"""RabbitMQ's management interface: what is on a server, and making and deleting it.

AMQP can neither list queues nor make users, so tools for administrators ask over HTTP.
Services never do.
"""

from recado.management.client import Management
from recado.management.objects import (
    Binding,
    Exchange,
    Permission,
    Policy,
    Queue,
    User,
    VirtualHost,
)
from recado.management.passwords import hashed, matches
from recado.management.place import management_address

__all__ = [
    "Binding",
    "Exchange",
    "Management",
    "Permission",
    "Policy",
    "Queue",
    "User",
    "VirtualHost",
    "hashed",
    "management_address",
    "matches",
]
