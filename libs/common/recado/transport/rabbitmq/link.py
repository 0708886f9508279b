"""Links: a connection that is made anew whenever it breaks."""

from __future__ import annotations

import asyncio
import random
from typing import Final

import structlog

from recado.errors import ConfigError, DisconnectedError
from recado.transport.address import Address
from recado.transport.rabbitmq.session import Session

log = structlog.get_logger()

_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 2.0
_JITTER: Final = 0.25


class Link:
    """Has a session, or makes one; ``name`` says in the log what it is for."""

    def __init__(self, address: Address, name: str) -> None:
        self._address = address
        self._name = name
        self._session: Session | None = None
        self._is_up = asyncio.Event()
        self._is_closed = False
        self._keeper: asyncio.Task[None] | None = None

    @property
    def session(self) -> Session | None:
        """The present session; none while the broker is away."""
        session = self._session
        return None if session is None or session.is_lost else session

    async def open(self) -> None:
        """Connect for the first time, and keep connected from then on.

        Raises:
            ConfigError: if the broker does not let us in.
            DisconnectedError: if no host answers.
        """
        self._is_closed = False
        self._begin(await self._connected())
        self._keeper = asyncio.create_task(self._keep())

    async def up(self) -> Session:
        """Return a session, as soon as there is one.

        Raises:
            DisconnectedError: if there will be none: the link is closed.
        """
        while not self._is_closed:
            if (session := self.session) is not None:
                return session
            self._is_up.clear()
            await self._is_up.wait()
        raise DisconnectedError(f"the connection to {self._address.shown} was closed")

    async def close(self) -> None:
        """Connect no more, and let go of the session; who waits for one is told."""
        self._is_closed = True
        self._is_up.set()
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _keep(self) -> None:
        # A cancellation may be lost in the library, if the connection goes just then.
        while not self._is_closed:
            assert self._session is not None
            await asyncio.shield(self._session.lost)
            log.warning(
                "transport.disconnected",
                broker=self._address.shown,
                connection=self._name,
            )
            self._begin(await self._reconnected())
            log.info(
                "transport.connected",
                broker=self._address.shown,
                connection=self._name,
            )

    def _begin(self, session: Session) -> None:
        self._session = session
        self._is_up.set()

    async def _reconnected(self) -> Session:
        wait_s, told = 0.0, ""
        while True:
            try:
                return await self._connected()
            except (ConfigError, DisconnectedError) as error:
                if self._is_closed:
                    raise
                if str(error) != told:
                    told = str(error)
                    log.warning("transport.away", error=told, connection=self._name)
            wait_s = min(max(2 * wait_s, _FIRST_WAIT_S), _LONGEST_WAIT_S)
            await asyncio.sleep(wait_s * random.uniform(1 - _JITTER, 1 + _JITTER))

    async def _connected(self) -> Session:
        """Return a session with the first host that gives one."""
        errors: list[ConfigError | DisconnectedError] = []
        for host, port in self._address.hosts:
            session = Session(self._address, host, port)
            try:
                await session.connect()
            except (ConfigError, DisconnectedError) as error:
                errors.append(error)
            else:
                return session
        if len(errors) == 1:
            raise errors[0]
        refusals = [error for error in errors if isinstance(error, ConfigError)]
        kind = ConfigError if len(refusals) == len(errors) else DisconnectedError
        raise kind("; ".join(map(str, errors))) from errors[0]
