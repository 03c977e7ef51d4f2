"""Probability maps to download and to draw, and the map for pins."""

from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest

from geoguess_cli.maps.interactive.cells_page import cells_plane
from geoguess_cli.serve.service import Service

GPS = (30.25, -97.75)


@pytest.mark.parametrize(
    ("ending", "media", "starts"),
    [("map.geojson", "application/geo+json", b"{"), ("map.png", "image/png", b"\x89PNG")],
)
def test_maps_to_take_away(
    client: Any, posted: Any, colored_photo: Any, ending: str, media: str, starts: bytes
) -> None:
    answer = posted(colored_photo("Salem", gps=GPS), 'häuser; "x".jpg')
    result = client.get(f"/api/photos/{answer['id']}/{ending}")
    assert result.headers["content-type"].startswith(media)
    assert result.content.startswith(starts)
    disposition = result.headers["content-disposition"]
    assert disposition.startswith("attachment; filename*=UTF-8''")
    assert unquote(disposition.partition("''")[2]) == f'häuser; "x"-{ending}'
    assert disposition.isascii()
    assert '"' not in disposition


def test_the_geojson_is_that_of_the_map(client: Any, posted: Any, colored_photo: Any) -> None:
    answer = posted(colored_photo("Salem", gps=GPS))
    result = client.get(f"/api/photos/{answer['id']}/map.geojson").json()
    kinds = [one["properties"]["kind"] for one in result["features"]]
    assert kinds.count("cell") == 4
    assert kinds.count("truth") == 1


def test_the_map_of_the_page_holds_no_code(client: Any, posted: Any, colored_photo: Any) -> None:
    answer = posted(colored_photo("Salem", gps=GPS))
    path = f"/api/photos/{answer['id']}/map"
    result = client.get(path)
    assert "CustomJS" not in result.text
    record = result.json()
    assert record["item"]["root_id"]
    assert record["pin"] is None
    assert set(record["palettes"]) == {"light", "dark"}
    assert len(record["view"]["columns"]["cells"]["probability"]) == 4
    pinned = client.get(path, params={"latitude": GPS[0], "longitude": GPS[1]}).json()
    truth = pinned["view"]["columns"]["truth"]
    assert pinned["pin"] == pytest.approx([truth["x"][0], truth["y"][0]], abs=0.1)
    assert client.get(path, params={"latitude": 99, "longitude": 0}).status_code == 422


def test_a_point_of_the_pin_map_is_a_place(client: Any, service: Service) -> None:
    assert client.get("/api/pin-map").json()["item"]["root_id"]
    plane, _ = cells_plane(service.partition)
    x, y = plane.project(np.array([30.2672, -97.7431])).tolist()
    there = client.get("/api/pin-map/place", params={"x": x, "y": y}).json()
    assert (there["latitude"], there["longitude"]) == pytest.approx((30.2672, -97.7431))
    assert there["place"] == "Austin, Texas, US"
    for nowhere in ({"x": 0}, {"x": "east", "y": 0}, {"x": "nan", "y": 0}):
        assert client.get("/api/pin-map/place", params=nowhere).status_code == 422
