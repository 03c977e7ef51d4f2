"""One epoch: any batch size, any precision, and photos that cannot be read."""

import dataclasses
import math
from pathlib import Path

import polars as pl
import pytest
import torch
from training_worlds import Lab

from geoguess_cli.errors import (
    PhotoTableError,
)
from geoguess_cli.photos.table import PhotoTable


def test_unreadable_photos_are_counted_reported_once_and_skipped(lab: Lab, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a photo")
    first = pl.int_range(pl.len()).over("split") == 0

    def with_broken(rows: pl.Expr) -> PhotoTable:
        photo = pl.when(rows).then(pl.lit(str(broken))).otherwise(pl.col("photo"))
        return PhotoTable(lab.table.frame.with_columns(photo.alias("photo")), lab.table.root)

    failures: list[Path] = []
    train = pl.col("split") == "train"
    _, stats = lab.train(
        table=with_broken(first & train),
        stage=1,
        on_failure=lambda path, _reason: failures.append(path),
    )
    assert [s.skipped for s in stats] == [1, 1]
    assert failures == [broken]
    assert all(math.isfinite(s.loss) for s in stats)
    with pytest.raises(PhotoTableError, match="none of the 24 training photos can be read"):
        lab.train(table=with_broken(train))
    with pytest.raises(PhotoTableError, match="none of the 10 validation photos can be read"):
        lab.train(table=with_broken(~train))


def test_a_last_batch_of_one_photo_does_no_harm(lab: Lab) -> None:
    """A batch norm over one value has no spread: 32 px end in a map of one place."""
    train = dataclasses.replace(lab.config.train, batch_size=23)
    config = dataclasses.replace(lab.config, train=train)
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        lab.build()(torch.zeros(1, 3, 32, 32))
    _, stats = lab.train(config=config)
    assert all(math.isfinite(s.loss) for s in stats)


def test_bf16_learns_and_keeps_fp32_weights(lab: Lab) -> None:
    state, stats = lab.train(config=dataclasses.replace(lab.config, precision="bf16"))
    assert stats[-1].loss < stats[0].loss
    assert all(value.dtype != torch.bfloat16 for value in state.values())
