"""The one door to uvicorn: a socket, and the application on it until it is told to stop."""

import ipaddress
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from geoguess_cli.errors import ConfigError

GRACE_SECONDS = 3
"""How long requests in work may take to end after the server was told to stop."""


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at an address.

    Args:
        host: A name or address of this machine.
        port: 0 for any free one.

    Raises:
        ConfigError: The address is none of this machine, or is taken.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            f"cannot listen at {host}, port {port}: {reason}; choose another --port (0 takes any "
            "free one) or --host"
        ) from error


def is_loopback(listening: socket.socket) -> bool:
    """Whether nobody but this machine can reach a socket."""
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def address_of(listening: socket.socket, host: str) -> str:
    """Where a browser on this machine finds a socket, such as `http://127.0.0.1:8000/`."""
    address, port = listening.getsockname()[:2]
    parsed = ipaddress.ip_address(address)
    if parsed.is_unspecified:
        name = "localhost"
    elif parsed.is_loopback and host == "localhost":
        name = host
    else:
        name = f"[{address}]" if parsed.version == 6 else address
    return f"http://{name}:{port}/"


class Server(uvicorn.Server):
    """A server of one application on a socket of its own.

    Args:
        app: What answers.
        on_ready: Called once the first request can be taken.
    """

    def __init__(self, app: FastAPI, *, on_ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
                limit_concurrency=256,
            )
        )
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self._on_ready()
