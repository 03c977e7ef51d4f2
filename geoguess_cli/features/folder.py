"""The folder of all stores, `artifacts/features`: open the one of an encoder, list, prune."""

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from geoguess_cli.choices import FeatureType
from geoguess_cli.errors import FeatureError
from geoguess_cli.features.store import ABOUT_NAME, FeatureStore
from geoguess_cli.features.view import PLAIN, View

if TYPE_CHECKING:  # it loads torch, and a folder is listed without
    from geoguess_cli.features.encoder import Encoder

DAY_S = 86_400.0


class FeatureFolder:
    """The stores in a folder, one for each encoder, view and number type.

    Args:
        path: The folder; it need not exist.
        dtype: Number type of the features of new stores.
    """

    def __init__(self, path: Path, dtype: FeatureType) -> None:
        self.path, self.dtype = path, dtype

    def store(self, encoder: "Encoder", view: View = PLAIN) -> FeatureStore:
        """The store of an encoder and a view; it is made if it does not exist."""
        name = encoder.store_name(view, self.dtype)
        return FeatureStore.create(self.path / name, encoder.about(view, self.dtype))


def stores_in(path: Path) -> list[FeatureStore]:
    """The stores of a folder that can be read, those used last first."""
    stores = []
    for folder in sorted(path.iterdir()) if path.is_dir() else ():
        if (folder / ABOUT_NAME).is_file():
            try:
                stores.append(FeatureStore.open(folder))
            except FeatureError:
                continue
    return sorted(stores, key=lambda store: -store.used)


def prune(path: Path, *, unused_days: float, now: float | None = None) -> list[tuple[Path, int]]:
    """Delete the stores that were not used for some days.

    A folder that no version of geoguess reads counts by the time of its last change.

    Args:
        path: The folder of all stores.
        unused_days: A store that was used within this number of days stays; 0 deletes all.
        now: The time in seconds since 1970 (default: the clock's).

    Returns:
        Each folder that was deleted, and its size in bytes.
    """
    limit = (time.time() if now is None else now) - unused_days * DAY_S
    deleted = []
    for folder in sorted(path.iterdir()) if path.is_dir() else ():
        about = folder / ABOUT_NAME
        if about.is_file() and about.stat().st_mtime <= limit:
            size = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
            shutil.rmtree(folder)
            deleted.append((folder, size))
    return deleted
