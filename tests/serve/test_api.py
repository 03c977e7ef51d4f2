"""The application as a whole: its description, and the model behind it."""

from typing import Any

import pytest

from geoguess_cli.serve.service import Service

GPS = (30.25, -97.75)


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
    result = client.get("/api/model").json()
    assert result["limits"]["upload_bytes"] == service.limits.upload_bytes
    assert result["identity"]["cells"] == 4
    assert result["identity"]["fingerprint"] == service.predictor.identity()["fingerprint"]
    assert len(result["drop_colors"]) == 21
    ticks = {tick["drop"]: tick["at"] for tick in result["drop_ticks"]}
    assert (ticks[-1], ticks[0], ticks[1]) == pytest.approx((0, 0.5, 1))
    assert ticks[-0.1] < ticks[-0.01] < ticks[0.01] < ticks[0.1]
