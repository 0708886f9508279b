"""The link to the broker: a connection, and another one when that is lost."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol

import structlog

from recado.errors import ConfigError, DisconnectedError, TransportError
from recado.ids import new_id
from recado.transport.activemq.frames import Frame
from recado.transport.activemq.reader import Login, Reader
from recado.transport.address import Address

log = structlog.get_logger()

CONNECT_S: Final = 10.0
"""How long one host may take from the first packet to CONNECTED."""
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 2.0
_GOODBYE_S: Final = 2.0


class User(Protocol):
    """Who uses the link."""

    async def restore(self, reader: Reader) -> None:
        """Take up work on a connection that is new."""
        ...

    def interrupted(self) -> None:
        """Hear that the connection is lost, with all that came over it."""
        ...

    def received(self, messages: Sequence[Frame]) -> None:
        """Take messages."""
        ...

    def faulted(self, text: str) -> bool:
        """Hear of an error that names no receipt; return whether to go on."""
        ...


class Link:
    """Connects to one of the hosts, and again whenever that is lost, until it is closed."""

    def __init__(self, address: Address, user: User, heartbeat_s: float) -> None:
        self._address = address
        self._user = user
        self._heartbeat_s = heartbeat_s
        self._name = f"recado-{new_id()}"
        self._count = 0
        self._is_closed = False
        self._reader: Reader | None = None
        self._reconnecting: asyncio.Task[None] | None = None

    @property
    def reader(self) -> Reader | None:
        """The connection; none while there is none."""
        return self._reader

    async def connect(self) -> None:
        """Connect to the first host that answers.

        Raises:
            ConfigError: if the broker does not let this user in, or TLS cannot be used.
            DisconnectedError: if no host answers.
        """
        errors: list[str] = []
        for host, port in self._address.hosts:
            try:
                reader = await self._meet(host, port)
            except DisconnectedError as error:
                errors.append(str(error))
                continue
            self._reader = reader
            return
        raise DisconnectedError(f"{self._address.shown}: {'; '.join(errors)}")

    async def _meet(self, host: str, port: int) -> Reader:
        user, password = self._address.credentials()
        self._count += 1
        # A name of its own for each connection: the broker may hold the one before for
        # alive, and would refuse a second one of the same name.
        client = f"{self._name}-{self._count}"
        login = Login(
            self._address.path or host, client, user, password, self._heartbeat_s
        )
        reader = Reader(self, login)
        tls = self._address.tls()
        try:
            async with asyncio.timeout(CONNECT_S):
                await asyncio.get_running_loop().create_connection(
                    lambda: reader,
                    host,
                    port,
                    ssl=tls,
                    server_hostname=host if tls else None,
                )
                await reader.ready
        except TimeoutError:
            reader.fail(DisconnectedError("too slow"))
            raise DisconnectedError(
                f"{host}:{port} does not answer within {CONNECT_S:g} s"
            ) from None
        except ssl.SSLCertVerificationError as error:
            raise ConfigError(
                f"{self._address.shown}: the certificate of {host} is not to be trusted:"
                f" {error.verify_message}"
            ) from error
        except OSError as error:
            raise DisconnectedError(f"{host}:{port}: {error}") from error
        except DisconnectedError as error:
            raise DisconnectedError(f"{host}:{port}: {error}") from error
        except ConfigError as error:
            raise ConfigError(f"{self._address.shown}: {error}") from error
        except BaseException:
            reader.fail(DisconnectedError("given up"))
            raise
        return reader

    async def close(self) -> None:
        """Say goodbye, and stay away."""
        self._is_closed = True
        task, self._reconnecting = self._reconnecting, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        reader, self._reader = self._reader, None
        if reader is None:
            return
        with suppress(DisconnectedError, TimeoutError):
            async with asyncio.timeout(_GOODBYE_S):
                await reader.request("DISCONNECT", {})
        reader.fail(DisconnectedError(f"the connection to {self.shown} was closed"))

    def abandon(self) -> None:
        """Vanish without a word, as a process does that is killed."""
        self._is_closed = True
        if self._reconnecting is not None:
            self._reconnecting.cancel()
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.fail(DisconnectedError("abandoned"))

    @property
    def shown(self) -> str:
        """The broker's name, fit to be shown."""
        return self._address.shown

    # What connections tell

    def received(self, reader: Reader, messages: Sequence[Frame]) -> None:
        """Pass messages on, unless the connection they came over is given up."""
        if reader is self._reader:
            self._user.received(messages)

    def faulted(self, reader: Reader, text: str) -> bool:
        """Pass an error on."""
        return reader is self._reader and self._user.faulted(text)

    def lost(self, reader: Reader, error: Exception | None) -> None:
        """Begin to connect again."""
        if reader is not self._reader:
            return
        self._reader = None
        self._user.interrupted()
        if self._is_closed:
            return
        log.warning("transport.disconnected", broker=self.shown, error=str(error))
        self._begin()

    def _begin(self) -> None:
        if self._reconnecting is None or self._reconnecting.done():
            self._reconnecting = asyncio.create_task(self._reconnect())

    async def _reconnect(self) -> None:
        """Try all hosts, with growing pauses, until one is there."""
        wait_s, tries = _FIRST_WAIT_S, 0
        while not self._is_closed:
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
            tries += 1
            try:
                await self.connect()
                reader = self._reader
                if reader is not None:
                    await self._user.restore(reader)
                if self._reader is reader is not None:
                    log.info("transport.connected", broker=self.shown, tries=tries)
                    return
            except (TransportError, ConfigError) as error:
                self._drop()
                if tries % 10 == 1:
                    log.warning(
                        "transport.away",
                        broker=self.shown,
                        error=str(error),
                        tries=tries,
                    )
            wait_s = min(wait_s * 2, _LONGEST_WAIT_S)

    def _drop(self) -> None:
        """Give up a connection that is of no use, without beginning anew here."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.fail(DisconnectedError("it could not be used"))
            self._user.interrupted()
