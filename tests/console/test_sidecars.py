"""What the terminal says of sidecars."""

import json
from pathlib import Path

import pytest
import typer

from geoguess_cli.console.output import Sink
from geoguess_cli.console.sidecars import NAMED, show_sidecars, sidecar_folder
from geoguess_cli.inference.sidecars import Sidecar


def test_the_first_photos_without_a_sidecar_are_named_and_all_counted(capsys) -> None:
    rows = [Sidecar(f"{at}.jpg", Path(f"{at}.xmp"), "it exists") for at in range(NAMED + 2)]
    show_sidecars([Sidecar("w.jpg", Path("w.xmp")), *rows], sink=Sink())
    lines = capsys.readouterr().err.splitlines()
    assert lines[:NAMED] == [f"warning: no sidecar for {at}.jpg: it exists" for at in range(NAMED)]
    assert lines[NAMED:] == [
        "warning: 2 more photos have no new sidecar; --json lists each",
        f"1 sidecar written, {NAMED + 2} left out",
    ]


def test_a_photo_without_an_answer_is_counted_and_not_named(capsys) -> None:
    show_sidecars([Sidecar("b.jpg", Path("b.xmp"), "it is damaged", answered=False)], sink=Sink())
    assert capsys.readouterr().err == "0 sidecars written, 1 left out\n"


def test_json_has_a_record_for_each(capsys) -> None:
    rows = [Sidecar("a.jpg", Path("a.xmp")), Sidecar("z.zip/b.jpg", None, "in an archive")]
    show_sidecars(rows, sink=Sink(as_json=True, quiet=True))
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert records == [
        {"photo": "a.jpg", "path": "a.xmp", "written": True, "reason": None},
        {"photo": "z.zip/b.jpg", "path": None, "written": False, "reason": "in an archive"},
    ]


def test_sidecars_go_to_a_folder(tmp_path: Path) -> None:
    assert sidecar_folder(None) is None
    assert sidecar_folder(tmp_path / "new") == tmp_path / "new"
    (tmp_path / "file.txt").write_text("x")
    for path in (tmp_path / "a.xmp", tmp_path / "file.txt"):
        with pytest.raises(typer.BadParameter, match="name a folder"):
            sidecar_folder(path)
