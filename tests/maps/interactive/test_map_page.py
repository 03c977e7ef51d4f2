import base64
import io
import json

import numpy as np
from map_worlds import content_of, map_of, random_map
from PIL import Image

from geoguess_cli.geo.partition import Partition
from geoguess_cli.maps.interactive.figures import item, map_figure
from geoguess_cli.maps.interactive.map_page import PICTURE_SIDE, map_page, map_view


def test_an_item_is_json_without_code(states: Partition) -> None:
    figure = map_figure(random_map(states, truth=(44.0, -100.0)))
    text = json.dumps(item(figure), allow_nan=False)
    assert json.loads(text)["version"]
    for word in ("CustomJS", "FuncTickFormatter", "http://", "https://"):
        assert word not in text


def test_a_page_is_small_and_carries_a_bounded_photo(states: Partition) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1500, 2000, 3), dtype=np.uint8)
    page = map_page([random_map(states)], [Image.fromarray(noise)])
    content = content_of(page)
    picture = content["views"][0]["picture"]
    with Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2]))) as image:
        assert image.size == (PICTURE_SIDE, PICTURE_SIDE * 3 // 4)
    assert len(page) - len(picture) < 1_900_000


def test_photos_of_one_neighbourhood_share_a_map(states: Partition) -> None:
    peaks = np.eye(len(states), dtype=np.float32)[:3]
    shown = [map_of(states, peak, photo=f"{n}.jpg") for n, peak in enumerate(peaks)]
    alone, all_three = map_page(shown[:1]), map_page(shown)
    content = content_of(all_three)
    assert [view["name"] for view in content["views"]] == ["0.jpg", "1.jpg", "2.jpg"]
    assert len(content["items"]) == 1 + max(view["map"] for view in content["views"])
    assert len(content["items"]) < 3
    assert len(all_three) < 1.25 * len(alone)


def test_a_view_says_how_sure_the_answer_is(faces: Partition) -> None:
    even = map_of(faces, np.full(6, 1 / 6, dtype=np.float32))
    assert "as uncertain as a choice among 6 equally likely cells" in map_view(even)["caption"][2]
    certain = map_of(faces, np.eye(6, dtype=np.float32)[2])
    assert "almost certain" in map_view(certain)["caption"][2]
    assert "does not know whether the photo is unlike" in map_view(certain)["caption"][3]
    view = map_view(random_map(faces, truth=(10.0, 10.0), top_k=3))
    assert [guess["rank"] for guess in view["rows"]] == [1, 2, 3]
    assert {fact["kind"] for fact in view["facts"]} >= {"estimate", "truth"}
