"""What a training takes, and what it refuses before it begins."""

import dataclasses

import numpy as np
import pytest
import torch
from training_worlds import Lab, same

from geoguess_cli.errors import (
    GeoguessError,
    MissingFileError,
    PhotoTableError,
)


def test_the_caller_s_randomness_is_left_alone(lab: Lab) -> None:
    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)
    lab.train()
    assert torch.equal(torch.rand(4), expected)


def test_nothing_to_resume(lab: Lab) -> None:
    with pytest.raises(MissingFileError, match="nothing to resume"):
        lab.train(resume=True)
    lab.interrupt("run", epoch=2, step=1)
    for path in lab.run().snapshots.folder.glob("*/state.json"):
        path.write_bytes(b"no state")
    with pytest.raises(MissingFileError, match=r"nothing to resume in .* is damaged"):
        lab.train(resume=True)


def test_photos_in_no_cell_are_not_trained_on(lab: Lab) -> None:
    inside = lab.partition.assign(lab.table.latlng) >= 0
    kept = inside | (lab.table.frame["split"] == "val").to_numpy()
    assert (~kept).sum() == 2
    with_uncovered, _ = lab.train("with")
    without, _ = lab.train("without", table=lab.table.take(np.flatnonzero(kept)))
    assert same(with_uncovered, without)


@pytest.mark.parametrize(("split", "words"), [("train", "0 training photos"), ("val", "none of")])
def test_a_split_without_covered_photos_is_refused(split: str, words: str, lab: Lab) -> None:
    with pytest.raises(PhotoTableError, match=words):
        lab.train(table=lab.moved(split, (0.0, 0.0)))
    assert not lab.run().folder.exists()


def test_every_error_is_written_for_the_user(lab: Lab) -> None:
    with pytest.raises(GeoguessError, match="this machine has"):
        lab.train(config=dataclasses.replace(lab.config, device="cuda:99"))
    with pytest.raises(GeoguessError, match="there is no stage 3"):
        lab.train(stage=3)
