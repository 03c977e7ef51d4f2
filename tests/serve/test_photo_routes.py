"""Routes of photos, answers and scores."""

import io
from typing import Any

import pytest
from PIL import Image

GPS = (30.25, -97.75)


def test_a_photo_and_its_answer(client: Any, posted: Any, colored_photo: Any) -> None:
    answer = posted(colored_photo("Austin"), "trip to ü.jpg")
    assert answer["name"] == "trip to ü.jpg"
    assert "Texas" in answer["place"]
    assert answer["latitude"] == pytest.approx(30.2672)
    chances = [guess["probability"] for guess in answer["guesses"]]
    assert chances == sorted(chances, reverse=True)
    assert sum(chances) == pytest.approx(1, abs=1e-5)
    assert answer["truth"] is answer["score"] is answer["truth_from"] is None
    assert 0 < answer["expected_km"] <= answer["radius_90_km"] * 4
    assert client.get(f"/api/photos/{answer['id']}").json() == answer
    preview = client.get(f"/api/photos/{answer['id']}/preview.jpg")
    assert preview.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(preview.content)) as image:
        assert image.size == (answer["width"], answer["height"]) == (96, 64)


def test_a_photo_is_forgotten_when_asked(client: Any, posted: Any, colored_photo: Any) -> None:
    answer = posted(colored_photo("Austin"))
    path = f"/api/photos/{answer['id']}"
    assert client.delete(path).status_code == 204
    gone = client.get(path)
    assert gone.status_code == 404
    assert "add the photo again" in gone.json()["error"]
    assert client.delete(path).status_code == 204


def test_truth_and_scores(client: Any, posted: Any, colored_photo: Any) -> None:
    unknown = posted(colored_photo("Austin"))
    path = f"/api/photos/{unknown['id']}"
    place = {"latitude": 30.0, "longitude": -98.0}
    refused = client.post(f"{path}/score", json=place)
    assert refused.status_code == 422
    assert "not known" in refused.json()["error"]
    result = client.put(f"{path}/truth", json=place).json()
    assert result["truth"] == place
    assert result["truth_from"] == "person"
    assert result["score"]["geoscore"] < 5000
    scores = client.post(f"{path}/score", json=place).json()
    assert scores["person"]["geoscore"] == 5000
    assert scores["model"] == result["score"]
    assert scores["truth"] == place
    known = posted(colored_photo("Austin", gps=GPS))
    assert known["truth_from"] == "exif"
    assert known["truth"]["latitude"] == pytest.approx(GPS[0], abs=1e-4)
    assert known["score"]["distance_km"] < 5


@pytest.mark.parametrize(
    "place", [{"latitude": 99, "longitude": 0}, {"latitude": 1}, {"latitude": "x", "longitude": 0}]
)
def test_a_place_that_is_none(
    client: Any, posted: Any, colored_photo: Any, place: dict[str, Any]
) -> None:
    answer = posted(colored_photo("Austin"))
    result = client.put(f"/api/photos/{answer['id']}/truth", json=place)
    assert result.status_code == 422
    assert list(result.json()) == ["error"]
    assert "itude" in result.json()["error"]
