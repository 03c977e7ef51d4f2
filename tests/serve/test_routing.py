"""Downloads named after their photo."""

from types import SimpleNamespace

import pytest

from geoguess_cli.serve import routing

download = getattr(routing.download, "__wrapped__", routing.download)


@pytest.mark.parametrize(
    ("name", "file"),
    [("a.b.jpg", "a.b-map.png"), ("photo", "photo-map.png"), ("ü.jpg", "%C3%BC-map.png")],
)
def test_a_download_is_named_after_its_photo(name: str, file: str) -> None:
    response = download(b"x", SimpleNamespace(name=name), "map.png")
    assert response.media_type == "image/png"
    disposition = response.headers["content-disposition"]
    assert disposition == f"attachment; filename*=UTF-8''{file}"


def test_the_description_of_a_file_names_its_media_type() -> None:
    assert routing.media_response("html") == {200: {"content": {"text/html": {}}}}
