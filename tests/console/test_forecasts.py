"""The forecast of explanations, with a clock of our own."""

import pytest

from geoguess_cli.console.forecasts import Forecast
from geoguess_cli.console.output import Sink


def said(
    capsys: pytest.CaptureFixture[str], calls: list[tuple[int, int, float]], photos: int
) -> str:
    """What is said after batches of (images done, images in all, time)."""
    times = iter([when for _, _, when in calls])
    forecast = Forecast(Sink(), photos, clock=lambda: next(times))
    for done, total, _ in calls:
        forecast.batch(done, total)
    return capsys.readouterr().err


def test_the_second_batch_tells_how_long_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    calls = [(32, 1258, 100.0), (64, 1258, 116.0)]  # 0.5 s an image, 1,194 images left
    assert said(capsys, calls, 1) == "about 10 min: 1,258 images go through the model\n"
    text = said(capsys, calls, 3)
    assert text == "about 31 min for 3 photos: 1,258 images go through the model each\n"


def test_short_work_needs_no_forecast(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, [(32, 100, 0.0), (64, 100, 0.5)], 1) == ""


def test_photos_of_one_batch_are_measured_from_photo_to_photo(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said(capsys, [(9, 9, 0.0), (9, 9, 5.0), (9, 9, 10.0)], 5) == ""
