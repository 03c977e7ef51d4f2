"""Checks before every request: who may ask, how much they may send, what browsers may do.

The server has no password. A browser on the same machine may have pages of other origins open, and
the server must not serve those: neither under another host name (DNS rebinding), nor through a form
or a script that only sends.
"""

import asyncio
import base64
import hashlib
import ipaddress
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geoguess_cli.errors import UploadError

SMALL_BODY_BYTES = 16_384
"""Limit of a body that is not a photo."""

DRAIN_SECONDS = 5.0
"""Time to read and drop a refused body: a client that is still sending would miss the answer."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")

_HEADERS = {
    # By default an answer may not load, frame or run anything.
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def new_nonce() -> str:
    """A random number for the style sheets of one page."""
    return secrets.token_urlsafe(16)


def page_policy(nonce: str, styles: Sequence[str] = ()) -> str:
    """The content security policy of the page.

    Scripts come from the server only; inline scripts and evaluated text are refused. BokehJS writes
    style sheets while it draws: `nonce.js` gives them the nonce, and all others are refused. Style
    attributes are allowed by their digests, so their texts must be known in advance.

    Args:
        nonce: The nonce of this page.
        styles: The texts of the allowed style attributes.
    """
    digests = (base64.b64encode(hashlib.sha256(style.encode()).digest()) for style in styles)
    known = "".join(f" 'sha256-{digest.decode()}'" for digest in digests)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            f"style-src-attr 'unsafe-hashes'{known}" if known else "style-src-attr 'none'",
            "img-src 'self' data:",  # the overlay of an occlusion map; Bokeh's icons
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def host_name(host: str) -> str:
    """The name in a Host header, without its port, in lower case; "" if the header is malformed.

    >>> host_name("LocalHost:8000"), host_name("[::1]:8000"), host_name("a b")
    ('localhost', '::1', '')
    """
    match = _HOST.fullmatch(host.lower())
    return match[1].strip("[]") if match else ""


def known_host(host: str, names: Collection[str]) -> bool:
    """Whether the server accepts a Host header: an address, localhost, or one of the names.

    DNS rebinding makes a browser ask this server under the attacker's own name, which is never an
    address.

    Args:
        host: The header.
        names: Further names of the server, in lower case.
    """
    name = host_name(host)
    if name == "localhost" or name in names:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def own_origin(headers: Mapping[str, str]) -> bool:
    """Whether a request comes from the server's own page, or not from a page.

    Args:
        headers: The headers of the request; the mapping must ignore the case of its keys.
    """
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


class Guard:
    """Refuses requests of other origins and bodies that are too large, and adds the headers.

    Args:
        app: The application behind the guard.
        names: Names of the server besides addresses and localhost, in lower case.
        upload_path: The path that photos are sent to.
        upload_bytes: Largest size of a photo; the limit of other bodies is `SMALL_BODY_BYTES`.
    """

    def __init__(
        self, app: ASGIApp, *, names: Collection[str], upload_path: str, upload_bytes: int
    ) -> None:
        self._app = app
        self._names = names
        self._upload_path = upload_path
        self._upload_bytes = upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        body = _Body(receive, self._limit(scope), headers)
        send = body.sender(send)
        reads = scope["method"] in ("GET", "HEAD", "OPTIONS")
        if not known_host(headers.get("host", ""), self._names):
            name = host_name(headers.get("host", "")) or "of this request"
            sentence = (
                f"the server does not accept the name {name}; open it by its address, "
                "or start it with --allow-host and the name"
            )
            answer = _refusal(421, sentence)
        elif not reads and not own_origin(headers):
            answer = _refusal(403, "a page of another site may not send requests to this server")
        elif body.declared > body.limit:
            body.refused = True
            answer = _refusal(413, body.sentence)
        else:
            answer = self._app
        await answer(scope, body.receive, send)

    def _limit(self, scope: Scope) -> int:
        photo = scope["method"] == "POST" and scope["path"] == self._upload_path
        return self._upload_bytes if photo else SMALL_BODY_BYTES


class _Body:
    """The body of one request, counted as it arrives, and the headers of its answer."""

    def __init__(self, receive: Receive, limit: int, headers: Headers) -> None:
        self.limit = limit
        self.refused = False
        declared = headers.get("content-length", "0")
        self.declared = int(declared) if declared.isdecimal() else 0
        self._receive = receive
        self._received = 0
        # True once all is read, or if the client asks before it sends.
        self._ended = headers.get("expect", "").lower() == "100-continue"

    @property
    def sentence(self) -> str:
        """The reason why the body is refused."""
        limit = f"the limit is {_size(self.limit)}; send a smaller file"
        if self.declared:
            return f"the file has {_size(self.declared)}; {limit}"
        return f"the file is too large; {limit}"

    async def receive(self) -> Message:
        message = await self._receive()
        self._ended = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        if self._received > self.limit:
            self.refused = True
            raise UploadError(self.sentence)
        return message

    def sender(self, send: Send) -> Send:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if self.refused:
                    headers["Connection"] = "close"
            elif self.refused and not message.get("more_body", False):
                await send({**message, "more_body": True})
                await self._drain()
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        return send_guarded

    async def _drain(self) -> None:
        """Read the rest of the body and drop it."""
        if self._ended:
            return
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                while (await self._receive()).get("more_body", False):
                    pass
        except TimeoutError:
            pass


def _size(count: int) -> str:
    """A number of bytes as text.

    >>> _size(20_000_000), _size(16_384)
    ('20 MB', '16 kB')
    """
    return f"{count / 1e6:.4g} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _refusal(status: int, sentence: str) -> ASGIApp:
    return JSONResponse({"error": sentence}, status)
