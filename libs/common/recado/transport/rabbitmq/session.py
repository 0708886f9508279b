"""Sessions: one connection to the broker, from its handshake to its loss."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

import aio_pika
import structlog
from aio_pika.abc import ConnectionParameter
from aiormq.abc import AbstractChannel
from aiormq.exceptions import (
    AMQPError,
    AuthenticationError,
    ChannelAccessRefused,
    ChannelLockedResource,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    ProbableAuthenticationError,
)
from yarl import URL

from recado.errors import ConfigError, DisconnectedError
from recado.transport.address import Address
from recado.transport.rabbitmq.tap import Tap, Tapping

log = structlog.get_logger()

R = TypeVar("R")

CONNECT_S: Final = 5.0
"""How long a host may take to answer, all of the handshake included."""
ANSWER_S: Final = 12.0
"""How long the broker may take to answer anything else."""
CLOSE_S: Final = 1.5
"""How long it may take to say goodbye."""
_NOT_ALLOWED: Final = "530"
"""The code for a virtual host that is not there, or not for us."""
_REFUSALS: Final = (
    ChannelAccessRefused,
    ChannelLockedResource,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
)


class LostError(Exception):
    """Raised within the transport when a connection or a channel went meanwhile."""


class UnansweredError(LostError):
    """Raised when the broker did not answer in time: it is not known what it did."""


class _Connection(aio_pika.Connection):
    PARAMETERS = (
        *aio_pika.Connection.PARAMETERS,
        ConnectionParameter("transport_factory", lambda it: it, is_kwarg=True),
    )


class Session:
    """One connection; when it is lost, whatever was made on it is lost with it."""

    def __init__(self, address: Address, host: str, port: int) -> None:
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._name = f"{address.shown} at {host}:{port}"
        self._heartbeat_s: float = address.options.get("heartbeat", 10)
        self._tapping = Tapping(self._lose)
        user, password = address.credentials()
        # An empty path is the default virtual host.
        url = URL.build(
            scheme=address.scheme,
            user=user or "guest",
            password=password or ("" if user else "guest"),
            host=host,
            port=port,
            path=f"/{address.path or '/'}",
            query={"heartbeat": str(int(self._heartbeat_s)), "name": "recado"},
        )
        self._connection = _Connection(
            url, ssl_context=address.tls(), transport_factory=self._tapping
        )
        self._watchdog: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Connect; aiormq's loggers are quiet from then on, unless they have a level.

        Raises:
            ConfigError: if the broker is there, and does not let us in.
            DisconnectedError: if it is not there.
        """
        _quieten()
        try:
            async with asyncio.timeout(CONNECT_S):
                await self._connection.connect()
        except (AuthenticationError, ProbableAuthenticationError) as error:
            await self.close()
            raise ConfigError(
                f"{self._name} refuses the user or the password"
            ) from error
        except ssl.SSLError as error:
            await self.close()
            raise ConfigError(f"{self._name}: {error}") from error
        except (AMQPError, OSError, TimeoutError, RuntimeError) as error:
            await self.close()
            told = self._tapping.tap.refusal if self._tapping.tap is not None else ""
            if told.startswith(_NOT_ALLOWED):
                raise ConfigError(f"{self._name}: {told}") from error
            reason = told or str(error) or f"no answer within {CONNECT_S:g} s"
            raise DisconnectedError(f"{self._name} is away: {reason}") from error
        except BaseException:
            await self.close()
            raise
        self._watchdog = asyncio.create_task(self._watch())

    @property
    def tap(self) -> Tap:
        """What messages are written to, and read from."""
        assert self._tapping.tap is not None
        return self._tapping.tap

    @property
    def is_lost(self) -> bool:
        """Whether the connection is gone."""
        return self.lost.done()

    @property
    def version(self) -> tuple[int, ...]:
        """The broker's version; empty if it does not tell one that can be read."""
        told = self._underlay.server_properties.get("version")
        parts = str(told).split("-")[0].split(".")
        return tuple(int(part) for part in parts if part.isdecimal())

    @property
    def frame_max(self) -> int:
        """The bytes of the largest frame that the broker takes."""
        return self._underlay.connection_tune.frame_max or 131_072

    @property
    def _underlay(self) -> Any:
        assert self._connection.transport is not None
        return self._connection.transport.connection

    async def channel(self, *, confirms: bool = False) -> AbstractChannel:
        """Open a channel."""
        if self.is_lost:
            raise LostError
        channel: AbstractChannel = await self.call(
            self._underlay.channel(publisher_confirms=confirms, on_return_raises=False)
        )
        return channel

    async def call(self, asked: Coroutine[Any, Any, R]) -> R:
        """Return what the broker answers; goes on if who asks is cancelled.

        Raises:
            LostError: if the connection or the channel went meanwhile.
            UnansweredError: if there is no answer in time; the channel is given up.
            AMQPChannelError: if the broker refuses, and has closed the channel.
        """
        task = asyncio.ensure_future(_bounded(asked))
        task.add_done_callback(_look)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            asking = asyncio.current_task()
            if not task.cancelled() or (asking is not None and asking.cancelling()):
                raise  # it is who asks that was cancelled, perhaps as well
            raise LostError from None
        except (*_REFUSALS, LostError):
            raise
        except (AMQPError, OSError, RuntimeError) as error:
            raise LostError(str(error)) from error

    async def close(self) -> None:
        """Say goodbye, if there is anybody; the connection is gone afterwards."""
        if self._watchdog is not None:
            self._watchdog.cancel()
        with contextlib.suppress(Exception, asyncio.CancelledError):
            async with asyncio.timeout(CLOSE_S):
                await asyncio.shield(self._tidied())
        self.abort()

    def abort(self) -> None:
        """Drop the connection without a word."""
        if self._tapping.tap is not None:
            self._tapping.tap.abort()
        self._lose()

    def _lose(self) -> None:
        if not self.lost.done():
            self.lost.set_result(None)
            if self._watchdog is not None:
                self._watchdog.cancel()
            self._tidied()

    def _tidied(self) -> asyncio.Task[None]:
        """Have aio-pika end its tasks; it does so by itself only with a traceback."""
        if self._tidying is None:
            self._tidying = asyncio.create_task(self._connection.close())
            self._tidying.add_done_callback(_look)
        return self._tidying

    async def _watch(self) -> None:
        """Drop the connection if the broker, which sends heartbeats, is not heard."""
        loop, patience = asyncio.get_running_loop(), 2 * self._heartbeat_s
        while True:
            await asyncio.sleep(self._heartbeat_s / 2)
            if loop.time() - self.tap.heard_at > patience:
                # After a blocked loop, what has come waits to be read: look once more.
                await asyncio.sleep(0.1)
                silent_s = loop.time() - self.tap.heard_at
                if silent_s > patience:
                    log.warning(
                        "transport.silent",
                        broker=self._name,
                        silent_s=round(silent_s, 1),
                    )
                    self.abort()
                    return


def _quieten() -> None:
    """Have a lost connection told once, by us: aiormq's warnings have a traceback."""
    for name in ("aiormq.connection", "aiormq.channel"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.CRITICAL)


async def _bounded(asked: Coroutine[Any, Any, R]) -> R:
    """Return an answer; aiormq closes a channel on which one is not waited for."""
    patience = asyncio.timeout(ANSWER_S)
    try:
        async with patience:
            return await asked
    except TimeoutError as error:
        if not patience.expired():  # it is the network's
            raise
        raise UnansweredError(f"no answer within {ANSWER_S:g} s") from error


def _look(task: asyncio.Future[Any]) -> None:
    """Have looked at a failure, even if whoever asked has gone."""
    if not task.cancelled():
        task.exception()
