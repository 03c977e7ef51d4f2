"""A published model as a model of geoguess: its encoder, its head, its cells."""

import dataclasses
from pathlib import Path
from typing import Any

import hub_servers
import numpy as np
import pytest
import torch
from adopted_worlds import (
    BLOCKS,
    HEADS,
    MEAN,
    PATCH,
    PROJECTION,
    SIZE,
    STD,
    WIDTH,
    TinyGeoClip,
)
from PIL import Image
from safetensors.torch import save_file
from torch.nn.functional import normalize, relu

from geoguess_cli.adoption.adopting import adopt, plan_adoption
from geoguess_cli.errors import MissingFileError, ModelError, WeightsError
from geoguess_cli.geo.partition import build_partition
from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.model._timm import timm
from geoguess_cli.model.checkpoint import load_model, save_model
from geoguess_cli.model.gallery import GalleryHead
from geoguess_cli.model.trained import TrainedModel


def adopted(tiny: TinyGeoClip, **options: Any) -> TrainedModel:
    plan = plan_adoption(tiny.published(), package=tiny.wheel(), weights=tiny.weights)
    return adopt(plan, **options).trained


def pictures() -> list[Image.Image]:
    """Pictures of noise: square, wide, tall, and with odd margins."""
    rng = np.random.default_rng(2)
    sizes = [(64, 64), (100, 64), (48, 71), (97, 130), (33, 40)]
    return [
        Image.fromarray(rng.integers(0, 256, (high, wide, 3), dtype=np.uint8))
        for wide, high in sizes
    ]


def test_the_cells_are_built_from_the_gallery_and_hold_all_of_it(
    tiny_geoclip: TinyGeoClip,
) -> None:
    trained = adopted(tiny_geoclip)
    assert trained.partition.photos.sum() == len(tiny_geoclip.latlng)
    assert trained.partition.photos.max() <= tiny_geoclip.published().max_places
    assert (trained.temperature, trained.familiarity, trained.memory) == (1.0, None, None)
    assert (trained.spec.size, trained.spec.resize) == (SIZE, "center-crop")
    assert trained.config.parts == ("backbone", "head")
    about = trained.metrics["adopted"]
    assert (about["package"], about["places"]) == ("geoclip 9.9", 320)


def test_a_folder_gives_the_same_answers_and_keeps_the_licence(
    tiny_geoclip: TinyGeoClip, tmp_path: Path
) -> None:
    trained = adopted(tiny_geoclip)
    save_model(tmp_path / "model", trained)
    loaded = load_model(tmp_path / "model")
    photo = np.zeros((1, 3, SIZE, SIZE), dtype=np.float32)
    first, second = (Predictor(one, precision="fp32").logits(photo) for one in (trained, loaded))
    np.testing.assert_array_equal(first, second)
    assert loaded.fingerprint == trained.fingerprint
    assert loaded.licence == "MIT License\n\n© the authors of a test\n"
    assert (tmp_path / "model/LICENSE").read_text(encoding="utf-8") == loaded.licence
    save_model(tmp_path / "again", loaded)
    assert (tmp_path / "again/LICENSE").is_file()
    card = (tmp_path / "model/README.md").read_text(encoding="utf-8")
    for words in (
        "GeoCLIP, https://arxiv.org/abs/2309.16020",
        "geoclip 9.9",
        "MIT (package)",
        "| gallery places in a cell |",
        "their photos: GeoCLIP, https://arxiv.org/abs/2309.16020.",
        ", its projection |",
        "cosines with the places of a gallery",
    ):
        assert words in card


def test_given_cells_are_those_of_the_answers(tiny_geoclip: TinyGeoClip) -> None:
    towns = np.array([(45.68, -111.04), (32.78, -96.80), (-75.0, 40.0)]).repeat(3, axis=0)
    partition = build_partition(towns, max_photos=2, max_level=7, min_photos=1)
    plan = plan_adoption(
        tiny_geoclip.published(), package=tiny_geoclip.wheel(), weights=tiny_geoclip.weights
    )
    model = adopt(plan, partition)
    assert model.trained.partition is partition
    assert partition.unit == "training photo"
    inside = (partition.assign(tiny_geoclip.latlng) >= 0).sum()
    assert (model.gathered.places, model.gathered.added) == (inside, 1)


def clip_state(vision: Any) -> dict[str, torch.Tensor]:
    """The weights of a CLIP of transformers, by timm's names."""
    own = {name.removeprefix("vision_model."): of for name, of in vision.state_dict().items()}
    state = {
        "cls_token": own["embeddings.class_embedding"][None, None],
        "pos_embed": own["embeddings.position_embedding.weight"][None],
        "patch_embed.proj.weight": own["embeddings.patch_embedding.weight"],
        "head.weight": own["visual_projection.weight"],
        "head.bias": torch.zeros(len(own["visual_projection.weight"])),
    }
    norms = {"pre_layrnorm": "norm_pre", "post_layernorm": "norm"}
    for kind in ("weight", "bias"):
        state |= {f"{new}.{kind}": own[f"{old}.{kind}"] for old, new in norms.items()}
        for block in range(vision.config.num_hidden_layers):
            old, new = f"encoder.layers.{block}", f"blocks.{block}"
            attention = f"{old}.self_attn"
            state |= {
                f"{new}.norm1.{kind}": own[f"{old}.layer_norm1.{kind}"],
                f"{new}.norm2.{kind}": own[f"{old}.layer_norm2.{kind}"],
                f"{new}.attn.qkv.{kind}": torch.cat(
                    [own[f"{attention}.{part}_proj.{kind}"] for part in "qkv"]
                ),
                f"{new}.attn.proj.{kind}": own[f"{attention}.out_proj.{kind}"],
                f"{new}.mlp.fc1.{kind}": own[f"{old}.mlp.fc1.{kind}"],
                f"{new}.mlp.fc2.{kind}": own[f"{old}.mlp.fc2.{kind}"],
            }
    return {name: tensor.contiguous() for name, tensor in state.items()}


def test_photos_are_seen_as_by_the_clip_of_transformers(tiny_geoclip: TinyGeoClip) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.CLIPVisionConfig(
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        projection_dim=PROJECTION,
        num_hidden_layers=BLOCKS,
        num_attention_heads=HEADS,
        image_size=SIZE,
        patch_size=PATCH,
        hidden_act="quick_gelu",
    )
    torch.manual_seed(0)
    vision = transformers.CLIPVisionModelWithProjection(config).eval()
    for parameter in vision.parameters():  # biases and norms too are random
        torch.nn.init.normal_(parameter, std=0.3)
    save_file(clip_state(vision), tiny_geoclip.weights)
    predictor = Predictor(adopted(tiny_geoclip), device="cpu", precision="fp32")

    mlp = tiny_geoclip.mlp
    places = predictor.trained.geolocator.head.places
    processor = transformers.CLIPImageProcessorPil(
        size={"shortest_edge": SIZE}, crop_size=SIZE, image_mean=MEAN, image_std=STD, resample=3
    )
    for picture in pictures():
        pixels = processor(images=picture, return_tensors="pt")["pixel_values"]
        own = predictor.transform(picture)
        assert np.abs(own - pixels[0].numpy()).max() <= 1e-5
        with torch.no_grad():
            features = vision(pixel_values=pixels).image_embeds
            hidden = relu(features @ mlp["0.weight"].T + mlp["0.bias"])
            vector = normalize(hidden @ mlp["2.weight"].T + mlp["2.bias"], dim=1)
            of_place = (tiny_geoclip.log_scale.exp() * vector @ places.T).softmax(dim=1)[0]
        cell_of = predictor.trained.geolocator.head.cell_of
        expected = torch.zeros(len(predictor.partition)).index_add(0, cell_of, of_place)
        probabilities = predictor.probabilities(own[None])[0]
        assert np.abs(probabilities - expected.numpy()).max() <= 1e-5


def test_the_encoder_comes_from_the_hub_through_its_own_client(
    tiny_geoclip: TinyGeoClip, hub: Any
) -> None:
    published = tiny_geoclip.published()
    content = tiny_geoclip.weights.read_bytes()
    hub.models["timm/tiny_clip"] = hub_servers.ModelRepository.of({"model.safetensors": content})
    plan = plan_adoption(published, package=tiny_geoclip.wheel())
    assert plan.bytes == len(content)
    backbone = adopt(plan).trained.geolocator.backbone
    for name, tensor in tiny_geoclip.encoder.items():
        assert torch.equal(backbone.state_dict()[name], tensor), name
    assert plan_adoption(published, package=tiny_geoclip.wheel()).bytes == 0  # it is kept


@pytest.mark.usefixtures("hub")  # it has no such model
def test_a_hub_without_the_encoder_names_the_way_without_a_network(
    tiny_geoclip: TinyGeoClip,
) -> None:
    plan = plan_adoption(tiny_geoclip.published(), package=tiny_geoclip.wheel())
    with pytest.raises(WeightsError) as caught:
        adopt(plan)
    for words in ("cannot be fetched", "pip download --no-deps geoclip==9.9", "--weights"):
        assert words in str(caught.value)


def test_weights_of_another_model_are_refused(tiny_geoclip: TinyGeoClip, tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no weights at"):
        plan_adoption(tiny_geoclip.published(), weights=tmp_path / "absent.safetensors")
    without = {k: v for k, v in tiny_geoclip.encoder.items() if not k.startswith("head.")}
    save_file(without, tiny_geoclip.weights)
    with pytest.raises(ModelError, match="with its projection"):
        adopted(tiny_geoclip)
    save_file(timm.create_model("test_resnet").state_dict(), tiny_geoclip.weights)
    with pytest.raises(ModelError, match="does not hold the weights of tiny_clip"):
        adopted(tiny_geoclip)


def test_nothing_answers_for_a_package_of_another_size(tiny_geoclip: TinyGeoClip) -> None:
    narrow = dataclasses.replace(
        tiny_geoclip, mlp={name: of[..., :5] for name, of in tiny_geoclip.mlp.items()}
    )
    with pytest.raises(ModelError, match="does not fit the encoder"):
        adopted(narrow)


def test_the_head_is_a_gallery(tiny_geoclip: TinyGeoClip) -> None:
    head = adopted(tiny_geoclip).geolocator.head
    assert isinstance(head, GalleryHead)
    assert torch.bincount(head.cell_of, minlength=head.cells).min() > 0
