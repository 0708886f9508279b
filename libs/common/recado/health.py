"""Health: whether an instance lives and is ready, and its metrics, told over HTTP.

``/live`` answers as long as the event loop turns. ``/ready`` says whether the instance
takes messages, and if not, why. ``/metrics`` is for Prometheus. The server runs in the
service's own loop; its libraries are imported only when it is started.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final, Protocol

from recado.errors import ConfigError

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from uvicorn import Server

_CONNECTIONS: Final = 64
"""Those who ask at the same time, at most; the others are told to come back."""
_LAST_S: Final = 1
"""Seconds in which answers that were begun may be finished."""


class Patient(Protocol):
    """Whose health it is."""

    def unready(self) -> str:
        """Return why the instance does not take messages; empty if it does."""
        ...

    def metrics(self) -> bytes:
        """Return its metrics in Prometheus' text format."""
        ...


class Health:
    """Answers those who ask how an instance is."""

    def __init__(self, host: str, port: int, patient: Patient) -> None:
        self._host = host
        self._port = port
        self._patient = patient
        self._server: tuple[Server, socket.socket] | None = None

    async def start(self) -> str:
        """Begin to answer, and return at which URL; port 0 stands for any that is free.

        Raises:
            ConfigError: if the port cannot be had.
        """
        from uvicorn import Config, Server

        listener = _bound(self._host, self._port)
        config = Config(
            _app(self._patient),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_LAST_S,
        )
        config.load()
        server = Server(config)
        server.lifespan = config.lifespan_class(config)
        # Not serve(): that takes the signals over, and turns ten times a second.
        await server.startup([listener])
        self._server = server, listener
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{listener.getsockname()[1]}"

    async def stop(self) -> None:
        """Answer no more."""
        if self._server is not None:
            (server, listener), self._server = self._server, None
            await server.shutdown([listener])


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"health_port {port} at {host}: {error.strerror};"
            " name another one, or 0 for any that is free"
        ) from error
    return listener


def _app(patient: Patient) -> Starlette:
    from prometheus_client import CONTENT_TYPE_LATEST
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    async def live(_: Request) -> Response:
        return JSONResponse({"live": True})

    async def ready(_: Request) -> Response:
        if reason := patient.unready():
            return JSONResponse({"ready": False, "reason": reason}, 503)
        return JSONResponse({"ready": True})

    async def measured(_: Request) -> Response:
        return Response(
            patient.metrics(), headers={"content-type": CONTENT_TYPE_LATEST}
        )

    return Starlette(
        routes=[
            Route("/live", live),
            Route("/ready", ready),
            Route("/metrics", measured),
        ]
    )
