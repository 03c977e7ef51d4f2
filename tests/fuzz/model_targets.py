"""Readers of models and snapshots: folders, single files, and the packages that are adopted."""

import io
import json
import zipfile
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from fuzz.registry import Parts, target

from geoguess_cli.adoption.geoclip import gallery_head, read_parts
from geoguess_cli.adoption.package import package_at
from geoguess_cli.geo.partition import Partition, build_partition
from geoguess_cli.model.checkpoint import load_model
from geoguess_cli.model.familiarity import FAMILIARITY_NAME, read_familiarity
from geoguess_cli.model.front_matter import facts_in, read_front_matter
from geoguess_cli.model.memory import read_memory
from geoguess_cli.model.onnx_metadata import (
    ABOUT,
    CELLS,
    FAMILIARITY,
    metadata_of,
    read_metadata,
)
from geoguess_cli.model.onnx_model import read_onnx
from geoguess_cli.model.states import state_bytes
from geoguess_cli.model.weight_files import read_weights
from geoguess_cli.report.model_card import plan_card
from geoguess_cli.report.model_summary import model_summary
from geoguess_cli.training.snapshot import Snapshots

_JSON = (b'"', b"[", b"]", b"{", b"}", b",", b":", b"null", b"1e999", b"\\ud800", b"NaN")


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


def _described_model(folder: Path) -> None:
    """A model folder with everything that one may hold."""
    from onnx_worlds import HYBRID, calibrated, random_model

    from geoguess_cli.model.card import model_card
    from geoguess_cli.model.checkpoint import save_model
    from geoguess_cli.model.folder import read_description
    from geoguess_cli.model.front_matter import CardFacts
    from geoguess_cli.model.memory import Memory

    trained = calibrated(random_model(replace(HYBRID, vit="none"), _partition()))
    features = np.ones((2, trained.geolocator.width), np.float32)
    photos = {"photo": ["a.jpg", "b.jpg"], "latitude": [1.0, 2.0], "longitude": [3.0, 4.0]}
    own = folder / "model"
    save_model(own, replace(trained, memory=Memory.of(features, pl.DataFrame(photos))))
    card = model_card(read_description(own), CardFacts("Small", "mit", ("towns",)))
    (own / "README.md").write_text(card, encoding="utf-8")
    (own / "report.json").write_text(json.dumps(_evaluation(own)))


def _evaluation(folder: Path) -> dict[str, Any]:
    """What `geoguess eval` says of a model, as far as a card shows it."""
    from geoguess_cli.evaluation.report import COMPARED
    from geoguess_cli.model.folder import fingerprint, read_description

    decision = read_description(folder).decision
    report: dict[str, Any] = {
        "model": {
            "fingerprint": fingerprint(folder),
            "temperature": decision.temperature,
            "point": decision.point,
        },
        "counts": {"photos": 9, "sequences": 3},
        "split": "test",
        "limited": {"region": "Montana, US"},
        "grouped": {"by": "sequence"},
        "leaks": {"verdict": "none"},
    }
    for key in COMPARED:
        *names, last = key.split(".")
        part = report
        for name in names:
            part = part.setdefault(name, {})
        part[last] = {"value": 0.5, "low": 0.25, "high": None}
    return report


_MODEL = Parts(_small_model, whole=("README.md",))
_DESCRIBED = Parts(_described_model)
_POOLED = 96
"""Number of pooled values, and of features, of the backbone in `onnx_worlds`."""


@target(_MODEL.seeds, *_JSON, b"format", b"decision", b"temperature", b"versions", b"PAR1")
def model(content: bytes, folder: Path) -> None:
    _MODEL.write(content, folder)
    load_model(folder / "model")


@target(_DESCRIBED.seeds, *_JSON, b"format", b"decision", b"versions", b"metrics", b"PAR1", b"---")
def model_info(content: bytes, folder: Path) -> None:
    _DESCRIBED.write(content, folder)
    own = folder / "model"
    summary = model_summary(own)
    assert summary.rows()
    json.dumps(summary.record())
    read_familiarity(own / FAMILIARITY_NAME, width=_POOLED)
    read_memory(own, width=_POOLED)
    json.dumps(plan_card(own).record())


def _cards() -> list[bytes]:
    front = b"---\nlicense: mit\ndatasets: [a, b]\nmodel-index:\n- {name: x, results: []}\n---\n"
    return [front + b"# Town\n\nText.\n", b"# Town\n", b"---\ndatasets: osv5m\n---\n"]


@target(
    _cards, b"---\n", b"&a ", b"*a", b"!!", b"? ", b"2024-99-99", b"<<", b"license: ", b"[" * 40
)
def card(content: bytes, _: Path) -> None:
    text = content.decode("utf-8", "replace")
    facts = facts_in(text)
    assert all(isinstance(one, str) for one in (facts.name, facts.licence, *facts.datasets))
    assert len(str(facts)) < 9 * len(text) + 200
    json.dumps(read_front_matter(text))


def _weight_files() -> list[bytes]:
    import torch
    from adopted_worlds import torch_bytes

    tensors = {"module.head.weight": torch.ones(2, 3), "head.bias": torch.zeros(2)}
    return [state_bytes(tensors), torch_bytes({"state_dict": tensors}), torch_bytes([1, "a"])]


@target(_weight_files, b"PK\x03\x04", b"\x80\x02", b"cposix\nsystem\n", b"__metadata__", b"F32")
def weights(content: bytes, folder: Path) -> None:
    path = folder / "weights"
    path.write_bytes(content)
    tensors, _ = read_weights(path)
    assert all(isinstance(name, str) for name in tensors)


def _published_package(folder: Path) -> None:
    from adopted_worlds import make_tiny_geoclip

    tiny = make_tiny_geoclip(folder)
    for name, content in tiny.files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    tiny.weights.unlink()


_PACKAGE = Parts(_published_package)
_ADOPTED = 24
"""Number of features of the encoder in `adopted_worlds`."""


def _adopt(path: Path) -> None:
    """Read a package as `model adopt` does."""
    package = package_at(path, "geoclip")
    assert isinstance(package.version("geoclip") + package.licence("geoclip"), str)
    parts = read_parts(package)
    assert np.isfinite(parts.latlng).all()
    gallery_head(parts, width=_ADOPTED, cells=2).fill(parts.latlng[:20], _partition())


@target(_PACKAGE.seeds, b"LAT,LON\n", b"LocEnc0.capsule.0.b", b"PK\x03\x04", b"\x80\x02")
def package(content: bytes, folder: Path) -> None:
    _PACKAGE.write(content, folder)
    _adopt(folder)


def _wheels() -> list[bytes]:
    files = {
        "geoclip/model/weights.csv": b"LAT,LON\n" * 20,
        "geoclip-9.9.dist-info/METADATA": b"Name: geoclip\n",
        "geoclip-9.9.dist-info/LICENSE": b"MIT License\n" * 9,
    }
    contents = []
    for kind in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", kind) as file:
            for name, content in files.items():
                file.writestr(zipfile.ZipInfo(name), content, kind)
        contents.append(stream.getvalue())
    return contents


@target(_wheels, b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"../", b"\xff" * 4)
def wheel(content: bytes, folder: Path) -> None:
    path = folder / "geoclip-9.9-py3-none-any.whl"
    path.write_bytes(content)
    package = package_at(path, "geoclip")
    assert isinstance(package.version("geoclip") + package.licence("geoclip"), str)
    for name in package.names():
        package.read(name)


def _onnx_files() -> list[bytes]:
    """Files of a graph that takes the mean colour of a photo for its pooled values."""
    from onnx import checker, helper

    import_of = helper.make_opsetid("", 17)
    number = helper.TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["images"], ["pooled"], axes=[2, 3], keepdims=0),
            helper.make_node("MatMul", ["pooled", "weight"], ["logits"]),
        ],
        "colours",
        [helper.make_tensor_value_info("images", number, ["b", 3, 64, 64])],
        [
            helper.make_tensor_value_info("logits", number, ["b", 2]),
            helper.make_tensor_value_info("pooled", number, ["b", 3]),
        ],
        [helper.make_tensor("weight", number, [3, 2], [0.5, -1.0, 2.0, 0.0, 1.0, -2.0])],
    )
    file = helper.make_model(graph, opset_imports=[import_of], ir_version=9)
    helper.set_model_props(file, _texts(pooled=3))
    checker.check_model(file)
    return [file.SerializeToString()]


@target(_onnx_files, b"images", b"logits", b"pooled", b"geoguess.", *_JSON)
def onnx_file(content: bytes, folder: Path) -> None:
    path = folder / "model.onnx"
    path.write_bytes(content)
    model = read_onnx(path, device="cpu", threads=1)
    assert model.partition.cells.size == 2


_TEXTS = (ABOUT, CELLS, FAMILIARITY)


def _texts(*, pooled: int) -> dict[str, str]:
    """The texts of an ONNX file whose model knows photos by some number of pooled values."""
    import torch
    from onnx_worlds import HYBRID, calibrated, random_model

    from geoguess_cli.model.familiarity import Familiarity

    with torch.random.fork_rng(devices=[]):
        trained = calibrated(random_model(replace(HYBRID, vit="none"), _partition()))
    seen = np.random.default_rng(4).normal(0, 1, (20, pooled)).astype(np.float32)
    trained = replace(trained, familiarity=Familiarity.of(seen))
    return metadata_of(trained, parts={"backbone": 1}, versions={})


def _onnx_texts() -> list[bytes]:
    texts = _texts(pooled=_POOLED)
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
