"""The HTTP API: what it says of photos, and one sentence for whatever it does not do."""

import io
import json
import re
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from geoguess_cli.maps.interactive.cells_page import cells_plane
from geoguess_cli.serve.service import Service

GPS = (30.25, -97.75)


def posted(client: Any, content: bytes, name: str = "a.jpg") -> dict[str, Any]:
    told = client.post("/api/photos", params={"name": name}, content=content)
    assert told.status_code == 201, told.text
    return dict(told.json())


def lines_of(client: Any, path: str) -> list[dict[str, Any]]:
    with client.stream("GET", path) as told:
        assert told.status_code == 200
        assert told.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in told.iter_lines()]


def test_a_photo_and_its_answer(client: Any, colored_photo: Any) -> None:
    answer = posted(client, colored_photo("Austin"), "trip to ü.jpg")
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


def test_a_photo_is_forgotten_when_asked(client: Any, colored_photo: Any) -> None:
    answer = posted(client, colored_photo("Austin"))
    path = f"/api/photos/{answer['id']}"
    assert client.delete(path).status_code == 204
    gone = client.get(path)
    assert gone.status_code == 404
    assert "add the photo again" in gone.json()["error"]
    assert client.delete(path).status_code == 204


def test_truth_and_scores(client: Any, colored_photo: Any) -> None:
    unknown = posted(client, colored_photo("Austin"))
    path = f"/api/photos/{unknown['id']}"
    place = {"latitude": 30.0, "longitude": -98.0}
    refused = client.post(f"{path}/score", json=place)
    assert refused.status_code == 422
    assert "not known" in refused.json()["error"]
    told = client.put(f"{path}/truth", json=place).json()
    assert told["truth"] == place
    assert told["truth_from"] == "person"
    assert told["score"]["geoscore"] < 5000
    scores = client.post(f"{path}/score", json=place).json()
    assert scores["person"]["geoscore"] == 5000
    assert scores["model"] == told["score"]
    assert scores["truth"] == place
    known = posted(client, colored_photo("Austin", gps=GPS))
    assert known["truth_from"] == "exif"
    assert known["truth"]["latitude"] == pytest.approx(GPS[0], abs=1e-4)
    assert known["score"]["distance_km"] < 5


@pytest.mark.parametrize(
    "place", [{"latitude": 99, "longitude": 0}, {"latitude": 1}, {"latitude": "x", "longitude": 0}]
)
def test_a_place_that_is_none(client: Any, colored_photo: Any, place: dict[str, Any]) -> None:
    answer = posted(client, colored_photo("Austin"))
    told = client.put(f"/api/photos/{answer['id']}/truth", json=place)
    assert told.status_code == 422
    assert list(told.json()) == ["error"]
    assert "itude" in told.json()["error"]


def test_the_occlusion_map_as_it_fills_in(client: Any, colored_photo: Any) -> None:
    answer = posted(client, colored_photo("Salem"))
    path = f"/api/photos/{answer['id']}"
    assert client.get(f"{path}/occlusion.png").status_code == 404
    lines = lines_of(client, f"{path}/occlusion?window=8&stride=4")
    done = [line["done"] for line in lines]
    assert done == sorted(done)
    assert done[-1] == lines[-1]["windows"] == 49
    assert [line["finished"] for line in lines] == [False] * (len(lines) - 1) + [True]
    last = lines[-1]
    assert np.isfinite(np.array(last["drops"], dtype=float)).all()
    assert last["token"] == answer["guesses"][0]["token"]
    assert last["probability"] == pytest.approx(answer["guesses"][0]["probability"], abs=1e-6)
    assert last["overlay"].startswith("data:image/png;base64,")
    figure = client.get(f"{path}/occlusion.png")
    assert figure.content.startswith(b"\x89PNG")
    other = lines_of(client, f"{path}/occlusion?target={answer['guesses'][1]['token']}")
    assert other[-1]["token"] == answer["guesses"][1]["token"]


def test_an_occlusion_map_that_cannot_be(client: Any, colored_photo: Any) -> None:
    answer = posted(client, colored_photo("Salem"))
    path = f"/api/photos/{answer['id']}/occlusion"
    assert client.get(path, params={"target": "truth"}).status_code == 422
    assert client.get(path, params={"target": "zz"}).status_code == 422
    assert client.get(path, params={"window": -1}).status_code == 422
    line = lines_of(client, f"{path}?window=99")[-1]
    assert line["finished"]
    assert "window is 99" in line["error"]


@pytest.mark.parametrize(
    ("ending", "media", "starts"),
    [("map.geojson", "application/geo+json", b"{"), ("map.png", "image/png", b"\x89PNG")],
)
def test_maps_to_take_away(
    client: Any, colored_photo: Any, ending: str, media: str, starts: bytes
) -> None:
    answer = posted(client, colored_photo("Salem", gps=GPS), 'häuser; "x".jpg')
    told = client.get(f"/api/photos/{answer['id']}/{ending}")
    assert told.headers["content-type"].startswith(media)
    assert told.content.startswith(starts)
    disposition = told.headers["content-disposition"]
    assert disposition.startswith("attachment; filename*=UTF-8''")
    assert unquote(disposition.partition("''")[2]) == f'häuser; "x"-{ending}'
    assert disposition.isascii()
    assert '"' not in disposition


def test_the_geojson_is_that_of_the_map(client: Any, colored_photo: Any) -> None:
    answer = posted(client, colored_photo("Salem", gps=GPS))
    told = client.get(f"/api/photos/{answer['id']}/map.geojson").json()
    kinds = [one["properties"]["kind"] for one in told["features"]]
    assert kinds.count("cell") == 4
    assert kinds.count("truth") == 1


def test_the_map_of_the_page_holds_no_code(client: Any, colored_photo: Any) -> None:
    answer = posted(client, colored_photo("Salem", gps=GPS))
    path = f"/api/photos/{answer['id']}/map"
    told = client.get(path)
    assert "CustomJS" not in told.text
    record = told.json()
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


def test_what_is_no_photo_gets_a_sentence(client: Any, colored_photo: Any) -> None:
    bomb = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(bomb, "PNG")
    for content in (
        b"text",
        b"",
        bomb.getvalue(),
        colored_photo("Salem", size=(400, 400))[:-400],
        b"GIF89a" + bytes(40),
        b"\x89PNG\r\n\x1a\n" + bytes(99),
        b"II*\x00" + bytes(range(256)),
    ):
        told = client.post("/api/photos", content=content)
        assert told.status_code == 422, content[:20]
        assert list(told.json()) == ["error"]


def test_a_file_that_is_too_large(client: Any) -> None:
    declared = client.post("/api/photos", content=bytes(150_000))
    assert declared.status_code == 413
    assert declared.json() == {
        "error": "the file has 150 kB; the limit is 100 kB; send a smaller file"
    }

    def chunks() -> Any:
        for _ in range(15):
            yield bytes(10_000)

    streamed = client.post("/api/photos", content=chunks())
    assert streamed.status_code == 413
    assert streamed.json() == {
        "error": "the file is too large; the limit is 100 kB; send a smaller file"
    }
    small = client.put("/api/photos/x/truth", content=bytes(20_000))
    assert small.status_code == 413


def test_a_busy_server_says_when_to_come_back(
    client: Any, service: Service, colored_photo: Any
) -> None:
    with service.admitted(), service.admitted():
        told = client.post("/api/photos", content=colored_photo("Salem"))
    assert told.status_code == 503
    assert told.headers["retry-after"] == "2"
    assert "try again" in told.json()["error"]
    posted(client, colored_photo("Salem"))


def test_what_is_not_there(client: Any) -> None:
    for method, path, status in (
        ("GET", "/nowhere", 404),
        ("GET", "/static/../api.py", 404),
        ("GET", "/static/%2e%2e/api.py", 404),
        ("GET", "/static/index.html", 404),
        ("GET", "/bokeh/1/bokeh.min.js", 404),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("PATCH", "/api/model", 405),
        ("GET", "/api/photos", 405),
    ):
        told = client.request(method, path)
        assert told.status_code == status, path
        assert list(told.json()) == ["error"]


def test_the_api_documents_itself(client: Any) -> None:
    document = client.get("/openapi.json").json()
    paths = document["paths"]
    assert {"/api/model", "/api/photos", "/api/photos/{id}/occlusion"} <= set(paths)
    for path, methods in paths.items():
        assert path.startswith("/api/"), path
        for operation in methods.values():
            assert operation["summary"]
            assert "413" in operation["responses"]
            content = operation["responses"]["422"]["content"]["application/json"]
            assert content["schema"]["$ref"].endswith("/Problem")
    body = paths["/api/photos"]["post"]["requestBody"]["content"]
    assert body == {"image/*": {"schema": {"type": "string", "format": "binary"}}}


def test_the_model_tells_its_limits(client: Any, service: Service) -> None:
    told = client.get("/api/model").json()
    assert told["limits"]["upload_bytes"] == service.limits.upload_bytes
    assert told["identity"]["cells"] == 4
    assert told["identity"]["fingerprint"] == service.predictor.identity()["fingerprint"]
    assert len(told["drop_colors"]) == 21
    ticks = {tick["drop"]: tick["at"] for tick in told["drop_ticks"]}
    assert (ticks[-1], ticks[0], ticks[1]) == pytest.approx((0, 0.5, 1))
    assert ticks[-0.1] < ticks[-0.01] < ticks[0.01] < ticks[0.1]


def test_the_page_and_all_it_loads(client: Any) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "{{" not in page.text
    links = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert any(link.endswith("/bokeh.min.js") for link in links)
    for link in links:
        assert client.get(link).status_code == 200, link
    assert not re.findall(r'(?:src|href)="(?!/)', page.text)
    nonces = [re.search(r'style-nonce" content="([^"]+)', client.get("/").text) for _ in range(2)]
    assert nonces[0] is not None
    assert nonces[1] is not None
    assert nonces[0][1] != nonces[1][1]
