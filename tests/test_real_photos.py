"""All verbs on real photos, imported by their EXIF and by a table, where those photos are there."""

import json

import numpy as np
import polars as pl
import pytest
from PIL import Image

pytestmark = pytest.mark.slow


def test_the_verbs_run(real_world, real_photos, tmp_path) -> None:
    cells = pl.read_parquet(real_world.folder / "artifacts" / "cells.parquet")
    assert cells["photos"].min() >= 3
    report = json.loads(real_world.run("eval", "--split", "all", "--json").stdout)
    assert report["counts"]["photos"] in (43, 74)
    assert report["counts"]["skipped"] == 0

    photo = real_photos / "lund" / "03.jpg"
    answer = json.loads(real_world.run("predict", photo, "--json").stdout)
    assert answer["guesses"][0]["country"]
    real_world.run(
        *("occlude", photo, "--window", "16", "--stride", "16"),
        *("-o", tmp_path / "o.png", "--raw", tmp_path / "o.npy"),
    )
    assert np.isfinite(np.load(tmp_path / "o.npy")).all()
    result = real_world.run("probmap", photo, "-o", tmp_path / "map.png", "--json").stdout
    # Lund: the truth is known from the table, or else from the photo's own EXIF.
    assert json.loads(result)["distance_km"] is not None
    with Image.open(tmp_path / "map.png") as image:
        assert image.width > 800
