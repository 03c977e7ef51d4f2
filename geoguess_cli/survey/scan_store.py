"""The scans of photos on disk, so that an interrupted survey can go on.

A file belongs to one model and one plan, which its first line names. Each further line is one
photo. Lines are only appended, so an interruption loses at most the photo that is being scanned.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import numpy as np
from jaxtyping import Float32

from geoguess_cli.files import make_folder, write_text, writing
from geoguess_cli.names import WRITABLE
from geoguess_cli.survey.spots import Answered, Box, Spot

FORMAT = 1


@dataclass(frozen=True, eq=False)
class ScannedPhoto(Answered):
    """The answer to a photo, its occlusion map, and the spots of this map.

    Attributes:
        window_drops: Drop of the probability under each window, by the window's row and column.
    """

    window_drops: Float32[np.ndarray, "rows columns"]


class ScanStore:
    """The scans in a folder that belong to one model and one plan.

    Args:
        folder: The folder of the files; it is made if need be.
        key: The model and the plan, as plain JSON.
    """

    def __init__(self, folder: Path, key: Mapping[str, Any]) -> None:
        header = json.dumps({"format": FORMAT, **key}, sort_keys=True)
        name = sha256(header.encode()).hexdigest()[:16]
        self.path = folder / f"{name}.jsonl"
        self.others = sorted(p for p in folder.glob("*.jsonl") if p != self.path)
        make_folder(folder)
        self._photos = self._open(header)
        with writing(self.path):
            self._file: IO[str] = self.path.open("a", encoding="utf-8", errors=WRITABLE)

    def __len__(self) -> int:
        return len(self._photos)

    def __contains__(self, name: object) -> bool:
        return name in self._photos

    def __iter__(self) -> Iterator[str]:
        return iter(self._photos)

    def get(self, name: str) -> ScannedPhoto | None:
        """The scan of a photo by its name; None if the store lacks it."""
        line = self._photos.get(name)
        return None if line is None else _photo(json.loads(line))

    def add(self, name: str, photo: ScannedPhoto) -> None:
        """Add the scan of a photo; it is on disk when this returns."""
        line = json.dumps({"photo": name, **_record(photo)})
        with writing(self.path):
            self._file.write(line + "\n")
            self._file.flush()
        self._photos[name] = line

    def __enter__(self) -> "ScanStore":
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def _open(self, header: str) -> dict[str, str]:
        """The lines of the file by the name of their photo; broken lines are removed."""
        earlier = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        lines = earlier.split("\n")[1:-1]
        photos = {name: line for line in lines if (name := _name(line)) is not None}
        text = "\n".join([header, *photos.values()]) + "\n"
        if text != earlier:
            write_text(text, self.path)
        return photos


def _name(line: str) -> str | None:
    """The name of the photo of a line; None if the line is broken."""
    try:
        return str(json.loads(line)["photo"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return None


def _record(photo: ScannedPhoto) -> dict[str, Any]:
    drops = photo.window_drops.astype("<f4")
    return {
        "cell_index": photo.cell_index,
        "probability": photo.probability,
        "shape": list(drops.shape),
        "window_drops": base64.b64encode(drops.tobytes()).decode(),
        "spots": [asdict(spot) for spot in photo.spots],
    }


def _photo(record: Mapping[str, Any]) -> ScannedPhoto:
    drops = np.frombuffer(base64.b64decode(record["window_drops"]), dtype="<f4")
    return ScannedPhoto(
        cell_index=record["cell_index"],
        probability=record["probability"],
        spots=tuple(Spot(**{**spot, "box": Box(**spot["box"])}) for spot in record["spots"]),
        window_drops=drops.reshape(record["shape"]).astype(np.float32),
    )
