"""The client: what is on a RabbitMQ server, and how it is made and deleted."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self, TypeVar, cast
from urllib.parse import urlencode

from pydantic import BaseModel

from recado.errors import ManagementError
from recado.management.objects import (
    Binding,
    Exchange,
    Permission,
    Policy,
    Queue,
    Thing,
    User,
    VirtualHost,
    within,
)
from recado.management.wire import Wire
from recado.transport.address import Address
from recado.validation import validated

_QUEUE_COLUMNS: Final = (
    "name,vhost,durable,auto_delete,exclusive,arguments,messages,consumers"
)
_GONE: Final = 404

T = TypeVar("T", bound=Thing)


class _Overview(BaseModel):
    rabbitmq_version: str


class _Self(BaseModel):
    name: str


class Management:
    """RabbitMQ's management interface; to be opened by ``async with``.

    Everything may raise :class:`DisconnectedError` if no host answers,
    :class:`ConfigError` if it does not let the user in, and :class:`ManagementError` if it
    refuses.
    """

    def __init__(self, address: Address) -> None:
        self._wire = Wire(address)

    @property
    def shown(self) -> str:
        """Its name in texts for people."""
        return self._wire.shown

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._wire.__aexit__(kind, error, trace)

    # What is there

    async def version(self) -> tuple[int, ...]:
        """Return RabbitMQ's version, such as ``(3, 10, 8)``."""
        told = validated(
            _Overview, await self._wire.ask("GET", "/overview"), "overview"
        )
        parts = told.rabbitmq_version.split(".")
        return tuple(int(part) for part in parts if part.isdecimal())

    async def user_name(self) -> str:
        """Return the name of the user who asks."""
        return validated(_Self, await self._wire.ask("GET", "/whoami"), "whoami").name

    async def vhosts(self) -> list[VirtualHost]:
        """Return all virtual hosts."""
        return await self._list(VirtualHost, "/vhosts")

    async def users(self) -> list[User]:
        """Return all users."""
        return await self._list(User, "/users")

    async def permissions(self) -> list[Permission]:
        """Return all users' permissions."""
        return await self._list(Permission, "/permissions")

    async def policies(self, vhost: str | None = None) -> list[Policy]:
        """Return the policies of a virtual host, or of all."""
        return await self._list(Policy, _all("/policies", vhost))

    async def exchanges(self, vhost: str | None = None) -> list[Exchange]:
        """Return the exchanges of a virtual host, or of all."""
        return await self._list(Exchange, _all("/exchanges", vhost))

    async def queues(self, vhost: str | None = None) -> list[Queue]:
        """Return the queues of a virtual host, or of all."""
        path = f"{_all('/queues', vhost)}?{urlencode({'columns': _QUEUE_COLUMNS})}"
        return await self._list(Queue, path)

    async def bindings(self, vhost: str | None = None) -> list[Binding]:
        """Return the bindings of a virtual host, or of all."""
        return await self._list(Binding, _all("/bindings", vhost))

    # Changing it

    async def put(self, thing: Thing) -> None:
        """Make a thing, or change it to this.

        Queues and exchanges cannot be changed, so the server refuses that; what differs
        from a binding is another binding.
        """
        method = "POST" if isinstance(thing, Binding) else "PUT"
        await self._wire.ask(method, thing.path, thing.content)

    async def delete(self, thing: Thing) -> None:
        """Delete a thing, whatever it holds, unless somebody else has done so."""
        own = (thing.properties_key,) if isinstance(thing, Binding) else ()
        try:
            await self._wire.ask("DELETE", within(thing.path, *own))
        except ManagementError as error:
            if error.status != _GONE:
                raise

    async def delete_unused(self, queue: Queue) -> None:
        """Delete a classic queue if it is empty and nobody consumes it, in one step.

        RabbitMQ refuses the condition for quorum queues, and ignores it for streams, so
        these are refused here.
        """
        if queue.type != "classic":
            text = f"queue {queue.name!r}: a {queue.type} is deleted whatever it holds"
            raise ManagementError(400, text)
        await self._wire.ask("DELETE", f"{queue.path}?if-empty=true&if-unused=true")

    # HTTP

    async def _list(self, kind: type[T], path: str) -> list[T]:
        told = await self._wire.ask("GET", path)
        if not isinstance(told, list):
            raise ManagementError(200, f"{path}: the answer is no list")
        return [
            validated(kind, each, path, f"[{index}]")
            for index, each in enumerate(cast("list[object]", told))
        ]


def _all(path: str, vhost: str | None) -> str:
    return path if vhost is None else within(path, vhost)
