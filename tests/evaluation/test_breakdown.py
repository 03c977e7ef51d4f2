"""Tables by parts of the photos: by hand, over the four towns."""

import numpy as np
import polars as pl
import pytest

from geoguess_cli.evaluation.breakdown import (
    breakdown,
    by_distance_to_train,
    by_level,
    by_state,
    by_training_photos,
    cells_of,
    confusion,
)
from geoguess_cli.evaluation.definitions import plain
from geoguess_cli.evaluation.statistics import Part
from geoguess_cli.geo.partition import Partition


@pytest.fixture
def predictions(partition: Partition, cell_of: dict[str, int]) -> pl.DataFrame:
    """Eight photos: three of Helena, two of Austin, one of Salem, one uncovered, one at sea."""
    token = {town: partition.tokens[cell] for town, cell in cell_of.items()}
    helena, austin, salem, boise = (token[t] for t in ("Helena", "Austin", "Salem", "Boise"))
    return pl.DataFrame(
        {
            "token": [helena, helena, helena, austin, austin, salem, None, None],
            "country": ["United States"] * 6 + ["Germany", ""],
            "region": ["Montana"] * 3 + ["Texas"] * 2 + ["Oregon", "", ""],
            "rank": pl.Series([1, 2, 1, 1, 4, 3, None, None], dtype=pl.UInt32),
            "distance_km": [0.0, 30.0, 10.0, 4.0, 2000.0, 500.0, 8000.0, 5000.0],
            "sequence": ["a", "a", "b", "c", "c", "d", "e", None],
            "top_tokens": [
                [town, salem]
                for town in (helena, boise, helena, austin, boise, helena, helena, austin)
            ],
        }
    )


def values(part: Part, *names: str) -> list[float | None]:
    return [plain(part)[name]["value"] for name in names]


def test_parts_by_hand(predictions: pl.DataFrame) -> None:
    parts = ["west", "west", "east", None, "east", "west", None, "east"]
    found = breakdown(predictions, parts, ["west", "north", "east"])
    assert list(found) == ["west", "east"]
    west, east = found["west"], found["east"]
    assert (west.photos, west.covered, west.sequences) == (3, 3, 2)
    assert (east.photos, east.covered, east.sequences) == (3, 2, 3)
    assert values(east, "top_1", "covered_top_1") == pytest.approx([1 / 3, 1 / 2])
    assert values(west, "median_km", "within_25_km") == pytest.approx([30.0, 1 / 3])
    scores = 5000 * np.exp(-np.array([0.0, 30.0, 500.0]) / 1492.7)
    assert values(west, "geoscore") == pytest.approx([scores.mean()])
    assert west.top_1.low == 0.0
    assert west.top_1.high == pytest.approx(0.5)  # drive a alone, one of two right


def test_one_drive_has_figures_without_an_interval(predictions: pl.DataFrame) -> None:
    part = breakdown(predictions, ["x", "x", *[None] * 6], ["x"])["x"]
    assert part.sequences == 1
    assert plain(part.median_km) == {"value": 15.0, "low": None, "high": None}


def test_states_are_those_of_the_truth_the_largest_first(predictions: pl.DataFrame) -> None:
    found = by_state(predictions)
    assert list(found) == [
        "Montana, United States",
        "Texas, United States",
        "Germany",
        "Oregon, United States",
        "at sea",
    ]
    assert [part.photos for part in found.values()] == [3, 2, 1, 1, 1]
    assert values(found["Texas, United States"], "top_1") == [0.5]
    germany = found["Germany"]
    assert values(germany, "top_1", "covered_top_1") == [0.0, None]


def test_distances_to_the_nearest_training_photo(predictions: pl.DataFrame) -> None:
    nearest = np.array([0.0, 0.99, 1.0, 4.0, 5.0, 24.9, 25.0, np.nan])
    known = predictions.with_columns(nearest_train_km=pl.Series(nearest).fill_nan(None))
    found = by_distance_to_train(known)
    counts = {name: part.photos for name, part in found.items()}
    assert counts == {"0-1 km": 2, "1-5 km": 2, "5-25 km": 2, "25 km and more": 1}
    assert list(found) == list(counts)
    tops = [part.top_1.value for part in found.values()]
    assert tops == [0.5, 1.0, 0.0, 0.0]


def test_empty_distances_are_not_listed(predictions: pl.DataFrame) -> None:
    far = predictions.with_columns(nearest_train_km=pl.lit(30.0))
    assert list(by_distance_to_train(far)) == ["25 km and more"]
    unknown = predictions.with_columns(nearest_train_km=pl.lit(None, dtype=pl.Float64))
    assert by_distance_to_train(unknown) == {}


def test_levels_are_those_of_the_true_cells(
    predictions: pl.DataFrame, partition: Partition, cell_of: dict[str, int]
) -> None:
    found = by_level(predictions, partition)
    cells = [cell_of[town] for town in ("Helena",) * 3 + ("Austin",) * 2 + ("Salem",)]
    levels = partition.levels[cells].tolist()
    expected = {f"level {level}": levels.count(level) for level in sorted(set(levels))}
    assert {name: part.photos for name, part in found.items()} == {**expected, "in no cell": 2}
    assert list(found)[-1] == "in no cell"
    assert values(found["in no cell"], "top_1", "covered_top_1") == [0.0, None]


def test_cells_of_few_and_of_many_training_photos(
    predictions: pl.DataFrame, partition: Partition, cell_of: dict[str, int]
) -> None:
    photos = partition.photos.copy()
    photos[cell_of["Helena"]], photos[cell_of["Austin"]], photos[cell_of["Salem"]] = 100, 20, 2000
    counted = Partition(partition.cells, photos, partition.centroids)
    found = by_training_photos(predictions, counted)
    counts = {name: part.photos for name, part in found.items()}
    assert counts == {"20-34": 2, "100-199": 3, "1000 and more": 1, "in no cell": 2}
    assert list(found) == list(counts)


def test_true_cells_are_indices(
    predictions: pl.DataFrame, partition: Partition, cell_of: dict[str, int]
) -> None:
    found = cells_of(predictions["token"], partition).tolist()
    assert found == [cell_of["Helena"]] * 3 + [cell_of["Austin"]] * 2 + [cell_of["Salem"], -1, -1]


def test_confusions_and_the_share_next_door(
    predictions: pl.DataFrame, partition: Partition, cell_of: dict[str, int]
) -> None:
    token = {town: partition.tokens[cell] for town, cell in cell_of.items()}
    salem_for_boise = predictions[:1].with_columns(
        token=pl.lit(token["Boise"]), top_tokens=pl.lit([token["Salem"]]), rank=pl.lit(2)
    )
    found = confusion(pl.concat([predictions, salem_for_boise], how="vertical_relaxed"), partition)
    # Boise and Salem have cells about 300 km wide, 560 km apart; those of Helena and Austin are
    # a quarter of a face and a whole one, and reach them all.
    expected = {
        ("Helena", "Boise"): True,
        ("Austin", "Boise"): True,
        ("Salem", "Helena"): True,
        ("Boise", "Salem"): False,
    }
    town_of = {token: town for town, token in token.items()}
    pairs = {(town_of[p.token], town_of[p.guess]): p.neighbours for p in found.pairs}
    assert pairs == expected
    assert found.wrong == sum(pair.photos for pair in found.pairs) == 4
    assert found.neighbours.value == 0.75
    assert len(confusion(predictions, partition, limit=1).pairs) == 1


def test_the_commonest_confusion_comes_first(
    predictions: pl.DataFrame, partition: Partition
) -> None:
    found = confusion(pl.concat([predictions, predictions[4:5], predictions[4:5]]), partition)
    first = found.pairs[0]
    assert (first.token, first.photos) == (predictions["token"][4], 3)


def test_no_wrong_answer_is_no_confusion(predictions: pl.DataFrame, partition: Partition) -> None:
    right = predictions.filter(pl.col("rank") == 1)
    found = confusion(right, partition)
    nothing = {"value": None, "low": None, "high": None}
    assert plain(found) == {"wrong": 0, "neighbours": nothing, "pairs": []}
