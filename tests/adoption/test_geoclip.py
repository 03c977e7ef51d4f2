"""What the package of GeoCLIP holds, read without its code; and its own code beside ours."""

import importlib
import sys
import types
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from adopted_worlds import PROJECTION, TinyGeoClip, torch_bytes
from torch.nn.functional import normalize

from geoguess_cli.adoption.geoclip import gallery_head, read_parts
from geoguess_cli.adoption.package import PackageFiles, fetch_package
from geoguess_cli.adoption.published import PUBLISHED
from geoguess_cli.errors import ModelError, WeightsError


class Harmful:
    """Runs code when a pickle of it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("harm"),))


def test_the_parts_have_our_names(tiny_geoclip: TinyGeoClip) -> None:
    parts = read_parts(PackageFiles(tiny_geoclip.wheel()))
    head = gallery_head(parts, width=PROJECTION, cells=7)
    assert head.cells == 7
    assert head.log_scale.item() == tiny_geoclip.log_scale.item()
    torch.testing.assert_close(dict(head.mlp.state_dict()), tiny_geoclip.mlp)
    last = head.location.capsules[2].layers[3].weight
    assert torch.equal(last, tiny_geoclip.location["LocEnc2.head.0.weight"])
    np.testing.assert_array_equal(parts.latlng, tiny_geoclip.latlng.astype(np.float32))


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("logit_scale_weights", torch_bytes(torch.zeros(3)), "does not hold one number"),
        ("image_encoder_mlp_weights", torch_bytes([1.0]), "does not hold tensors by name"),
        ("image_encoder_mlp_weights", b"no pickle", "is damaged, or holds more than weights"),
        ("location_encoder_weights", torch_bytes({"x": torch.zeros(1)}), "holds `x`, which"),
        ("coordinates_100K", b"A,B\n1,2\n", "coordinates_100K.csv is damaged"),
        ("coordinates_100K", b"LAT,LON\n91.0,2.0\n", "does not hold places in degrees"),
        ("coordinates_100K", b"LAT,LON\n", "does not hold places in degrees"),
        ("coordinates_100K", None, "lacks geoclip/model/gps_gallery"),
    ],
)
def test_a_file_that_holds_something_else_is_named(
    tiny_geoclip: TinyGeoClip, file: str, content: bytes | None, message: str
) -> None:
    wheel = tiny_geoclip.wheel(**{file: content})
    with pytest.raises(ModelError, match=message):
        read_parts(PackageFiles(wheel))


def test_a_pickle_with_code_is_not_run(
    tiny_geoclip: TinyGeoClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wheel = tiny_geoclip.wheel(logit_scale_weights=torch_bytes(Harmful()))
    with pytest.raises(ModelError, match="holds more than weights"):
        read_parts(PackageFiles(wheel))
    assert not (tmp_path / "harm").exists()


def test_parts_that_do_not_fit_are_named(tiny_geoclip: TinyGeoClip) -> None:
    parts = read_parts(PackageFiles(tiny_geoclip.wheel()))
    with pytest.raises(ModelError, match="does not fit the encoder"):
        gallery_head(parts, width=PROJECTION + 1, cells=2)
    del parts.state["mlp.0.bias"]
    with pytest.raises(ModelError, match=r"holds other tensors than GeoCLIP \(mlp.0.bias\)"):
        gallery_head(parts, width=PROJECTION, cells=2)


@pytest.fixture(scope="module")
def published_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the published package, if pip can fetch it."""
    try:
        return fetch_package(PUBLISHED["geoclip"], tmp_path_factory.mktemp("pip")).path
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def published_encoder(published_wheel: Path) -> Any:
    """The package's own location encoder; its CLIP and what that needs are not imported."""
    pytest.importorskip("pandas")  # the package reads its gallery with it
    folder = published_wheel.with_suffix("")
    with zipfile.ZipFile(published_wheel) as wheel:
        wheel.extractall(folder)
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # it calls torch.jit.script
        for name in ("geoclip", "geoclip.model"):
            package = types.ModuleType(name)
            package.__path__ = [str(folder / name.replace(".", "/"))]
            patch.setitem(sys.modules, name, package)
        module = importlib.import_module("geoclip.model.location_encoder")
        for name in [own for own in sys.modules if own.startswith("geoclip.")]:
            patch.delitem(sys.modules, name)
    return module.LocationEncoder().eval()


def test_vectors_of_the_gallery_are_those_of_the_package(
    published_wheel: Path, published_encoder: Any
) -> None:
    parts = read_parts(PackageFiles(published_wheel))
    assert len(parts.latlng) == 100_000
    places = parts.latlng[::50]
    with torch.no_grad():
        expected = normalize(published_encoder(torch.from_numpy(places)), dim=1)
    head = gallery_head(parts, width=768, cells=1)
    assert (head.location.encoded(places) - expected).abs().max() <= 1e-5
