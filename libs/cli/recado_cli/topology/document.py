"""A topology's file, in the form of ``zocalo.configure_rabbitmq``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
)

from recado.disk import read_text
from recado.errors import nearest
from recado.validation import validated
from recado.zocalo.yaml import read_yaml

DEFAULT_VHOST: Final = "/"
_EXCHANGES: Final = ("direct", "fanout", "headers", "topic")
_NAME: Final = "{name}"

QueueType = Literal["classic", "quorum", "stream"]
Name = Annotated[str, Field(min_length=1, max_length=255)]


def _exchange_type(value: str) -> str:
    # What begins with x- comes with a plug-in, which the server knows and we do not.
    if value not in _EXCHANGES and not value.startswith("x-"):
        raise ValueError(f"must be a type of exchange{nearest(value, _EXCHANGES)}")
    return value


def _pattern(value: str) -> str:
    if not {"{", "}"}.isdisjoint(value.replace(_NAME, "")):
        raise ValueError(f"must hold no braces but those of {_NAME}")
    return value


def _destination_type(value: object) -> object:
    return {"q": "queue", "e": "exchange"}.get(str(value), value)


ExchangeType = Annotated[str, AfterValidator(_exchange_type)]
DestinationType = Annotated[
    Literal["queue", "exchange"], BeforeValidator(_destination_type)
]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VirtualHostTable(_Table):
    """A virtual host."""

    name: Name
    description: str = ""
    tags: tuple[str, ...] = ()
    tracing: bool = False


class PermissionTable(_Table):
    """What a user may do in a virtual host."""

    vhost: Name = DEFAULT_VHOST
    user: Name
    configure: str
    write: str
    read: str


class PolicyTable(_Table):
    """Settings for all queues or exchanges whose names fit a pattern."""

    vhost: Name = DEFAULT_VHOST
    name: Name
    pattern: str = "^amq."
    definition: dict[str, JsonValue] = Field(default_factory=dict)
    priority: int = 0
    apply_to: str = Field(default="queues", alias="apply-to")


class ExchangeTable(_Table):
    """An exchange on its own."""

    name: Name
    type: ExchangeType
    vhost: Name = DEFAULT_VHOST
    durable: bool = False
    auto_delete: bool = False
    internal: bool = False
    arguments: dict[str, JsonValue] = Field(default_factory=dict)


class BindingTable(_Table):
    """A way from an exchange; the routing key is the destination's name unless given."""

    source: str
    destination: Name
    vhost: Name = DEFAULT_VHOST
    destination_type: DestinationType = "queue"
    routing_key: str | None = None
    arguments: dict[str, JsonValue] = Field(default_factory=dict)


class QueueSettings(_Table):
    """How the queues of a group are declared, and where what dies in them goes."""

    type: QueueType = "classic"
    dead_letter_pattern: Annotated[str, AfterValidator(_pattern)] | None = Field(
        default=None, alias="dead-letter-routing-key-pattern"
    )
    dead_letter_exchange: str = Field(default="", alias="dead-letter-exchange")
    has_dead_letter_queues: bool = Field(default=True, alias="dead-letter-queue-create")

    def dead_letter_name(self, queue: str) -> str | None:
        """Return the routing key of what dies in a queue; none if it is dropped."""
        pattern = self.dead_letter_pattern
        return pattern.replace(_NAME, queue) if pattern else None


class ExchangeSettings(_Table):
    """What kind of exchange; a broadcasting group's are of type fanout whatever it says."""

    type: ExchangeType = "direct"


class GroupSettings(_Table):
    """What the members of a group have in common."""

    broadcast: bool = False
    single_active_consumer: bool = False
    queues: QueueSettings = QueueSettings()
    exchanges: ExchangeSettings = ExchangeSettings()


class GroupTable(_Table):
    """Queues that are declared alike, or fanout exchanges if it broadcasts."""

    names: tuple[Name, ...]
    vhost: Name = DEFAULT_VHOST
    bindings: tuple[str, ...] = ("",)
    settings: GroupSettings = GroupSettings()


class Document(_Table):
    """The whole file; a part that is not there says nothing of what should be."""

    vhosts: tuple[VirtualHostTable, ...] | None = None
    permissions: tuple[PermissionTable, ...] | None = None
    policies: tuple[PolicyTable, ...] | None = None
    exchanges: tuple[ExchangeTable, ...] | None = None
    bindings: tuple[BindingTable, ...] | None = None
    groups: tuple[GroupTable, ...] | None = None


def read_document(path: Path) -> Document:
    """Return what a topology's file says.

    Raises:
        ConfigError: if it cannot be read.
        SchemaError: with everything that is wrong in it, each with its place.
    """
    return validated(Document, read_yaml(read_text(path), str(path)) or {}, str(path))
