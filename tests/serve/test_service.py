"""A served session without HTTP: answers, photos kept and forgotten, scores, occlusion maps."""

import io
import math
import os
import sys
import tempfile
import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest
from gates import WAIT_SECONDS as WAIT
from gates import Gate, until
from PIL import Image

from geoguess_cli.errors import (
    BusyError,
    CellError,
    ConfigError,
    CoordinateError,
    MissingFileError,
    PhotoError,
)
from geoguess_cli.serve.service import Limits, OcclusionJob, Service, plain_name

HELENA, AUSTIN = np.array([46.5891, -112.0391]), np.array([30.2672, -97.7431])


def answered(service: Service, content: bytes, name: str = "a.jpg") -> Any:
    return service.submit(content, name).result(WAIT)


def whole(job: OcclusionJob) -> OcclusionJob:
    assert job.future is not None
    job.future.result(WAIT)
    assert job.finished
    return job


def test_a_photo_is_answered_as_the_predictor_would(
    service: Service, colored_photo: Any, tmp_path: Any
) -> None:
    content = colored_photo("Austin")
    photo = answered(service, content, "C:\\trip\\austin.jpg")
    assert photo.name == "austin.jpg"
    path = tmp_path / "austin.jpg"
    path.write_bytes(content)
    (answer,) = service.predictor.predict([path])
    assert np.array_equal(photo.map.probabilities, answer.probabilities)
    assert photo.map.estimate == pytest.approx(AUSTIN, abs=1e-6)
    assert photo.map.truth is None
    assert photo.truth_from is None


def test_what_is_kept_is_small_upright_and_tells_nothing_of_its_maker(service: Service) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying on its side
    exif[0x010F] = "A camera"
    file = io.BytesIO()
    Image.effect_noise((1600, 400), 50).convert("RGB").save(file, "JPEG", exif=exif, quality=20)
    photo = answered(service, file.getvalue())
    assert (photo.width, photo.height) == (320, 1280)
    with Image.open(io.BytesIO(photo.preview)) as preview:
        assert preview.size == (320, 1280)
        assert not preview.getexif()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"no picture at all", "not a picture"),
        (b"", "is an empty file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
    ],
)
def test_what_is_no_photo_is_refused(service: Service, content: bytes, says: str) -> None:
    with pytest.raises(PhotoError, match=says):
        answered(service, content)
    assert len(service.photos) == 0


def test_a_truncated_photo_is_refused(service: Service, colored_photo: Any) -> None:
    with pytest.raises(PhotoError, match="cannot be decoded"):
        answered(service, colored_photo("Salem", size=(400, 400))[:-500])


@pytest.mark.parametrize("side", [3_000, 20_000])  # above the limit here, above Pillow's own
@pytest.mark.promise("input", "`serve`: a picture that grows past `max_pixels`")
def test_a_decompression_bomb_is_refused_before_it_takes_memory(
    service: Service, side: int
) -> None:
    file = io.BytesIO()
    Image.new("1", (side, side)).save(file, "PNG")
    assert len(file.getvalue()) < 100_000
    tracemalloc.start()
    with pytest.raises(PhotoError, match="at most 1 million are opened"):
        answered(service, file.getvalue())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000


def test_the_oldest_photo_is_forgotten_first(service: Service, colored_photo: Any) -> None:
    kept = [answered(service, colored_photo("Boise"), f"{n}.jpg") for n in range(4)]
    assert len(service.photos) == 3
    with pytest.raises(MissingFileError, match="last 3 in memory"):
        service.photos.get(kept[0].id)
    assert service.photos.get(kept[1].id) is kept[1]
    service.photos.forget(kept[1].id)
    service.photos.forget(kept[1].id)
    with pytest.raises(MissingFileError):
        service.photos.get(kept[1].id)
    assert len({photo.id for photo in kept}) == 4
    assert min(len(photo.id) for photo in kept) >= 20


def test_nothing_is_written_to_disk(service: Service, colored_photo: Any) -> None:
    from geoguess_cli.serve import drawings

    photo = answered(service, colored_photo("Salem"))  # what is loaded late is loaded now
    drawings.map_png(photo)
    written: list[Any] = []

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        if not watching.is_set():
            return
        if event == "open":
            path, mode, flags = arguments
            writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            if writes or set(mode or "") & set("wax+"):
                written.append(path)
        elif event.startswith("tempfile.") or event in ("os.rename", "os.mkdir"):
            written.append((event, arguments))

    watching = threading.Event()
    sys.addaudithook(listen)
    watching.set()
    photo = answered(service, colored_photo("Salem", gps=(45.0, -123.0), size=(900, 700)))
    drawings.map_png(photo)
    drawings.map_geojson(photo)
    whole(service.explain(photo))
    drawings.occlusion_png(photo, service)
    assert written == []
    with tempfile.TemporaryFile():
        assert written  # the hook hears a file that is written
    watching.clear()


def test_places_on_their_way_are_bounded(service: Service) -> None:
    with (
        service.admitted(),
        service.admitted(),
        pytest.raises(BusyError, match="2 other photos"),
        service.admitted(),
    ):
        raise AssertionError("a third was let in")
    with service.admitted():
        pass


def test_truth_comes_from_exif_or_a_person_and_scores_both(
    service: Service, colored_photo: Any
) -> None:
    photo = answered(service, colored_photo("Helena", gps=tuple(AUSTIN)))
    assert photo.truth_from == "exif"
    assert photo.map.truth == pytest.approx(AUSTIN, abs=1e-4)
    # Helena to Austin by the haversine formula, on its own.
    a, b = np.radians(HELENA), np.radians(AUSTIN)
    half = np.sin((b - a) / 2) ** 2 @ [1, math.cos(a[0]) * math.cos(b[0])]
    away = 2 * 6371.0088 * math.asin(math.sqrt(half))
    score = service.score(photo, HELENA)
    assert score.distance_km == pytest.approx(away, abs=0.1)
    assert score.geoscore == pytest.approx(5000 * math.exp(-away / 1492.7), abs=0.5)
    service.set_truth(photo, HELENA)
    assert photo.truth_from == "person"
    assert service.score(photo, HELENA).geoscore == 5000
    with pytest.raises(CoordinateError):
        service.set_truth(photo, np.array([91.0, 0.0]))
    with pytest.raises(CoordinateError):
        service.score(photo, np.array([0.0, 999.0]))


def test_without_truth_there_is_no_score(service: Service, colored_photo: Any) -> None:
    photo = answered(service, colored_photo("Helena"))
    with pytest.raises(CoordinateError, match="not known"):
        service.score(photo, HELENA)
    with pytest.raises(CoordinateError, match="not known"):
        service.explain(photo, "truth")


def test_an_occlusion_map_finds_the_part_that_decides(service: Service) -> None:
    # Grey but for one red corner: covering the corner takes Helena's probability away.
    picture = Image.new("RGB", (64, 64), (128, 128, 128))
    picture.paste((255, 0, 0), (0, 0, 32, 32))
    file = io.BytesIO()
    picture.save(file, "PNG")
    photo = answered(service, file.getvalue())
    helena = service.partition.tokens[int(service.partition.assign(HELENA[None])[0])]
    job = whole(service.explain(photo, helena, window=8, stride=8))
    made = job.latest
    assert made is not None
    assert made.done == made.total == 16
    drops = made.window_drops
    assert drops[:2, :2].min() > 0 > drops[2:, 2:].max()
    assert photo.occlusion == (helena, made)
    assert job.error is None


def test_the_window_is_chosen_or_refused(service: Service, colored_photo: Any) -> None:
    photo = answered(service, colored_photo("Helena"))
    made = whole(service.explain(photo)).latest
    assert made is not None
    assert (made.window, made.stride) == (8, 2)
    refused = whole(service.explain(photo, window=33))
    assert isinstance(refused.error, ConfigError)
    with pytest.raises(CellError):
        service.explain(photo, "4c")
    service.set_truth(photo, np.array([0.0, -150.0]))
    with pytest.raises(CellError, match="no cell"):
        service.explain(photo, "truth")


@pytest.mark.parametrize("how", ["cancelled", "forgotten"])
def test_an_occlusion_map_that_nobody_wants_frees_the_worker(
    service: Service, colored_photo: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    photo = answered(service, colored_photo("Helena"))
    gate = Gate(service, monkeypatch)
    job = service.explain(photo, window=4, stride=1)
    gate.let(1)
    until(lambda: job.latest is not None)
    if how == "cancelled":
        job.cancel()
    else:
        service.photos.forget(photo.id)
    gate.open()
    whole(job)
    assert gate.passed <= 2
    assert job.latest.done < job.latest.total
    assert isinstance(job.error, MissingFileError) is (how == "forgotten")
    assert photo.occlusion is None


def test_a_photo_need_not_wait_for_an_occlusion_map(
    service: Service, colored_photo: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = answered(service, colored_photo("Helena"))
    gate = Gate(service, monkeypatch)
    job = service.explain(photo, window=4, stride=1)
    gate.let(1)
    until(lambda: job.latest is not None)
    other = service.submit(colored_photo("Boise"), "b.jpg")
    gate.let(1)
    other.result(WAIT)
    assert not job.finished
    job.cancel()
    gate.open()


def test_limits_are_sensible() -> None:
    with pytest.raises(ConfigError, match="photos is 0"):
        Limits(photos=0)


@pytest.mark.parametrize(
    ("name", "plain"),
    [("../../etc/passwd", "passwd"), ("a\x00b\r\n.jpg", "ab.jpg"), ("x" * 999, "x" * 200)],
)
def test_a_name_is_only_a_name(name: str, plain: str) -> None:
    assert plain_name(name) == plain
