"""What reads the input of strangers: each target takes any bytes and may raise our own errors only.

`test_targets.py` tries a few of them in every test run, `run.py` as many as there is time for.
"""

import io
import json
import math
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import get_args

import numpy as np
import polars as pl
from command_worlds import CONFIG
from PIL import Image
from source_worlds import SOURCES, RawSource, write_archive

from geoguess_cli.config import Config, load_config, to_toml
from geoguess_cli.geo.cells import token_to_cell
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.model.checkpoint import load_model
from geoguess_cli.model.onnx_metadata import (
    ABOUT,
    CELLS,
    FAMILIARITY,
    metadata_of,
    read_metadata,
)
from geoguess_cli.model.states import state_bytes
from geoguess_cli.photos.coordinates import Axis, degrees_of
from geoguess_cli.photos.decoder import decode_photo
from geoguess_cli.photos.position import find_position
from geoguess_cli.photos.table import read_photo_table
from geoguess_cli.sources.parquet_footer import read_footer
from geoguess_cli.sources.reading import describe, read_source
from geoguess_cli.training.snapshot import Snapshots

FINDS = Path(__file__).parent / "finds"
"""Inputs that once raised another error, in a folder for each target."""


@dataclass(frozen=True)
class Target:
    """A reader of foreign bytes.

    Attributes:
        read: Reads the bytes; it may write files in the empty folder that it is given.
        seeds: Sound inputs that others are made from.
        words: Bytes that mean something to the reader.
    """

    read: Callable[[bytes, Path], object]
    seeds: Callable[[], list[bytes]]
    words: tuple[bytes, ...] = ()


TARGETS: dict[str, Target] = {}


def target(
    seeds: Callable[[], list[bytes]], *words: bytes
) -> Callable[[Callable[[bytes, Path], object]], Callable[[bytes, Path], object]]:
    """Adds a reader to `TARGETS` under its name."""

    def add(read: Callable[[bytes, Path], object]) -> Callable[[bytes, Path], object]:
        TARGETS[read.__name__] = Target(read, seeds, words)
        return read

    return add


def finds(name: str) -> list[bytes]:
    """The inputs that a target once failed on."""
    folder = FINDS / name
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


def _read_all(path: Path) -> None:
    """Read a source as `data inspect` and `data import` do."""
    reading = read_source(path, check_files=True, allow_parquet=True)
    describe(reading)
    str(reading.order)
    assert len(reading.table) == len(reading.table.latlng)
    list(reading.spread)


def _table(suffix: str) -> Callable[[bytes, Path], None]:
    def read(content: bytes, folder: Path) -> None:
        path = folder / f"t{suffix}"
        path.write_bytes(content)
        for name in ("a.jpg", "b.jpg"):  # what the sound tables name
            (folder / name).touch()
        try:
            read_photo_table(path)
        finally:
            _read_all(path)

    return read


_ROWS = b'photo,latitude,longitude,split\na.jpg,45.5,-111.25,train\nb.jpg,"45 30\' N",111 W,val\n'
_COLUMNS = (b"photo", b"latitude", b"longitude", b"split", b"train", b"id", b"archive", b"offset")
_JSON = (b'"', b"[", b"]", b"{", b"}", b",", b":", b"null", b"1e999", b"\\ud800", b"NaN")
_GEO = (b'"type"', b'"Feature"', b'"Point"', b'"coordinates"', b'"geometry"', b'"features"')


def _json_rows() -> list[bytes]:
    rows = [{"photo": "a.jpg", "latitude": 45.5, "longitude": -111.2, "at": {"lat": 1, "box": []}}]
    point = {"type": "Point", "coordinates": [-111.2, 45.5]}
    feature = {"type": "Feature", "properties": {"photo": "a.jpg"}, "geometry": point}
    collection = {"type": "FeatureCollection", "features": [feature]}
    return [json.dumps(document).encode() for document in (rows, rows[0], feature, collection)]


def _parquet_rows() -> list[bytes]:
    contents = []
    for columns in (
        {"photo": ["a.jpg", "b.jpg"], "latitude": [45.5, 1.0], "longitude": [-111.25, 2.0]},
        {"image": [{"bytes": _photo(), "path": "a.jpg"}], "lat": [45.5], "lon": [-111.25]},
    ):
        for compression in ("uncompressed", "zstd"):
            file = io.BytesIO()
            pl.DataFrame(columns).write_parquet(file, compression=compression)
            contents.append(file.getvalue())
    return contents


@target(
    lambda: [_ROWS, _ROWS.replace(b",", b";").decode().encode("utf-16")], *_COLUMNS, b'"', b"\0"
)
def csv(content: bytes, folder: Path) -> None:
    _table(".csv")(content, folder)


@target(_json_rows, *_COLUMNS, *_JSON, *_GEO)
def json_document(content: bytes, folder: Path) -> None:
    _table(".json")(content, folder)


@target(_json_rows, *_COLUMNS, *_JSON, *_GEO, b"\n")
def json_lines(content: bytes, folder: Path) -> None:
    _table(".jsonl")(content, folder)


@target(_parquet_rows, b"PAR1")
def parquet(content: bytes, folder: Path) -> None:
    _table(".parquet")(content, folder)


@target(
    lambda: [
        content[-8 - int.from_bytes(content[-8:-4], "little") : -8] for content in _parquet_rows()
    ]
)
def parquet_footer(content: bytes, folder: Path) -> None:
    path = folder / "t.parquet"
    path.write_bytes(b"PAR1" + content + len(content).to_bytes(4, "little") + b"PAR1")
    assert read_footer(path).rows >= 0


@target(lambda: [b"47e66ff", b"1", b"89c2589"])
def token(content: bytes, folder: Path) -> None:
    del folder
    token_to_cell(content.decode("utf-8", "replace").split("\n"))


@target(lambda: [b"45.5", "45\N{DEGREE SIGN} 30' 15.5\" N".encode(), b"W 111,25"], b"NaN", b"1e999")
def coordinate(content: bytes, folder: Path) -> None:
    del folder
    text = content.decode("utf-8", "replace")
    for axis in get_args(Axis):
        assert math.isfinite(degrees_of(text, axis))


def _configurations() -> list[bytes]:
    return [CONFIG.encode(), to_toml(Config()).encode()]


@target(_configurations, b"[", b"]", b"[[", b"=", b'"', b"inf", b"nan", b"-1", b"true", b"~")
def toml(content: bytes, folder: Path) -> None:
    path = folder / "geoguess.toml"
    path.write_bytes(content)
    load_config(path, environment={})


def _image(**saved: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (24, 16), "teal").save(file, **{"format": "JPEG", **saved})
    return file.getvalue()


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (45.0, 30.0, 15.5), 3: "W", 4: (111.0, 2.0, 0.0), 29: "2024:05:06"}
    )
    return exif.tobytes()


def _xmp() -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="45,30.5N">'
        b"<exif:GPSLongitude>111,2,30W</exif:GPSLongitude></rdf:Description></rdf:RDF></x:xmpmeta>"
    )


@cache
def _photo() -> bytes:
    return _image(exif=_exif())


def _photos() -> list[bytes]:
    kinds = [{"format": name} for name in ("PNG", "TIFF", "WEBP", "BMP", "GIF", "PPM", "JPEG2000")]
    kinds += [{"format": "JPEG", "progressive": True}, {"format": "JPEG", "xmp": _xmp()}]
    kinds += [{"format": name, "exif": _exif()} for name in ("JPEG", "PNG", "TIFF", "WEBP")]
    return [_image(**kind) for kind in kinds]


@target(_photos)
def photo(content: bytes, folder: Path) -> None:
    del folder
    try:
        find_position(content)
    finally:
        decode_photo(content, at_least=16, max_pixels=1 << 16)


@target(lambda: [_exif()])
def exif(content: bytes, folder: Path) -> None:
    del folder
    find_position(_image(exif=b"Exif\0\0" + content[: 1 << 15]))


@target(lambda: [_xmp()], b"<!DOCTYPE", b"<!ENTITY", b"&", b"<rdf:Description", b"GPSLatitude")
def xmp(content: bytes, folder: Path) -> None:
    del folder
    find_position(_image(xmp=content[: 1 << 15]))


def _archives() -> list[bytes]:
    parts = {"images/a.jpg": _photo(), "b.json": b'{"latitude": 1, "longitude": 2}', "b.jpg": b"x"}
    return [
        _written(lambda path: write_archive(path, parts), f"a{end}") for end in (".zip", ".tar")
    ]


def _written(write: Callable[[Path], object], name: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder, name))
        return Path(folder, name).read_bytes()


@target(_archives, b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"ustar\0", b"../", b"\xff" * 4)
def archive(content: bytes, folder: Path) -> None:
    for name in ("a.zip", "a.tar"):  # the content tells which it is; the name must not matter
        (folder / name).write_bytes(content)
        try:
            _read_all(folder / name)
        finally:
            (folder / name).unlink()


class Parts:
    """Sound folders; an input replaces one file in one of them, and its first line says which.

    Args:
        builds: Each writes a folder.
        whole: The endings of files that are never replaced.
    """

    def __init__(self, *builds: Callable[[Path], object], whole: tuple[str, ...] = ()) -> None:
        self._builds, self._whole = builds, whole
        self._folders: list[dict[str, bytes]] = []
        self._places: dict[bytes, tuple[int, str]] = {}

    def _make(self) -> None:
        """Build the folders once; this takes their libraries, so it waits until it is needed."""
        for build in [] if self._folders else self._builds:
            with tempfile.TemporaryDirectory() as folder:
                build(Path(folder))
                files = {
                    path.relative_to(folder).as_posix(): path.read_bytes()
                    for path in sorted(Path(folder).rglob("*"))
                    if path.is_file()
                }
            for name in files:
                if not name.endswith(self._whole):
                    self._places[f"{build.__name__}:{name}".encode()] = len(self._folders), name
            self._folders.append(files)

    def seeds(self) -> list[bytes]:
        """Each file, behind the line that names it."""
        self._make()
        return [
            line + b"\n" + self._folders[folder][name]
            for line, (folder, name) in self._places.items()
        ]

    def write(self, content: bytes, folder: Path) -> tuple[int, str]:
        """Write a folder with one file replaced, and return the number of the folder and the file.

        Args:
            content: The line of the file, and what it shall hold; any other line names some file.
            folder: An empty folder.
        """
        self._make()
        line, _, content = content.partition(b"\n")
        places = list(self._places.values())
        number, changed = self._places.get(line) or places[zlib.crc32(line) % len(places)]
        for name, own in self._folders[number].items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if name == changed else own)
        return number, changed


def _layouts() -> dict[str, RawSource]:
    """The layouts of few files."""
    return {name: own for name, own in SOURCES.items() if name != "drives"}


_LAYOUTS = Parts(
    *(own.build for own in _layouts().values()), whole=(".jpg", ".jpeg", ".png", ".webp")
)


@target(_LAYOUTS.seeds, *_COLUMNS, *_JSON, *_GEO)
def layout(content: bytes, folder: Path) -> None:
    number, _ = _LAYOUTS.write(content, folder)
    _read_all(folder / list(_layouts().values())[number].path)


def _small_model(folder: Path) -> None:
    import torch

    from geoguess_cli.config import ModelConfig
    from geoguess_cli.model.checkpoint import TrainedModel, save_model
    from geoguess_cli.model.geolocator import build_geolocator
    from geoguess_cli.photos.images import ImageSpec

    config = ModelConfig(
        backbone="test_resnet", vit="test_vit", vit_blocks=1, grid=2, weights="none"
    )
    with torch.random.fork_rng():
        geolocator = build_geolocator(config, cells=2, image_size=32)
    spec = ImageSpec(size=32, mean=(0.5,) * 3, std=(0.25,) * 3)
    save_model(folder / "model", TrainedModel(geolocator, _partition(), config, spec, {"best": {}}))


def _partition() -> Partition:
    towns = np.repeat([(46.6, -112.0), (30.3, -97.7)], 5, axis=0)
    return build_partition(towns, max_photos=5, min_photos=5)


_MODEL = Parts(_small_model, whole=("README.md",))


@target(_MODEL.seeds, *_JSON, b"format", b"decision", b"temperature", b"versions", b"PAR1")
def model(content: bytes, folder: Path) -> None:
    _MODEL.write(content, folder)
    load_model(folder / "model")


_TEXTS = (ABOUT, CELLS, FAMILIARITY)
_POOLED = 96
"""Number of pooled values of the backbone in `onnx_worlds`."""


def _onnx_texts() -> list[bytes]:
    import torch
    from onnx_worlds import HYBRID, calibrated, random_model

    places = np.repeat([(45.7, -111.0), (31.0, -97.5)], 3, axis=0)
    cells = build_partition(places, max_photos=3, min_photos=1)
    with torch.random.fork_rng(devices=[]):
        trained = calibrated(random_model(replace(HYBRID, vit="none"), cells))
    texts = metadata_of(trained, parts={"backbone": 1}, versions={})
    return ["\0".join(texts[key] for key in _TEXTS).encode()]


@target(_onnx_texts, *_JSON, b"\0", b"token", b"photos", b"decision", b"images", b"judges")
def onnx_texts(content: bytes, _: Path) -> None:
    texts = dict(zip(_TEXTS, content.decode(errors="replace").split("\0"), strict=False))
    read_metadata(texts, width=_POOLED, name="model.onnx")


def _small_snapshots(folder: Path) -> None:
    import torch

    from geoguess_cli.training.snapshot import Best, Snapshot, Snapshots

    weight = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3))
    optimizer = torch.optim.AdamW([weight])
    weight.sum().backward()
    optimizer.step()
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)
    snapshot = Snapshot(
        terms={"seed": "0"},
        only_stage=None,
        stage=1,
        epoch=1,
        phase="train",
        step=0,
        tallies={},
        best=Best(1.5, 1),
        metrics=[{"epoch": 1, "val_loss": 1.5}],
        geolocator={"weight": weight.detach()},
        optimizer=optimizer.state_dict(),
        scheduler=scheduler.state_dict(),
    )
    Snapshots(folder).save(snapshot, state_bytes({"weight": weight.detach()}))


_SNAPSHOTS = Parts(_small_snapshots)


@target(_SNAPSHOTS.seeds, *_JSON, b"digests", b"betas", b"optimizer", b"param_groups", b"phase")
def snapshot(content: bytes, folder: Path) -> None:
    _, changed = _SNAPSHOTS.write(content, folder)
    own = folder / "000001"
    if not changed.endswith("digests.json"):  # or the digest would keep all others out
        names = [path.name for path in own.iterdir() if path.name != "digests.json"]
        digests = {name: sha256((own / name).read_bytes()).hexdigest() for name in names}
        (own / "digests.json").write_text(json.dumps(digests))
    Snapshots(folder).latest()
