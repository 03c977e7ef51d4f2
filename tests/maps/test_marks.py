import pytest
from figure_worlds import by_gid
from map_worlds import map_axes, projection, random_map
from matplotlib.colors import to_hex

from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.figures import probability_map_figure


@pytest.mark.parametrize("kind", ["states", "fiji", "pole", "faces"])
def test_the_red_dot_lies_on_the_truth(kind: str, request: pytest.FixtureRequest) -> None:
    partition: Partition = request.getfixturevalue(kind)
    where = partition.centroids[-1] * [0.98, 1.0]
    map_ = random_map(partition, truth=where.tolist())
    figure = probability_map_figure(map_)
    for gid, latlng in (("truth", where), ("estimate", map_.estimate)):
        (mark,) = by_gid(figure, gid)
        x, y = projection(map_.extent())(latlng[1], latlng[0])
        assert mark.get_xydata()[0] == pytest.approx([x, y], abs=1.0)
    (dot,) = by_gid(figure, "truth")
    red, green, blue = (int(to_hex(dot.get_markerfacecolor())[i : i + 2], 16) for i in (1, 3, 5))
    assert red > 200 > 100 > max(green, blue)
    (left, right), (bottom, top) = map_axes(figure).get_xlim(), map_axes(figure).get_ylim()
    x, y = dot.get_xydata()[0]
    assert left < x < right
    assert bottom < y < top
    (way,) = by_gid(figure, "way")
    ends = way.get_xydata()[[0, -1]]
    (start,) = by_gid(figure, "estimate")
    assert ends[0] == pytest.approx(start.get_xydata()[0], abs=1.0)
    assert ends[1] == pytest.approx([x, y], abs=1.0)


def test_without_truth_there_is_no_dot(states: Partition) -> None:
    assert not by_gid(probability_map_figure(random_map(states)), "truth")
