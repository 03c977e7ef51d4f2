"""What stands before every request: who may ask, how much they may send, what browsers may do.

The server has no password, so it must not answer pages of other origins that a browser on the same
machine has open: not under another name (DNS rebinding), not by a form or a script that only sends.
"""

import asyncio
import base64
import hashlib
import ipaddress
import json
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geoguess_cli.errors import UploadError

SMALL_BODY_BYTES = 16_384
"""More than enough for any request but a photo."""

DRAIN_SECONDS = 5.0
"""How long a refused body is read and dropped: a client that still sends would miss the answer."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")

_HEADERS = {
    # Nothing may be loaded, framed or run from an answer that does not say otherwise.
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
    """A number used once, for the style sheets of one page."""
    return secrets.token_urlsafe(16)


def page_policy(nonce: str, styles: Sequence[str] = ()) -> str:
    """The content security policy of the page.

    Scripts come from the server alone, none inline, none from text. BokehJS writes style sheets as
    it draws; `nonce.js` gives them the nonce, so that no others are let in. Of styles as attributes
    only those whose text is known in advance are let in, by their digests.

    Args:
        nonce: Of this one answer.
        styles: Texts of style attributes.
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
    """The name in a Host header, without its port, in lower case; "" for none that is sound.

    >>> host_name("LocalHost:8000"), host_name("[::1]:8000"), host_name("a b")
    ('localhost', '::1', '')
    """
    found = _HOST.fullmatch(host.lower())
    return found[1].strip("[]") if found else ""


def known_host(host: str, names: Collection[str]) -> bool:
    """Whether the server answers to a Host header: an address, localhost, or one of the names.

    Rebinding makes a browser ask this server under the attacker's own name; an address it cannot
    be.

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
    """Whether a request comes from the server's own page, or from no page at all.

    Args:
        headers: With keys in any case that the mapping understands; `Host` among them.
    """
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    if origin is None:
        return True
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


class Guard:
    """Refuses what should not be answered, bounds what is sent, and adds the headers.

    Args:
        app: What answers.
        names: Names that the server has besides addresses and localhost, in lower case.
        upload_path: Where a photo is sent.
        upload_bytes: Its size at most; other bodies are small.
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
            name = host_name(headers.get("host", "")) or "this one"
            sentence = (
                f"the server does not answer to the name {name}; open it by its address, "
                "or start it with --allow-host and the name"
            )
            await _refuse(send, 421, sentence)
        elif not reads and not own_origin(headers):
            await _refuse(send, 403, "pages of other sites may not send anything here")
        elif body.declared > body.limit:
            body.refused = True
            await _refuse(send, 413, body.sentence)
        else:
            await self._app(scope, body.receive, send)

    def _limit(self, scope: Scope) -> int:
        photo = scope["method"] == "POST" and scope["path"] == self._upload_path
        return self._upload_bytes if photo else SMALL_BODY_BYTES


class _Body:
    """The body of one request, counted as it comes, and the headers of its answer."""

    def __init__(self, receive: Receive, limit: int, headers: Headers) -> None:
        self.limit = limit
        self.refused = False
        declared = headers.get("content-length", "0")
        self.declared = int(declared) if declared.isdecimal() else 0
        self._receive = receive
        self._seen = 0
        # Nothing more comes: all was read, or the client asked before sending and was refused.
        self._ended = headers.get("expect", "").lower() == "100-continue"

    @property
    def sentence(self) -> str:
        """Why it is refused."""
        most = _size(self.limit)
        if self.declared:
            return f"this has {_size(self.declared)}; at most {most} are taken"
        return f"this is larger than the {most} that are taken"

    async def receive(self) -> Message:
        message = await self._receive()
        self._ended = not message.get("more_body", False)
        self._seen += len(message.get("body", b""))
        if self._seen > self.limit:
            self.refused = True
            raise UploadError(self.sentence)
        return message

    def sender(self, send: Send) -> Send:
        async def sent(message: Message) -> None:
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

        return sent

    async def _drain(self) -> None:
        """Read what is still sent and drop it."""
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


async def _refuse(send: Send, status: int, sentence: str) -> None:
    body = json.dumps({"error": sentence}).encode()
    headers: list[tuple[bytes, Any]] = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
