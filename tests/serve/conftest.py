"""A service over the model of colours, and a client that speaks to its API without a socket."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra `serve`")

from geoguess_cli.serve.service import Limits, Service

HOME = "http://127.0.0.1:8000"


@pytest.fixture
def service(color_predictor: Any) -> Iterator[Service]:
    """A fresh service that takes 100 kB, keeps three photos, and has room for two on their way."""
    limits = Limits(upload_bytes=100_000, pixels=1_000_000, photos=3, uploads=2, explanations=2)
    with Service(color_predictor, limits) as made:
        yield made


@pytest.fixture
def client(service: Service) -> Iterator[Any]:
    """Asks the API of the service."""
    from fastapi.testclient import TestClient

    from geoguess_cli.serve.api import create_app

    with TestClient(create_app(service), base_url=HOME) as made:
        yield made


@pytest.fixture
def posted(client: Any) -> Any:
    """Sends a photo to the API and gives its record: `posted(content, name)`."""

    def post(content: bytes, name: str = "a.jpg") -> dict[str, Any]:
        response = client.post("/api/photos", params={"name": name}, content=content)
        assert response.status_code == 201, response.text
        return dict(response.json())

    return post
