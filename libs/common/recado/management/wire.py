"""The wire to the management interface: HTTP with one host, or the next if it is away."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from html import unescape
from types import TracebackType
from typing import Any, Final, Self, cast

import aiohttp
from yarl import URL

from recado.errors import ConfigError, DisconnectedError, ManagementError
from recado.transport.address import Address

ANSWER_S: Final = 30.0
"""How long an answer may take; a server with thousands of queues needs seconds."""
CONNECT_S: Final = 5.0
AT_ONCE: Final = 8
"""Requests on their way at the same time; more wait for a connection."""


class Wire:
    """Asks, and is told in JSON; to be opened by ``async with``."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._hosts = list(address.hosts)
        self._session: aiohttp.ClientSession | None = None

    @property
    def shown(self) -> str:
        """The interface's name in texts for people."""
        return self._address.shown.removeprefix("broker ")

    async def __aenter__(self) -> Self:
        user, password = self._address.credentials()
        login = b64encode(f"{user or 'guest'}:{password or 'guest'}".encode())
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Basic {login.decode()}"},
            connector=aiohttp.TCPConnector(
                limit=AT_ONCE, ssl=self._address.tls() or True
            ),
            timeout=aiohttp.ClientTimeout(total=ANSWER_S, sock_connect=CONNECT_S),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(
        self, method: str, path: str, content: Mapping[str, Any] | None = None
    ) -> object:
        """Ask the host that answered last, and the others if it is away.

        ``path`` follows ``/api``, and its parts are percent-encoded already.

        Raises:
            ConfigError: if no host lets the user in.
            DisconnectedError: if no host answers.
            ManagementError: if one refuses.
        """
        refusals: list[str] = []
        for place in list(self._hosts):
            try:
                answer = await self._ask_at(self._root(*place) + path, method, content)
            except (aiohttp.ClientError, TimeoutError) as error:
                refusals.append(f"{place[0]}:{place[1]}: {_reason(error)}")
                continue
            if refusals:
                self._hosts.remove(place)
                self._hosts.insert(0, place)
            return answer
        raise DisconnectedError(
            f"the management interface {self.shown} does not answer"
            f" ({'; '.join(refusals)}); is its plug-in enabled?"
        )

    def _root(self, host: str, port: int) -> str:
        bracketed = f"[{host}]" if ":" in host else host
        path = self._address.path.strip("/")
        return f"{self._address.scheme}://{bracketed}:{port}{path and '/' + path}/api"

    async def _ask_at(
        self, url: str, method: str, content: Mapping[str, Any] | None
    ) -> object:
        assert self._session is not None, "to be opened by 'async with'"
        async with self._session.request(
            # A virtual host's name may be a slash, so nothing is to be encoded anew.
            method,
            URL(url, encoded=True),
            json=content,
            allow_redirects=False,
        ) as response:
            told = await _told(response)
            if response.status == 401:
                user = self._address.user or "guest"
                # So it also says that the user has no rights in a virtual host.
                where = (
                    f"{response.url.raw_path}: {_refusal(told) or 'no reason given'}"
                )
                raise ConfigError(
                    f"{self.shown} does not let user {user!r} in ({where})"
                )
            if response.status >= 300:
                reason = _refusal(told) or f"status {response.status}"
                where = f"{response.url.raw_path}: " if method == "GET" else ""
                raise ManagementError(response.status, f"{where}{reason}")
            return told


async def _told(response: aiohttp.ClientResponse) -> object:
    content = await response.read()
    if not content:
        return None
    try:
        return cast("object", await response.json(content_type=None))
    except ValueError:
        raise ManagementError(
            response.status,
            f"{response.url}: status {response.status}, and no JSON; is RabbitMQ there?",
        ) from None


def _refusal(told: object) -> str:
    fields = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    text = str(fields.get("reason") or fields.get("error") or "")
    return unescape(" ".join(text.split()))


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientResponseError):
        return "what answers does not speak HTTP"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or f"no answer within {ANSWER_S:g} s"
