"""What an error of a client says: the HTTP status behind it, the hub's code, the first reason.

The clients raise errors of their own, of requests, of httpx and of others; the class differs with
their version, so the answer of the server decides.
"""

from collections.abc import Iterator
from typing import Any


def status_of(error: BaseException) -> int | None:
    """The HTTP status behind an error, or behind what caused it; None if no server answered."""
    statuses = (getattr(response, "status_code", None) for response in _responses(error))
    return next((status for status in statuses if isinstance(status, int)), None)


def code_of(error: BaseException) -> str:
    """The hub's own code for a fault, such as RevisionNotFound; "" if it gave none."""
    codes = (response.headers.get("X-Error-Code") for response in _responses(error))
    return next((str(code) for code in codes if code), "")


def message_of(error: BaseException) -> str:
    """What the server says of a fault; "" if it says nothing."""
    messages = (getattr(one, "server_message", None) for one in _chain(error))
    return next((" ".join(str(message).split()) for message in messages if message), "")


def reason_of(error: BaseException) -> str:
    """The first line of what began it: the clients wrap the reason several times."""
    *_, first = _chain(error)
    lines = str(first).splitlines()
    return lines[0] if lines else type(first).__name__


def is_disk_full(error: BaseException) -> bool:
    """Whether no space was left on the disk."""
    return isinstance(error, OSError) and error.errno == 28


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _responses(error: BaseException) -> Iterator[Any]:
    for one in _chain(error):
        response = getattr(one, "response", None)
        if response is not None:
            yield response
