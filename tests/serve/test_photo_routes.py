"""Routes of photos, answers and scores."""

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from geoguess_cli.inference.predictor import Predictor
from geoguess_cli.model.memory import Memory
from geoguess_cli.serve.api import create_app
from geoguess_cli.serve.records import photo_record
from geoguess_cli.serve.service import Service
from geoguess_cli.sources.originals import Originals

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


def test_training_photos_are_shown_where_they_are(
    color_predictor: Any, colored_photo: Any, tmp_path: Path
) -> None:
    """One is on this machine and one is not; without a memory there are none."""
    (tmp_path / "a.jpg").write_bytes(colored_photo("Austin", size=(960, 640)))
    frame = pl.DataFrame(
        {
            "photo": ["a.jpg", "gone.jpg"],
            "latitude": [30.27, 46.59],
            "longitude": [-97.74, -112.04],
            "creator": ["Ann", None],
            "license": ["CC BY 4.0", None],
        }
    )
    memory = Memory.of(np.array([[0.1, 0.8, 0.1], [0.9, 0.1, 0.1]]), frame)
    trained = dataclasses.replace(color_predictor.trained, memory=memory)
    carrying = Predictor(trained, device="cpu", precision="fp32")
    with (
        Service(carrying, originals=Originals(tmp_path)) as service,
        TestClient(create_app(service), base_url="http://127.0.0.1:8000") as client,
    ):
        sent = client.post("/api/photos", content=colored_photo("Austin")).json()
        first, second = sent["neighbours"]
        assert (first["name"], first["creator"], first["license"]) == ("a.jpg", "Ann", "CC BY 4.0")
        assert "Texas" in first["place"]
        assert first["similarity"] == pytest.approx(1, abs=1e-2)
        assert (second["picture"], second["creator"]) == (None, "")
        picture = client.get(first["picture"])
        assert picture.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(picture.content)) as image:
            assert image.size == (320, 213)
        for rank, status in (("2", 404), ("9", 404), ("0", 422)):
            asked = client.get(f"/api/photos/{sent['id']}/neighbours/{rank}.jpg")
            assert asked.status_code == status, asked.text
    with Service(carrying) as service:  # nobody said where the training photos are
        photo = service.submit(colored_photo("Austin"), "a.jpg").result()
        assert [one.picture for one in photo_record(service, photo).neighbours] == [None, None]


def test_a_model_without_a_memory_names_no_training_photo(posted: Any, colored_photo: Any) -> None:
    answer = posted(colored_photo("Austin"))
    assert answer["neighbours"] == []
    assert "`geoguess calibrate --memory` adds it" in answer["resembles"]
    assert "`geoguess calibrate` adds them" in answer["likeness"]
