"""Fixtures of several rooms; the shapes of arrays are checked in every call of the core."""

import os
import socket
from pathlib import Path
from typing import Any

import pytest
from jaxtyping import install_import_hook

# Tests run side by side: threads of each would only wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

CHECKED = (
    "geo",
    "hub",
    "photos",
    "sources",
    "model",
    "training",
    "inference",
    "adoption",
    "evaluation",
    "drawing",
    "maps",
    "occlusion",
    "report",
    "survey",
    "serve",
)
OFFLINE = ("drawing", "maps", "occlusion", "report", "survey")
install_import_hook([f"geoguess_cli.{floor}" for floor in CHECKED], "beartype.beartype")

pytest_plugins = [
    "worlds",
    "photo_worlds",
    "command_worlds",
    "training_worlds",
    "process_worlds",
    "figure_worlds",
    "hub_servers",
    "adopted_worlds",
    "onnx_worlds",
]

TESTS = Path(__file__).resolve().parent
REPOSITORY = TESTS.parent


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own GEOGUESS_ variables must not change a test."""
    for name in list(os.environ):
        if name.startswith("GEOGUESS_"):
            monkeypatch.delenv(name)


COLORED_TOWNS = {  # latitude, longitude, colour
    "Helena": (46.5891, -112.0391, (0.9, 0.1, 0.1)),
    "Austin": (30.2672, -97.7431, (0.1, 0.8, 0.1)),
    "Salem": (44.9429, -123.0351, (0.1, 0.2, 0.9)),
    "Boise": (43.6150, -116.2023, (0.9, 0.9, 0.1)),
}


@pytest.fixture(scope="session")
def color_predictor() -> Any:
    """A predictor that needs no training: each town has a cell and a colour, and a photo lies where
    its mean colour is nearest. So what it answers, and what an occlusion does to it, is known.
    """
    import numpy as np
    import torch
    from torch import nn

    from geoguess_cli.config import ModelConfig
    from geoguess_cli.geo.partition import build_partition
    from geoguess_cli.inference.predictor import Predictor
    from geoguess_cli.model.checkpoint import TrainedModel
    from geoguess_cli.model.geolocator import Geolocator
    from geoguess_cli.photos.images import ImageSpec

    class ColorHead(nn.Module):
        def __init__(self, colors: torch.Tensor) -> None:
            super().__init__()
            self.colors = nn.Parameter(colors, requires_grad=False)

        def forward(self, features: torch.Tensor) -> torch.Tensor:
            return -8 * ((features[:, None] - self.colors) ** 2).sum(dim=2)

    class ColorGeolocator(Geolocator):
        cells, width = len(COLORED_TOWNS), 3

        def __init__(self, colors: torch.Tensor) -> None:
            nn.Module.__init__(self)
            self.backbone, self.head = nn.AdaptiveAvgPool2d(1), ColorHead(colors)

        def read(self, output: torch.Tensor) -> torch.Tensor:
            return output.flatten(1)

    towns = np.array([town[:2] for town in COLORED_TOWNS.values()])
    partition = build_partition(np.repeat(towns, 5, axis=0), max_photos=5, min_photos=5)
    order = np.argsort(partition.assign(towns))
    colors = torch.tensor([town[2] for town in COLORED_TOWNS.values()])[order]
    spec = ImageSpec(size=32, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    trained = TrainedModel(ColorGeolocator(colors), partition, ModelConfig(), spec)
    return Predictor(trained, device="cpu", precision="fp32")


@pytest.fixture(scope="session")
def colored_photo() -> Any:
    """Makes a JPEG of one town's colour, with a GPS position if asked: `colored_photo("Salem")`."""
    import io

    from PIL import Image

    def rational(degrees: float) -> tuple[float, float, float]:
        return (float(int(degrees)), round(degrees % 1 * 60, 6), 0.0)

    def make(
        town: str, *, gps: tuple[float, float] | None = None, size: tuple[int, int] = (96, 64)
    ) -> bytes:
        color = tuple(round(255 * part) for part in COLORED_TOWNS[town][2])
        exif = Image.Exif()
        if gps is not None:
            latitude, longitude = gps
            exif.get_ifd(0x8825).update(
                {
                    1: "N" if latitude >= 0 else "S",
                    2: rational(abs(latitude)),
                    3: "E" if longitude >= 0 else "W",
                    4: rational(abs(longitude)),
                }
            )
        file = io.BytesIO()
        Image.new("RGB", size, color).save(file, "JPEG", exif=exif, quality=95)
        return file.getvalue()

    return make


@pytest.fixture(scope="session")
def made_evaluation() -> Any:
    """An evaluation with everything in it: parts, uncovered photos, one that cannot be read."""
    import numpy as np
    import polars as pl

    from geoguess_cli.evaluation.evaluation import evaluate
    from geoguess_cli.geo.geodesy import great_circle_km
    from geoguess_cli.geo.partition import build_partition
    from geoguess_cli.inference.answering import Outputs
    from geoguess_cli.model.familiarity import Familiarity
    from geoguess_cli.photos.leaks import find_leaks
    from geoguess_cli.photos.table import PhotoTable

    rng = np.random.default_rng(5)
    towns = np.array([(45.7, -111.0), (35.1, -106.6), (31.0, -97.5), (43.6, -116.2)])
    drives = np.repeat(towns[rng.integers(4, size=90)], 8, axis=0)
    latlng = (
        drives
        + np.repeat(rng.normal(0, 0.6, (90, 2)), 8, axis=0)
        + rng.normal(0, 0.01, drives.shape)
    )
    latlng[-8:] = (38.0, -90.0)  # a test drive where no training photo is
    frame = pl.DataFrame(
        {
            "photo": [f"{row}.jpg" for row in range(len(latlng))],
            "latitude": latlng[:, 0],
            "longitude": latlng[:, 1],
            "sequence": [f"drive {row // 8}" for row in range(len(latlng))],
            "split": ["train"] * 480 + ["test"] * 240,
        }
    )
    whole = PhotoTable(frame, Path("photos"))
    table, training = whole.only("test"), whole.only("train").latlng
    partition = build_partition(training, max_photos=30, min_photos=6)

    class MadeUp:
        temperature, point = 1.5, "cluster"

        def __init__(self) -> None:
            self.partition = partition
            normal = np.random.default_rng(3).normal(0, 1, (500, 4))
            known = Familiarity.of(normal)
            self.familiarity = known.judged(known.distances_of(normal), "val")
            self.memory = None

        def outputs(self, paths: Any, *, batch_size: int, workers: int) -> Any:
            del batch_size, workers
            seen = table.latlng + rng.normal(0, 0.4, table.latlng.shape)
            pairs = (
                np.repeat(seen, len(partition), axis=0),
                np.tile(partition.centroids, (len(paths), 1)),
            )
            distance = great_circle_km(*pairs).reshape(len(paths), -1)
            logits = (-distance / 25 + rng.normal(0, 1, distance.shape)).astype(np.float32)
            pooled = rng.normal(0, 1, (len(paths) - 1, 4)).astype(np.float32)
            pooled[:20] += 9
            failures = [(0, "not a <b>picture</b> | at all")]
            yield Outputs(np.arange(1, len(paths)), logits[1:], failures, pooled=pooled)

        def identity(self) -> dict[str, Any]:
            texts = dict.fromkeys(("backbone", "vit", "device", "precision"), "made-up")
            return {
                **texts,
                "image_size": 32,
                "cells": len(partition),
                "parameters": 1234,
                "temperature": self.temperature,
                "point": self.point,
                "fingerprint": "0123456789abcdef",
            }

    leaks = find_leaks(whole, between=("train", "test"))
    return evaluate(MadeUp(), table, training=training, leaks=leaks)


@pytest.fixture
def serving() -> Any:
    """Serves a service from a thread: `with serving(service) as port`."""
    import threading
    from contextlib import contextmanager

    from geoguess_cli.serve.api import create_app
    from geoguess_cli.serve.server import Server, listening_socket

    @contextmanager
    def serve(service: Any) -> Any:
        ready = threading.Event()
        with listening_socket("127.0.0.1", 0) as listening:
            server = Server(create_app(service), on_ready=ready.set)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            try:
                assert ready.wait(10)
                yield listening.getsockname()[1]
            finally:
                server.should_exit = True
                thread.join(10)
            assert not thread.is_alive()

    return serve


@pytest.fixture(autouse=True)
def _no_network(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures and explanations never ask for the network."""
    if request.path.parent.relative_to(TESTS).parts[:1] not in [(room,) for room in OFFLINE]:
        return

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("an explanation asked for the network")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
