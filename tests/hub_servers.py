"""Servers on this machine that answer the real clients of Kaggle and of Hugging Face.

`Hub` speaks the paths that huggingface_hub and kagglehub ask for: listings, redirects to a storage
address, entity tags, ranges, checksums, refusals, and for models new repositories, the check of a
card, large files and commits. Nothing of the clients is replaced; they only get another address.
It can break off in the middle of a file.
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
import yaml

from geoguess_cli.choices import DataSetName
from geoguess_cli.sources.downloads import DATA_SETS, DataSet

REVISION = "0123456789abcdef0123456789abcdef01234567"

LARGE = (".safetensors", ".parquet")
"""Endings of files that the hub stores as large files, beside those that are no text."""

LICENCES = ("mit", "cc-by-sa-4.0", "other")
"""Some of the licences that the hub knows; it refuses a card with another."""


@dataclass
class ModelRepository:
    """A model on the hub.

    Attributes:
        private: Whether it takes a token to see it.
        gated: Whether people must accept its terms.
        commits: The files of each commit, by its hash, the oldest first.
        refs: The commit of each branch and tag.
    """

    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, files: dict[str, bytes], **options: bool) -> "ModelRepository":
        """A repository with one commit on its branch main."""
        made = cls(**options)
        made.commit(files)
        return made

    def commit(self, files: dict[str, bytes]) -> str:
        """The hash of a new commit on main with exactly these files."""
        number = str(len(self.commits)).encode()
        digest = hashlib.sha1(number)
        for name, content in sorted(files.items()):
            digest.update(name.encode() + content)
        self.commits[digest.hexdigest()] = dict(files)
        self.refs["main"] = digest.hexdigest()
        return digest.hexdigest()

    @property
    def files(self) -> dict[str, bytes]:
        """The files of the newest commit."""
        return self.commits.get(self.refs.get("main", ""), {})

    def at(self, revision: str) -> str | None:
        """The commit of a branch, a tag or a hash; None if there is none."""
        known = {**{commit: commit for commit in self.commits}, **self.refs}
        return known.get(revision)


@dataclass
class Hub:
    """What a server holds, and how it behaves.

    Attributes:
        files: The files of each Hugging Face data set, by repository and path.
        models: The models of Hugging Face, by repository.
        writers: The owner that each token may write to.
        large: Large files that were uploaded, by their SHA-256.
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
    models: dict[str, ModelRepository] = field(default_factory=dict)
    writers: dict[str, str] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)
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

    def do_PUT(self) -> None:
        self._route()

    def _route(self) -> None:
        # kagglehub reaches this server as its proxy, so the path is a whole address.
        path = unquote(urlsplit(self.path).path)
        body = self._body()
        if path.startswith("/storage/"):  # a signed address needs no token
            self._content(path)
        elif path.startswith("/upload/"):
            self.hub.large[path.rsplit("/", 1)[1]] = body
            self._answer(200, {})
        elif not self._allowed():
            self._answer(self.hub.status, {"code": self.hub.status, "message": "refused"})
        elif path.startswith("/api/v1/datasets.DatasetApiService/"):
            self._kaggle(path.rsplit("/", 1)[1], json.loads(body or b"{}"))
        elif self.command in ("POST", "PUT"):
            self._write(path, body)
        else:
            self._huggingface(path)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    @property
    def _token(self) -> str:
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ")

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
            if path.startswith(resolve):
                name = path.removeprefix(resolve).partition("/")[2]
                return self._resolve(f"hf/{repository}", files, REVISION, name)
        for repository, model in self.hub.models.items():
            api, resolve = f"/api/models/{repository}", f"/{repository}/resolve/"
            if (path == api or path.startswith((f"{api}/", resolve))) and self._sees(
                repository, model
            ):
                return self._model(path, repository, model)
        if "/models/" in path and not self._token:  # whoever is not signed in is not told
            return self._answer(401, {"error": "Invalid username or password."})
        return self._answer(404, {"error": "x"}, {"X-Error-Code": "RepoNotFound"})

    def _sees(self, repository: str, model: ModelRepository) -> bool:
        return not model.private or self.hub.writers.get(self._token) == repository.split("/")[0]

    def _model(self, path: str, repository: str, model: ModelRepository) -> None:
        api, resolve = f"/api/models/{repository}", f"/{repository}/resolve/"
        if path == api:
            wanted, rest = "main", ""
        elif path.startswith(resolve):
            wanted, _, rest = path.removeprefix(resolve).partition("/")
        else:
            rest, _, wanted = path.removeprefix(f"{api}/").partition("/")
        commit = model.at(wanted)
        if commit is None:
            headers = {"X-Error-Code": "RevisionNotFound"}
            return self._answer(404, {"error": f"Invalid rev id: {wanted}"}, headers)
        if model.gated and (path.startswith(resolve) or rest == "tree"):
            return self._answer(403, {"error": "gated"}, {"X-Error-Code": "GatedRepo"})
        if path.startswith(resolve):
            return self._resolve(f"model/{repository}", model.commits[commit], commit, rest)
        if rest == "tree":
            files = model.commits[commit].items()
            return self._answer(200, [self._entry(name, of) for name, of in files])
        about = {"id": repository, "sha": commit, "private": model.private}
        return self._answer(200, about)

    def _resolve(self, place: str, files: dict[str, bytes], commit: str, name: str) -> None:
        if name not in files:
            headers = {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit}
            return self._answer(404, {"error": "Entry not found"}, headers)
        headers = {
            "X-Repo-Commit": commit,
            "X-Linked-Etag": f'"{hashlib.sha256(files[name]).hexdigest()}"',
            "X-Linked-Size": str(len(files[name])),
        }
        # On another host, as the real storage is: the client keeps its token to itself.
        storage = f"http://localhost:{self.hub.port}/storage/{place}/{commit}/{name}"
        return self._redirect(storage, headers)

    def _write(self, path: str, body: bytes) -> None:
        """What a token is needed for, but for the check of a card."""
        owner = self.hub.writers.get(self._token)
        if path == "/api/validate-yaml":
            return self._check_card(json.loads(body)["content"])
        if owner is None:
            return self._answer(401, {"error": "Invalid username or password."})
        if path == "/api/repos/create":
            return self._create(json.loads(body), owner)
        repository = "/".join(path.removeprefix("/api/models").split("/")[1:3])
        repository = repository.removesuffix(".git")
        if repository.split("/")[0] != owner:
            return self._answer(403, {"error": "Forbidden: you may not write there."})
        model = self.hub.models[repository]
        if path.endswith("/info/lfs/objects/batch"):
            return self._large_files(json.loads(body))
        if path.endswith("/info/lfs/verify"):
            asked = json.loads(body)
            there = len(self.hub.large.get(asked["oid"], b"")) == asked["size"]
            return self._answer(200 if there else 404, {})
        if "/preupload/" in path:
            return self._modes(json.loads(body), model)
        return self._commit([json.loads(line) for line in body.splitlines()], repository, model)

    def _check_card(self, card: str) -> None:
        """As the hub does: the YAML must be valid, and a licence one that it knows."""
        errors = []
        tree = yaml.safe_load(card.split("---")[1]) if card.startswith("---") else {}
        licence = tree.get("license")
        if licence is not None and licence not in LICENCES:
            errors.append({"message": f'"license" must be one of [{", ".join(LICENCES)}]'})
        warnings = [] if tree else [{"message": "empty or missing yaml metadata in repo card"}]
        self._answer(400 if errors else 200, {"errors": errors, "warnings": warnings})

    def _create(self, asked: dict[str, str], owner: str) -> None:
        if (asked["organization"] or owner) != owner:
            return self._answer(403, {"error": "You don't have the rights to create a model there"})
        repository = f"{owner}/{asked['name']}"
        if repository in self.hub.models:
            url = f"{self.hub.address}/{repository}"
            return self._answer(409, {"error": "You already created this model repo", "url": url})
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        self.hub.models[repository] = ModelRepository.of(
            {".gitattributes": b"*.safetensors filter=lfs\n"}, private=private
        )
        return self._answer(200, {"url": f"{self.hub.address}/{repository}"})

    def _modes(self, asked: dict[str, list[dict[str, str]]], model: ModelRepository) -> None:
        files = []
        for file in asked["files"]:
            name = file["path"]
            large = name.endswith(LARGE)
            oid = None
            if (old := model.files.get(name)) is not None:
                plain = hashlib.sha1(b"blob %d\0" % len(old) + old).hexdigest()
                oid = hashlib.sha256(old).hexdigest() if large else plain
            mode = "lfs" if large else "regular"
            files.append({"path": name, "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        self._answer(200, {"files": files})

    def _large_files(self, asked: dict[str, list[dict[str, str]]]) -> None:
        repository = urlsplit(self.path).path.split("/info/")[0].lstrip("/")
        objects = []
        for entry in asked["objects"]:
            at = f"http://localhost:{self.hub.port}"
            verify = f"{self.hub.address}/{repository}/info/lfs/verify"
            actions = {
                "upload": {"href": f"{at}/upload/{entry['oid']}"},
                "verify": {"href": verify},
            }
            there = entry["oid"] in self.hub.large
            objects.append(entry | ({} if there else {"actions": actions}))
        self._answer(200, {"transfer": "basic", "objects": objects})

    def _commit(
        self, lines: list[dict[str, dict[str, str]]], repository: str, model: ModelRepository
    ) -> None:
        files = dict(model.files)
        for line in lines:
            key, value = line["key"], line["value"]
            if key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
            elif key == "deletedFile":
                del files[value["path"]]
        commit = model.commit(files)
        page = f"{self.hub.address}/{repository}/commit/{commit}"
        self._answer(200, {"success": True, "commitOid": commit, "commitUrl": page})

    def _entry(self, name: str, content: bytes) -> dict[str, object]:
        size = self.hub.sizes.get(name, len(content))
        oid = hashlib.sha256(content).hexdigest()
        large = (
            {"lfs": {"oid": oid, "size": size, "pointerSize": 130}} if name.endswith(LARGE) else {}
        )
        return {"type": "file", "path": name, "size": size, "oid": oid[:40], **large}

    def _content(self, path: str) -> None:
        _, _, kind, owner, name, rest = path.split("/", 5)
        repository = f"{owner}/{name}"
        commit, _, file = rest.partition("/")
        if kind == "model":
            content = self.hub.models[repository].commits[commit][file]
        elif kind == "hf":
            content = self.hub.files[repository][file]
        else:
            content = self.hub.archives[repository]
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
        "HF_HUB_DISABLE_XET": "1",  # the hub's other protocol has a service of its own
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
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
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
