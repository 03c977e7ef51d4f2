"""What is shown of the training photos that an answer names."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Answering
from geoguess_cli.maps.neighbours import shown_neighbours
from geoguess_cli.model.memory import Neighbour
from geoguess_cli.sources.originals import Originals


def test_each_has_its_place_and_its_picture_if_it_is_found(
    partition: Partition, tmp_path: Path
) -> None:
    Image.new("RGB", (300, 200), "red").save(tmp_path / "a.png")
    answer = Answering(partition).answer(np.full(4, 0.25, dtype=np.float32))
    assert shown_neighbours(answer, Originals(tmp_path), side=90) == []
    own = (
        Neighbour("a.png", 46.59, -112.04, "Ann", "CC BY 4.0", 0.973),
        Neighbour("gone.jpg", 30.27, -97.74, "", "", 0.5),
    )
    answer = dataclasses.replace(answer, neighbours=own)
    first, second = shown_neighbours(answer, Originals(tmp_path), side=90)
    assert first.picture is not None
    assert first.picture.size == (90, 60)
    assert (first.place.region, second.place.region) == ("Montana", "Texas")
    assert first.about == "similarity 0.97 · Ann, CC BY 4.0"
    assert (second.about, second.picture) == ("similarity 0.50", None)
    assert [one.picture for one in shown_neighbours(answer, None, side=90)] == [None, None]


@pytest.mark.parametrize("name", ["x/y/a.jpg", "x\\y\\a.jpg", "a.jpg"])
def test_the_name_is_that_of_the_file(name: str) -> None:
    assert Neighbour(name, 0.0, 0.0, "", "CC0", 1.0).name == "a.jpg"
    assert Neighbour(name, 0.0, 0.0, "", "CC0", 1.0).credit == "CC0"
