"""The result of a calibration in the terminal."""

from dataclasses import replace

from geoguess_cli.console.fits import show_fit
from geoguess_cli.console.output import Sink
from geoguess_cli.evaluation.fitting import Fit, Quality
from geoguess_cli.model.decision import Decision

FIT = Fit(
    decision=Decision(temperature=1.25, point="distance"),
    photos=30,
    covered=20,
    sequences=4,
    before=Quality(1.5, 0.75, 0.125),
    after=Quality(1.25, 0.5, 0.0625),
    median_km={"centroid": 1300.25, "distance": 270.5},
    reason="",
    failures=[],
)


def test_a_fit_shows_both_sides_and_the_least_median(capsys) -> None:
    show_fit(FIT, Sink())
    text, errors = capsys.readouterr()
    assert errors == ""
    assert "temperature 1.250, judged by 20 validation photos of 4 sequences" in text
    rows = {line[:16].strip(): line[16:].split() for line in text.splitlines()}
    assert rows["log loss, nats"] == ["1.500", "1.250"]
    assert rows["calibration erro"] == ["r", "12.5%", "6.2%"]
    assert "1,300.2 km" in text
    (best,) = [line for line in text.splitlines() if line.endswith("least")]
    assert best.split()[-3:] == ["270.5", "km", "least"]


def test_a_kept_temperature_is_a_warning_and_one_column(capsys) -> None:
    kept = replace(FIT, decision=Decision(), reason="4 sequences are too few")
    show_fit(kept, Sink())
    text, errors = capsys.readouterr()
    assert errors == "warning: the temperature is 1: 4 sequences are too few\n"
    assert "at temperature 1\n" in text
    show_fit(kept, Sink(as_json=True))
    assert capsys.readouterr().out == ""


def test_a_fit_on_nothing_names_the_remedy(capsys) -> None:
    show_fit(replace(FIT, before=None, after=None, reason="none lies in a cell"), Sink())
    text, errors = capsys.readouterr()
    assert text == ""
    assert errors.startswith("warning: not calibrated: none lies in a cell; run `geoguess calib")
