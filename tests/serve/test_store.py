"""The store of photos: limited, oldest first out, safe to forget twice."""

from typing import Any

import pytest

from geoguess_cli.errors import MissingFileError
from geoguess_cli.serve.store import PhotoStore


class NamedPhoto:
    """As much of a photo as the store looks at."""

    def __init__(self, photo_id: str) -> None:
        self.id = photo_id


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A store of two photos; shapes are not checked, so that a photo may be a stand-in."""
    add = getattr(PhotoStore.add, "__wrapped__", PhotoStore.add)
    get = getattr(PhotoStore.get, "__wrapped__", PhotoStore.get)
    monkeypatch.setattr(PhotoStore, "add", add)
    monkeypatch.setattr(PhotoStore, "get", get)
    return PhotoStore(2)


def test_the_oldest_photo_goes_first(store: Any) -> None:
    photos = [NamedPhoto(name) for name in "abc"]
    for photo in photos:
        store.add(photo)
    assert len(store) == 2
    assert "a" not in store
    assert [store.get(name) for name in "bc"] == photos[1:]


def test_an_unknown_photo_is_an_error_to_get_and_none_to_forget(store: Any) -> None:
    store.add(NamedPhoto("a"))
    store.forget("b")
    store.forget("a")
    with pytest.raises(MissingFileError, match="keeps the last 2 in memory only; add the photo"):
        store.get("a")
    store.add(NamedPhoto("c"))
    store.clear()
    assert len(store) == 0
