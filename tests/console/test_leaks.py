"""A leak report in the terminal."""

from geoguess_cli.console.leaks import show_leaks
from geoguess_cli.console.output import Sink
from geoguess_cli.photos.leak_report import DistanceToTrain, LeakReport, NearDuplicates, Shared


def test_a_report_shows_verdict_distances_and_shared_names(capsys) -> None:
    bands = {"0-1": 2, "1-5": 3, "5-25": 5, ">25": 0}
    report = LeakReport(
        splits={"train": 80, "val": 10},
        set_aside=0,
        known=("sequence",),
        shared=(Shared("sequence", ("train", "val"), 1, 4, ("drive-7",)),),
        distances=(DistanceToTrain("val", 10, {"50": 0.001234, "90": 1234.5}, bands, 0),),
        duplicates=(NearDuplicates(("train", "val"), 1, (("b.jpg", "a.jpg", 3),)),),
        unreadable=(("c.jpg", "c.jpg is not a picture"),),
    )
    show_leaks(report, Sink())
    text, errors = capsys.readouterr()
    assert text.splitlines()[:2] == [report.verdict, report.advice]
    lines = [line.split() for line in text.splitlines()]
    assert ["val", "10", "0.00123", "1,234", "20%", "30%", "50%", "0%"] in lines
    assert ["sequences", "train", "and", "val", "1", "4", "val", "drive-7"] in lines
    assert ["b.jpg", "a.jpg", "3"] in lines
    assert errors == "warning: c.jpg: c.jpg is not a picture; it was not compared\n"


def test_a_clean_report_is_one_line(capsys) -> None:
    clean = LeakReport({"train": 8, "val": 1}, 0, ("sequence",), (), (), None, ())
    show_leaks(clean, Sink())
    assert capsys.readouterr().out == f"{clean.verdict}\n"
