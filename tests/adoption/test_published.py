"""The table of published models."""

import re

import pytest

from geoguess_cli.adoption.published import PUBLISHED, PublishedWeights
from geoguess_cli.choices import PublishedModel
from geoguess_cli.model._timm import timm


@pytest.mark.parametrize("name", PUBLISHED)
def test_each_row_is_whole(name: PublishedModel) -> None:
    published: PublishedWeights = PUBLISHED[name]
    assert published.name == name
    assert re.fullmatch(r"[0-9a-f]{64}", published.sha256)
    assert re.fullmatch(r"[a-z-]+==\d+(\.\d+)+", published.requirement)
    assert min(published.package_bytes, published.encoder_bytes, published.max_places) > 0


def test_the_encoder_of_geoclip_is_timms_clip_with_its_projection() -> None:
    published = PUBLISHED["geoclip"]
    cfg = timm.get_pretrained_cfg(published.backbone)
    assert (cfg.num_classes, cfg.input_size[-1]) == (768, published.image_size)
    assert cfg.hf_hub_id == published.encoder_page.removeprefix("https://huggingface.co/")
