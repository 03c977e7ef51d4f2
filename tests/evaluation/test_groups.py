"""Groups judged as photos: their places, and the report against one made by hand."""

import numpy as np
import pytest

from geoguess_cli.errors import PhotoTableError
from geoguess_cli.evaluation.evaluation import evaluate
from geoguess_cli.evaluation.groups import by_group, group_table
from geoguess_cli.geo.cut_partition import cut_partition
from geoguess_cli.geo.regions import find_region
from geoguess_cli.inference.groups import groups_by


def test_the_place_of_a_group_is_that_of_its_middle_photo(table_of) -> None:
    places = [(10, 0), (12, 0), (13, 0), (-5, 179), (-5, -178.9), (-5, 180)]
    table = table_of(places, sequence=["a", "a", "a", "b", "b", "b"], split=["val"] * 6)
    middle = group_table(table, groups_by(table, "sequence"))
    assert middle.latlng.tolist() == [[12, 0], [-5, 180]]
    assert middle.frame["photo"].to_list() == ["a", "b"]
    assert middle.frame["sequence"].to_list() == ["a", "b"]


@pytest.mark.parametrize("redundancy", [0.0, 1.0])
def test_groups_count_as_photos(predictor_of, table_of, logits, places, redundancy: float) -> None:
    sequences = ["a", "a", "b", "c", "c", None]
    table = table_of(places, split=["test"] * 6, sequence=sequences)
    own = by_group(predictor_of(logits), table, "sequence", redundancy=redundancy)
    predictor, groups, grouped = own
    evaluation = evaluate(predictor, groups, grouped=grouped, batch_size=2)
    numbers = [np.array([0, 1]), np.array([2]), np.array([3, 4]), np.array([5])]
    by_hand = np.stack([logits[rows].sum(axis=0) * len(rows) ** -redundancy for rows in numbers])
    plain = table_of(
        groups.latlng.tolist(), split=["test"] * 4, sequence=groups.frame["sequence"].to_list()
    )
    expected = evaluate(predictor_of(by_hand), plain)
    assert evaluation.predictions["photo"].to_list() == ["a", "b", "c", "5.jpg"]
    for name in ("rank", "token", "top_tokens", "estimate_latitude", "in_90"):
        assert evaluation.predictions[name].equals(expected.predictions[name]), name
    np.testing.assert_allclose(
        evaluation.predictions["confidence"], expected.predictions["confidence"], rtol=1e-5
    )
    report = evaluation.report
    assert (report.grouped.by, report.grouped.photos) == ("sequence", 6)
    assert report.grouped.redundancy == redundancy
    assert report.counts.photos == 4
    assert expected.report.grouped is None


def test_only_photos_in_the_region_form_groups(
    predictor_of, table_of, logits, places, partition
) -> None:
    predictor = predictor_of(logits)
    predictor.partition = cut_partition(partition, find_region("-125,41,-105,49"))
    table = table_of(places, split=["test"] * 6, sequence=["a", "a", "a", "b", "b", "b"])
    _, groups, grouped = by_group(predictor, table, "sequence", redundancy=0.0)
    assert grouped.photos == 4
    assert predictor.partition.region.holds(groups.latlng).all()
    with pytest.raises(PhotoTableError, match="no value in a column `street`"):
        by_group(predictor, table, "street", redundancy=0.0)
