"""Servers on this machine that answer the real clients of Kaggle and of Hugging Face.

`Hub` speaks the paths that huggingface_hub and kagglehub ask for: listings, redirects to a storage
address, entity tags, ranges, checksums, refusals. Nothing of the clients is replaced; they only
get another address. It can break off in the middle of a file.
"""

import base64
import csv
import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pytest

from geoguess_cli.choices import DataSetName
from geoguess_cli.sources.downloads import DATA_SETS, DataSet

REVISION = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """What a server holds, and how it behaves.

    Attributes:
        files: The files of each Hugging Face data set, by repository and path.
        archives: The archive of each Kaggle data set, by repository.
        sizes: Sizes that a listing states in place of the true ones, by path or Kaggle repository.
        token: The token that a client must send; None if it needs none.
        status: The answer to a client without the token.
        cuts: After how many bytes each of the next answers with content breaks off; an answer
            with None is whole.
        log: Method, path, range and status of each request.
        port: Where it listens.
    """

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    archives: dict[str, bytes] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    token: str | None = None
    status: int = 401
    cuts: list[int | None] = field(default_factory=list)
    log: list[tuple[str, str, str | None, int]] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def sent(self, name: str) -> list[tuple[str | None, int]]:
        """Range and status of each answer with content of a file, by the end of its path."""
        return [
            (of, status)
            for method, path, of, status in self.log
            if method == "GET" and path.startswith("/storage/") and path.endswith(name)
        ]


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_HEAD(self) -> None:
        self._route()

    def do_GET(self) -> None:
        self._route()

    def do_POST(self) -> None:
        self._route()

    def _route(self) -> None:
        # kagglehub reaches this server as its proxy, so the path is a whole address.
        path = unquote(urlsplit(self.path).path)
        length = int(self.headers.get("Content-Length") or 0)
        asked = json.loads(self.rfile.read(length) or b"{}") if length else {}
        if path.startswith("/storage/"):  # a signed address needs no token
            self._content(path)
        elif not self._allowed():
            self._answer(self.hub.status, {"code": self.hub.status, "message": "refused"})
        elif path.startswith("/api/v1/datasets.DatasetApiService/"):
            self._kaggle(path.rsplit("/", 1)[1], asked)
        else:
            self._huggingface(path)

    def _allowed(self) -> bool:
        return self.hub.token is None or (
            self.headers.get("Authorization") == f"Bearer {self.hub.token}"
        )

    def _kaggle(self, call: str, asked: dict[str, object]) -> None:
        repository = f"{asked['ownerSlug']}/{asked['datasetSlug']}"
        archive = self.hub.archives.get(repository)
        if archive is None:
            self._answer(404, {"code": 404, "message": "no such data set"})
        elif call == "GetDataset":
            size = self.hub.sizes.get(repository, len(archive))
            self._answer(200, {"totalBytes": size, "currentVersionNumber": 7})
        else:
            self._redirect(f"http://localhost/storage/kaggle/{repository}/archive.zip", {})

    def _huggingface(self, path: str) -> None:
        for repository, files in self.hub.files.items():
            api, resolve = f"/api/datasets/{repository}", f"/datasets/{repository}/resolve/"
            if path == api or path.startswith(f"{api}/revision/"):
                return self._answer(200, {"id": repository, "sha": REVISION})
            if path.startswith(f"{api}/tree/"):
                return self._answer(200, [self._entry(name, of) for name, of in files.items()])
            name = path.removeprefix(resolve).partition("/")[2]
            if path.startswith(resolve) and name in files:
                headers = {
                    "X-Repo-Commit": REVISION,
                    "X-Linked-Etag": f'"{hashlib.sha256(files[name]).hexdigest()}"',
                    "X-Linked-Size": str(len(files[name])),
                }
                # On another host, as the real storage is: the client keeps its token to itself.
                storage = f"http://localhost:{self.hub.port}/storage/hf/{repository}/{name}"
                return self._redirect(storage, headers)
            if path.startswith(resolve):
                headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": REVISION}
                return self._answer(404, {"error": "Entry not found"}, headers)
        return self._answer(404, {"error": "x"}, {"X-Error-Code": "RepoNotFound"})

    def _entry(self, name: str, content: bytes) -> dict[str, object]:
        size = self.hub.sizes.get(name, len(content))
        oid = hashlib.sha256(content).hexdigest()
        return {"type": "file", "path": name, "size": size, "oid": oid[:40]}

    def _content(self, path: str) -> None:
        _, _, kind, owner, name, rest = path.split("/", 5)
        repository = f"{owner}/{name}"
        stores = {"hf": self.hub.files.get(repository, {}).get(rest)}
        content = stores.get(kind, self.hub.archives.get(repository)) or b""
        wanted = self.headers.get("Range")
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
        md5 = base64.b64encode(hashlib.md5(content).digest()).decode()
        headers = {"Accept-Ranges": "bytes", "X-Goog-Hash": f"md5={md5}"}
        if wanted:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._send(206 if wanted else 200, content[start:], "application/zip", headers)

    def _redirect(self, address: str, headers: dict[str, str]) -> None:
        self._send(302, b"", "text/plain", {"Location": address, **headers})

    def _answer(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(value).encode(), "application/json", headers or {})

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.log.append((self.command, path, self.headers.get("Range"), status))
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command == "HEAD":
            return
        cuts = self.hub.cuts if path.startswith("/storage/") else []
        cut = cuts.pop(0) if cuts else None
        self.wfile.write(body[:cut])
        self.close_connection = cut is not None


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """The hub, listening on a free port of this machine."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        hub.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield hub
        server.shutdown()
        thread.join()


def environment_of(hub: Hub, home: str) -> dict[str, str]:
    """The environment variables by which both clients reach the hub, without credentials."""
    return {
        "HOME": home,
        "USERPROFILE": home,
        "HF_ENDPOINT": hub.address,
        "HF_HOME": f"{home}/huggingface",
        "KAGGLE_API_ENVIRONMENT": "LOCALHOST",
        "HTTP_PROXY": hub.address,
        "http_proxy": hub.address,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Iterator[Hub]:
    """An empty hub that the clients of this process ask in place of the public servers."""
    import huggingface_hub

    with serving(Hub()) as hub:
        for name, value in environment_of(hub, str(tmp_path / "home")).items():
            monkeypatch.setenv(name, value)
        for name in ("HF_TOKEN", "KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY"):
            monkeypatch.delenv(name, raising=False)
        # huggingface_hub reads its variables when it is imported, which may be long ago, and keeps
        # one session with the proxy of the first test.
        huggingface_hub.close_session()
        constants = huggingface_hub.constants
        monkeypatch.setattr(constants, "ENDPOINT", hub.address)
        monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 2**16)  # small files can be resumed
        template = hub.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        for name in ("HF_TOKEN_PATH", "HF_HUB_CACHE"):
            monkeypatch.setattr(constants, name, str(tmp_path / "home" / name))
        yield hub
        huggingface_hub.close_session()


def zipped(contents: dict[str, bytes]) -> bytes:
    """A zip of these contents, by the names of its members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return file.getvalue()


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode()


def _resized(name: DataSetName, *rows: int, archives: Sequence[int] = (0, 0)) -> DataSet:
    """The row of a data set with other published counts."""
    data_set = DATA_SETS[name]
    parts = [
        replace(part, rows=count, archive_count=number)
        for part, count, number in zip(data_set.parts, rows, archives, strict=False)
    ]
    return replace(data_set, parts=tuple(parts))


@pytest.fixture
def small_osv_mini(hub, osv_mini) -> DataSet:
    """OSV-Mini with 5 and 3 rows, one photo of each missing."""
    files = [path for path in sorted(osv_mini.rglob("*")) if path.is_file()]
    members = {path.relative_to(osv_mini).as_posix(): path.read_bytes() for path in files}
    data_set = _resized("osv-mini-129k", 5, 3)
    hub.archives[data_set.repository] = zipped(members)
    return data_set


@pytest.fixture
def small_osv_5m(hub, osv_row, osv_header, colored_photo) -> DataSet:
    """OSV-5M with two zips of two train photos each, and one zip of two test photos."""
    data_set = _resized("osv-5m", 4, 2, archives=(2, 1))
    files = {}
    for split, archives, first in (("train", 2, 100), ("test", 1, 200)):
        names = [f"{first}000000000{n:03}" for n in range(2 * archives)]
        rows = [osv_row(name, 40 + n / 10) for n, name in enumerate(names)]
        files[f"{split}.csv"] = _csv(osv_header, rows)
        for number in range(archives):
            photos = names[2 * number : 2 * number + 2]
            members = {f"{number:02}/{name}.jpg": colored_photo("Boise") for name in photos}
            files[f"images/{split}/{number:02}.zip"] = zipped(members)
    hub.files[data_set.repository] = files
    return data_set


@pytest.fixture
def small_im2gps3k(hub, colored_photo) -> DataSet:
    """Im2GPS3k with three photos and a fourth that the table does not place."""
    data_set = _resized("im2gps3k", 3, archives=(1,))
    names = [f"{n}_a_b_{n}@N00.jpg" for n in range(4)]
    header = ["IMG_ID", "AUTHOR", "LAT", "LON", "S3_Label", "S16_Label", "S365_Label"]
    header += ["Prob_indoor", "Prob_natural", "Prob_urban"]
    rows = [[name, f"{n}@N00", 40 + n, 10, 1, 2, 3, 0, 1, 0] for n, name in enumerate(names[:3])]
    members = {f"im2gps3ktest/{name}": colored_photo("Austin") for name in names}
    hub.files[data_set.repository] = {
        "im2gps3k_places365.csv": _csv(header, rows),
        "im2gps3ktest.zip": zipped(members),
        "other.bin": b"of another project",
    }
    return data_set
