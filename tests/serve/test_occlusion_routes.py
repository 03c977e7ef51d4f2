"""Occlusion maps as lines and as figures."""

import json
from typing import Any

import numpy as np
import pytest

GPS = (30.25, -97.75)


def lines_of(client: Any, path: str) -> list[dict[str, Any]]:
    with client.stream("GET", path) as result:
        assert result.status_code == 200
        assert result.headers["content-type"].startswith("application/x-ndjson")
        return [json.loads(line) for line in result.iter_lines()]


def test_the_occlusion_map_as_it_fills_in(client: Any, posted: Any, colored_photo: Any) -> None:
    answer = posted(colored_photo("Salem"))
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


def test_an_occlusion_map_that_cannot_be(client: Any, posted: Any, colored_photo: Any) -> None:
    answer = posted(colored_photo("Salem"))
    path = f"/api/photos/{answer['id']}/occlusion"
    assert client.get(path, params={"target": "truth"}).status_code == 422
    assert client.get(path, params={"target": "zz"}).status_code == 422
    assert client.get(path, params={"window": -1}).status_code == 422
    line = lines_of(client, f"{path}?window=99")[-1]
    assert line["finished"]
    assert "window is 99" in line["error"]
