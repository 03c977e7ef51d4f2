"""What scans have found out about photos, kept on disk as they go.

A file holds one model and one way of looking: its first line says which, each further line is one
photo. Lines are only ever added, so that an interrupted scan loses the photo at hand and no other.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from jaxtyping import Float32

from geoguess_cli.files import write_text
from geoguess_cli.survey.spots import Answered, Box, Spot

FORMAT = 1


@dataclass(frozen=True, eq=False)
class ScannedPhoto(Answered):
    """A photo's answer, its spots, and the map that they were found in.

    Attributes:
        window_drops: Fall of the probability for each window, by its row and column.
    """

    window_drops: Float32[np.ndarray, "rows columns"]


class ScanStore:
    """A folder of scans, open for one model and one way of looking.

    Args:
        folder: Where the files lie; it is made if need be.
        key: What the scan is made with, as plain JSON.
    """

    def __init__(self, folder: Path, key: Mapping[str, Any]) -> None:
        header = json.dumps({"format": FORMAT, **key}, sort_keys=True)
        name = sha256(header.encode()).hexdigest()[:16]
        self.path = folder / f"{name}.jsonl"
        self.others = sorted(p for p in folder.glob("*.jsonl") if p != self.path)
        folder.mkdir(parents=True, exist_ok=True)
        self._photos = self._opened(header)
        self._file: IO[str] = self.path.open("a", encoding="utf-8")

    def __len__(self) -> int:
        return len(self._photos)

    def get(self, name: str) -> ScannedPhoto | None:
        """What is known of a photo; None if nothing is."""
        line = self._photos.get(name)
        return None if line is None else _photo(json.loads(line))

    def add(self, name: str, photo: ScannedPhoto) -> None:
        """Keep what was found out about a photo; it is on disk when this returns."""
        line = json.dumps({"photo": name, **_record(photo)})
        self._file.write(line + "\n")
        self._file.flush()
        self._photos[name] = line

    def __enter__(self) -> "ScanStore":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def _opened(self, header: str) -> dict[str, str]:
        """The photos of the file by name; what an interruption left of a line is cut out."""
        lines: list[str] = []
        if self.path.exists():
            *lines, _ = self.path.read_text(encoding="utf-8").split("\n")
        named = {name: line for line in lines[1:] if (name := _name(line)) is not None}
        text = "\n".join([header, *named.values()]) + "\n"
        if not self.path.exists() or self.path.stat().st_size != len(text.encode()):
            write_text(text, self.path)
        return named


def _name(line: str) -> str | None:
    """Which photo a line is of; None for half a line."""
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
