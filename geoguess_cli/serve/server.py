"""The one door to uvicorn: it serves an application on a socket until it is stopped."""

import ipaddress
import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI

from geoguess_cli.errors import ConfigError

GRACE_SECONDS = 3
"""Time that running requests have to end after the server is stopped."""


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens at an address.

    Args:
        host: A name or address of this machine.
        port: The port; 0 takes any free port.

    Raises:
        ConfigError: This machine does not have the address, or the port is taken.
    """
    try:
        family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ConfigError(
            f"cannot listen at {host}, port {port}: {reason}; choose another --host or --port "
            "(--port 0 takes any free port)"
        ) from error


def is_loopback(listening: socket.socket) -> bool:
    """Whether only this machine can reach a socket."""
    return ipaddress.ip_address(listening.getsockname()[0]).is_loopback


def address_of(listening: socket.socket, host: str) -> str:
    """The address for a browser on this machine, such as `http://127.0.0.1:8000/`."""
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
    """A server of one application.

    Args:
        app: The application.
        on_ready: Called once the server takes requests.
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
        """Start to listen, then call `on_ready`."""
        await super().startup(sockets)
        self._on_ready()
