"""What is on a RabbitMQ server: virtual hosts, users, queues and what leads to them.

Each is read from what the management interface tells, whose further fields are dropped,
and knows under which path it is made and deleted. Every part of a path is
percent-encoded: the default virtual host's name is a slash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Final, Literal
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

SHA256: Final = "rabbit_password_hashing_sha256"
"""The only algorithm that recado hashes passwords by."""


def _divided(value: object) -> object:
    """Return tags as a list: servers before 3.9 tell them in one text."""
    if not isinstance(value, str):
        return value
    return [tag for each in value.split(",") if (tag := each.strip())]


Tags = Annotated[tuple[str, ...], BeforeValidator(_divided), PlainSerializer(",".join)]


class Thing(BaseModel):
    """One thing on a server; ``place`` tells it from all others of its kind."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    kind: ClassVar[str]
    """What it is called in texts for people."""
    collection: ClassVar[str]
    """What its kind is called in paths."""
    named_by: ClassVar[tuple[str, ...]]
    """The fields that identify it, from the widest to its own name."""
    content_of: ClassVar[frozenset[str]]
    """The fields that it is made with."""

    @property
    def place(self) -> tuple[str, ...]:
        """The names that identify it."""
        return tuple(getattr(self, name) for name in self.named_by)

    @property
    def title(self) -> str:
        """What it is called within its virtual host, in texts for people."""
        return self.place[-1]

    @property
    def path(self) -> str:
        """Where it is made and deleted, below ``/api``."""
        return within(f"/{self.collection}", *self.place)

    @property
    def content(self) -> dict[str, Any]:
        """What it is made with."""
        return self.model_dump(include=set(self.content_of), by_alias=True)


class VirtualHost(Thing):
    """A part of a server with names, users' rights and policies of its own."""

    kind = "virtual host"
    collection = "vhosts"
    named_by = ("name",)
    content_of = frozenset({"description", "tags", "tracing"})

    name: str
    description: str = ""
    tags: Tags = ()
    tracing: bool = False


class User(Thing):
    """Who may log in; the password is there only as its salted hash."""

    kind = "user"
    collection = "users"
    named_by = ("name",)
    content_of = frozenset({"password_hash", "hashing_algorithm", "tags"})

    name: str
    tags: Tags = ()
    password_hash: str = Field(default="", repr=False)
    hashing_algorithm: str = SHA256


class Permission(Thing):
    """What a user may do in a virtual host, as patterns of names."""

    kind = "permission"
    collection = "permissions"
    named_by = ("vhost", "user")
    content_of = frozenset({"configure", "write", "read"})

    vhost: str
    user: str
    configure: str
    write: str
    read: str


class Policy(Thing):
    """Settings for all queues or exchanges of a virtual host whose names fit a pattern."""

    kind = "policy"
    collection = "policies"
    named_by = ("vhost", "name")
    content_of = frozenset({"pattern", "definition", "priority", "apply_to"})

    vhost: str
    name: str
    pattern: str
    definition: Mapping[str, Any]
    priority: int = 0
    apply_to: str = Field(
        default="all", validation_alias="apply-to", serialization_alias="apply-to"
    )


class Exchange(Thing):
    """Where messages are published to, and from where bindings lead on."""

    kind = "exchange"
    collection = "exchanges"
    named_by = ("vhost", "name")
    content_of = frozenset({"type", "durable", "auto_delete", "internal", "arguments"})

    vhost: str
    name: str
    type: str
    durable: bool = False
    auto_delete: bool = False
    internal: bool = False
    arguments: Mapping[str, Any] = Field(default_factory=dict[str, Any])


class Queue(Thing):
    """A queue, and what the server's statistics say of it.

    ``messages`` and ``consumers`` lag by seconds, and are None as long as the server has
    not counted: never take a zero of them for an empty queue.
    """

    kind = "queue"
    collection = "queues"
    named_by = ("vhost", "name")
    content_of = frozenset({"durable", "auto_delete", "arguments"})

    vhost: str
    name: str
    durable: bool = True
    auto_delete: bool = False
    exclusive: bool = False
    arguments: Mapping[str, Any] = Field(default_factory=dict[str, Any])
    messages: int | None = None
    consumers: int | None = None

    @property
    def type(self) -> str:
        """What kind of queue it is: classic, quorum or stream."""
        return str(self.arguments.get("x-queue-type", "classic"))


class Binding(Thing):
    """A way from an exchange to a queue, or to another exchange.

    ``properties_key`` is the server's own name for it among those between the same two.
    """

    kind = "binding"
    collection = "bindings"
    named_by = ("vhost", "source", "destination_type", "destination", "routing_key")
    content_of = frozenset({"routing_key", "arguments"})

    vhost: str
    source: str
    destination: str
    destination_type: Literal["queue", "exchange"] = "queue"
    routing_key: str = ""
    arguments: Mapping[str, Any] = Field(default_factory=dict[str, Any])
    properties_key: str = ""

    @property
    def place(self) -> tuple[str, ...]:
        """Both ends, the routing key, and the arguments: two may differ in these alone."""
        return (*super().place, json.dumps(dict(self.arguments), sort_keys=True))

    @property
    def title(self) -> str:
        """Both ends, and the routing key."""
        key = f" ({self.routing_key})" if self.routing_key else ""
        return f"{self.source} → {self.destination}{key}"

    @property
    def path(self) -> str:
        """Where those between the same two are made; a letter says what it leads to."""
        ends = ("e", self.source, self.destination_type[0], self.destination)
        return within(f"/{self.collection}", self.vhost, *ends)


def within(path: str, *names: str) -> str:
    """Return a path with names behind it, each percent-encoded."""
    return path + "".join(f"/{quote(name, safe='')}" for name in names)
