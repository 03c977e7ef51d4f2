"""A small GeoCLIP: a CLIP of two blocks with random weights, its package as a wheel, its gallery.

The code that adopts it is the code that adopts the published one; only the row of the table that
says where the parts are is another.
"""

import csv
import dataclasses
import hashlib
import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from geoguess_cli.adoption.published import PUBLISHED, PublishedWeights
from geoguess_cli.model._timm import timm

models, VisionTransformer = timm.models, timm.models.VisionTransformer

NAME = "tiny_clip_quickgelu"
SIZE, PATCH, WIDTH, BLOCKS, HEADS, PROJECTION = 32, 8, 32, 2, 2, 24
MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)

default_cfgs = models.generate_default_cfgs(
    {
        f"{NAME}.test": {
            "hf_hub_id": "timm/tiny_clip",
            "input_size": (3, SIZE, SIZE),
            "fixed_input_size": True,
            "num_classes": PROJECTION,
            "mean": MEAN,
            "std": STD,
            "interpolation": "bicubic",
            "crop_pct": 1.0,
            "first_conv": "patch_embed.proj",
            "classifier": "head",
        }
    }
)


def tiny_clip_quickgelu(pretrained: bool = False, **options: Any) -> Any:
    """A CLIP image tower as timm builds the large one, with two small blocks."""
    sizes = {"img_size": SIZE, "patch_size": PATCH, "embed_dim": WIDTH, "depth": BLOCKS}
    kind = {
        "num_heads": HEADS,
        "pre_norm": True,
        "norm_layer": partial(timm.layers.LayerNorm, eps=1e-5),
        "act_layer": "quick_gelu",
    }
    return models.build_model_with_cfg(
        VisionTransformer, NAME, pretrained, **{**sizes, **kind, **options}
    )


if not models.is_model(tiny_clip_quickgelu.__name__):  # doctest imports this module once more
    models.register_model(tiny_clip_quickgelu)


@dataclasses.dataclass
class TinyGeoClip:
    """The parts of the small GeoCLIP, as its package and the hub hold them."""

    mlp: dict[str, Tensor]
    location: dict[str, Tensor]
    log_scale: Tensor
    latlng: np.ndarray
    encoder: dict[str, Tensor]
    folder: Path

    @property
    def weights(self) -> Path:
        """The file of the encoder."""
        return self.folder / "model.safetensors"

    def files(self) -> dict[str, bytes]:
        """The files of the package by their paths."""
        rows = [("LAT", "LON"), *self.latlng.tolist()]
        text = io.StringIO()
        csv.writer(text).writerows(rows)
        about = "geoclip-9.9.dist-info"
        return {
            "geoclip/__init__.py": b"raise AssertionError('nothing imports the package')",
            "geoclip/model/gps_gallery/coordinates_100K.csv": text.getvalue().encode(),
            "geoclip/model/weights/image_encoder_mlp_weights.pth": torch_bytes(self.mlp),
            "geoclip/model/weights/location_encoder_weights.pth": torch_bytes(self.location),
            "geoclip/model/weights/logit_scale_weights.pth": torch_bytes(self.log_scale),
            f"{about}/METADATA": b"Metadata-Version: 2.1\nName: geoclip\nVersion: 9.9\n",
            f"{about}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{about}/licenses/LICENSE": "MIT License\n\n© the authors of a test\n".encode(),
        }

    def wheel(self, **changed: bytes | None) -> Path:
        """The package as a wheel; `changed` replaces files by the ends of their names, or drops."""
        path = self.folder / "geoclip-9.9-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            for name, content in self.files().items():
                new = changed.get(Path(name).stem, content)
                if new is not None:
                    # A fixed time, so that the same files are the same wheel.
                    wheel.writestr(zipfile.ZipInfo(name), new)
        return path

    def published(self) -> PublishedWeights:
        """The row of the table that describes this one."""
        wheel = self.wheel()
        return dataclasses.replace(
            PUBLISHED["geoclip"],
            version="9.9",
            sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
            package_bytes=wheel.stat().st_size,
            backbone=f"{NAME}.test",
            encoder_bytes=self.weights.stat().st_size,
            image_size=SIZE,
            max_places=20,
        )


def torch_bytes(value: Any) -> bytes:
    """What torch.save writes."""
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def random_location(generator: torch.Generator, *, scales: tuple[float, ...]) -> dict[str, Tensor]:
    """The state of a location encoder with 16 frequencies and 12 hidden values, as published."""
    state = {}
    for number, scale in enumerate(scales):
        name = f"LocEnc{number}"
        state[f"{name}.capsule.0.b"] = scale * torch.randn(16, 2, generator=generator)
        for layer, (out, into) in {
            "capsule.1": (12, 32),
            "capsule.3": (12, 12),
            "capsule.5": (12, 12),
            "head.0": (512, 12),
        }.items():
            state[f"{name}.{layer}.weight"] = torch.randn(out, into, generator=generator) / 3
            state[f"{name}.{layer}.bias"] = torch.randn(out, generator=generator) / 10
    return state


def _gallery(rng: np.random.Generator) -> np.ndarray:
    """200 places all over the Earth, and 40 around each of three towns of the tests."""
    ball = rng.normal(size=(200, 3))
    ball /= np.linalg.norm(ball, axis=1, keepdims=True)
    earth = np.degrees(np.stack([np.arcsin(ball[:, 2]), np.arctan2(ball[:, 1], ball[:, 0])], 1))
    towns = [(45.68, -111.04), (32.78, -96.80), (45.52, -122.68)]
    near = [rng.normal(town, 0.05, (40, 2)) for town in towns]
    return np.concatenate([earth, *near]).round(6)


def make_tiny_geoclip(folder: Path) -> TinyGeoClip:
    """The small GeoCLIP, with the file of its encoder in a folder."""
    generator = torch.Generator().manual_seed(5)

    def layer(out: int, into: int) -> tuple[Tensor, Tensor]:
        weight = torch.randn(out, into, generator=generator) / into**0.5
        return weight, torch.randn(out, generator=generator) / 10

    first, last = layer(PROJECTION, PROJECTION), layer(512, PROJECTION)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        encoder = dict(timm.create_model(NAME).state_dict())
    tiny = TinyGeoClip(
        mlp={"0.weight": first[0], "0.bias": first[1], "2.weight": last[0], "2.bias": last[1]},
        location=random_location(generator, scales=(1.0, 4.0, 16.0)),
        log_scale=torch.tensor(3.0),
        latlng=_gallery(np.random.default_rng(5)),
        encoder=encoder,
        folder=folder,
    )
    save_file(encoder, tiny.weights)
    return tiny


@pytest.fixture
def tiny_geoclip(tmp_path: Path) -> TinyGeoClip:
    """The small GeoCLIP."""
    folder = tmp_path / "published"
    folder.mkdir()
    return make_tiny_geoclip(folder)


@pytest.fixture
def adoptable(tiny_geoclip: TinyGeoClip, monkeypatch: pytest.MonkeyPatch) -> TinyGeoClip:
    """The small GeoCLIP, which `geoguess model adopt geoclip` takes for the published one."""
    monkeypatch.setitem(PUBLISHED, "geoclip", tiny_geoclip.published())  # type: ignore[arg-type]
    return tiny_geoclip


@pytest.fixture
def index_of() -> Callable[..., Any]:
    """Serves wheels as the package index that pip asks: `with index_of(wheel) as address`."""
    import threading
    from contextlib import contextmanager
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    @contextmanager
    def serve(wheel: Path) -> Any:
        asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                """Print nothing."""

            def do_GET(self) -> None:
                asked.append(self.path)
                listing = f'<!doctype html><a href="/{wheel.name}">{wheel.name}</a>'.encode()
                pages = {"/simple/geoclip/": listing, f"/{wheel.name}": wheel.read_bytes()}
                content = pages.get(self.path)
                self.send_response(404 if content is None else 200)
                kind = "text/html" if self.path.endswith("/") else "application/zip"
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                self.wfile.write(content or b"")

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            thread.start()
            yield f"http://127.0.0.1:{server.server_address[1]}/simple/", asked
            server.shutdown()
            thread.join()

    return serve
