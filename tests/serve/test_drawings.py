"""Maps of a served photo as bytes and records."""

import json
from typing import Any

import numpy as np
import pytest

from geoguess_cli.errors import MissingFileError
from geoguess_cli.serve import drawings
from geoguess_cli.serve.service import OcclusionJob


@pytest.fixture
def photo(service: Any, colored_photo: Any) -> Any:
    return service.submit(colored_photo("Salem"), "salem.jpg").result(20)


def test_maps_are_files_of_their_kind(photo: Any) -> None:
    assert drawings.map_png(photo).startswith(b"\x89PNG")
    assert drawings.map_html(photo).lstrip().startswith(b"<!")
    kinds = [
        one["properties"]["kind"] for one in json.loads(drawings.map_geojson(photo))["features"]
    ]
    assert kinds.count("cell") == 4


def test_an_occlusion_figure_needs_a_complete_map(service: Any, photo: Any) -> None:
    with pytest.raises(MissingFileError, match="is complete yet"):
        drawings.occlusion_png(photo, service)


def test_progress_counts_windows_and_leaves_gaps(service: Any, photo: Any) -> None:
    waiting = drawings.progress(OcclusionJob("54"))
    assert (waiting.done, waiting.windows, waiting.finished) == (0, 0, False)
    job = service.explain(photo, window=8, stride=8)
    job.future.result(20)
    progress = drawings.progress(job)
    assert progress.finished
    assert progress.done == progress.windows == 16
    assert np.shape(progress.drops) == (4, 4)
    assert progress.overlay.startswith("data:image/png;base64,")
    job.latest.window_drops[0, 0] = np.nan
    assert drawings.progress(job).drops[0][0] is None


def test_the_scale_of_drops_is_symmetric() -> None:
    ticks = drawings.drop_ticks()
    positions = [tick.at for tick in ticks]
    assert positions == sorted(positions)
    assert [a + b for a, b in zip(positions, positions[::-1], strict=True)] == pytest.approx(
        [1] * 7
    )
    colors = drawings.drop_colors()
    assert len(colors) == drawings.COLORS
    assert all(len(color) == 7 for color in colors)
