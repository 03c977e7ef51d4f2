"""Waypoints: the rules of the public schemas, and what an independent reader finds in them."""

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import geopandas
import numpy as np
import pytest

from geoguess_cli.geo.partition import Partition
from geoguess_cli.inference.answering import Answering
from geoguess_cli.inference.answers import Answer, Unanswered, reach_in_words
from geoguess_cli.inference.files import answer_lines
from geoguess_cli.inference.waypoints import ESTIMATE, xml_text

GPX = "{http://www.topografix.com/GPX/1/1}"
KML = "{http://www.opengis.net/kml/2.2}"
SEQUENCES = {  # the order of the schemas: elements that may follow each other
    f"{GPX}gpx": ["metadata", "wpt", "rte", "trk", "extensions"],
    f"{GPX}metadata": ["name", "desc", "author", "copyright", "link", "time", "keywords", "bounds"],
    f"{GPX}wpt": [
        *("ele", "time", "magvar", "geoidheight", "name", "cmt", "desc", "src", "link", "sym"),
        *("type", "fix", "sat", "hdop", "vdop", "pdop", "ageofdgpsdata", "dgpsid", "extensions"),
    ],
    f"{KML}kml": ["Document"],
    f"{KML}Document": ["name", "open", "description", "styleUrl", "ExtendedData", "Placemark"],
    f"{KML}Placemark": ["name", "open", "description", "styleUrl", "ExtendedData", "Point"],
    f"{KML}ExtendedData": ["Data"],
    f"{KML}Data": ["displayName", "value"],
    f"{KML}Point": ["extrude", "altitudeMode", "coordinates"],
}
MANY = {"wpt", "rte", "trk", "link", "Placemark", "Data"}
ODD = "odd/<a> & \x01 né.jpg"


@pytest.fixture
def answers(partition: Partition) -> list[Answer | Unanswered]:
    probabilities = np.array([0.5, 0.25, 0.125, 0.125], dtype=np.float32)
    answer = Answering(partition).answer(probabilities, photo="photos/a.jpg")
    return [
        answer,
        replace(answer, photo=ODD, estimate=(-12.5, 180.0)),
        replace(answer, photo="c.jpg", sure=False),
        Unanswered(3, "b.jpg", "b.jpg is not a picture"),
    ]


@pytest.mark.parametrize("form", ["gpx", "kml"])
def test_elements_follow_each_other_as_in_the_schema(answers, partition, form: str) -> None:
    root = ElementTree.fromstring("".join(answer_lines(answers, partition, form, top_k=2)))
    seen = set()
    for element in root.iter():
        names = [child.tag.partition("}")[2] for child in element]
        if not names:
            continue
        seen.add(element.tag)
        order = [SEQUENCES[element.tag].index(name) for name in names]
        assert order == sorted(order), element.tag
        assert all(names.count(name) == 1 for name in set(names) - MANY)
    assert seen == {tag for tag in SEQUENCES if tag.startswith(GPX if form == "gpx" else KML)}


@pytest.mark.parametrize("form", ["gpx", "kml"])
def test_another_program_reads_the_places(answers, partition, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"answers.{form}"
    path.write_text("".join(answer_lines(answers, partition, form, top_k=2)), encoding="utf-8")
    options = {"layer": "waypoints"} if form == "gpx" else {}
    frame = geopandas.read_file(path, **options)
    places = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    latitude, longitude = answers[0].estimate
    assert places.geometry.y.tolist() == pytest.approx([latitude, -12.5], abs=1e-6)
    assert places.geometry.x.tolist() == pytest.approx([longitude, -180.0], abs=1e-6)
    names = places["name" if form == "gpx" else "Name"].tolist()
    assert names == ["a.jpg", "<a> & \N{REPLACEMENT CHARACTER} né.jpg"]
    assert len(frame) == (2 if form == "gpx" else 4)


def test_gpx_names_what_it_leaves_out_and_that_it_is_an_estimate(answers, partition) -> None:
    root = ElementTree.fromstring("".join(answer_lines(answers, partition, "gpx", top_k=2)))
    assert (root.get("version"), root.get("creator")) == ("1.1", "geoguess")
    about = root.findtext(f"{GPX}metadata/{GPX}desc")
    assert about == f"{ESTIMATE}; 2 photos without a point estimate left out"
    waypoint = root.find(f"{GPX}wpt")
    lines = waypoint.findtext(f"{GPX}desc").splitlines()
    assert reach_in_words(answers[0]) in lines[0]
    assert [line[:8] for line in lines[1:]] == ["1. 50.0%", "2. 25.0%"]
    assert waypoint.find(f"{GPX}link").get("href") == "photos/a.jpg"


def test_kml_holds_the_row_of_the_csv(answers, partition) -> None:
    root = ElementTree.fromstring("".join(answer_lines(answers, partition, "kml", top_k=1)))
    rows = [
        {data.get("name"): data.findtext(f"{KML}value") for data in mark.iter(f"{KML}Data")}
        for mark in root.iter(f"{KML}Placemark")
    ]
    assert rows[0]["photo"] == "photos/a.jpg"
    assert float(rows[0]["radius_90_km"]) == pytest.approx(answers[0].radius_90_km)
    assert float(rows[0]["probability_1"]) == 0.5
    assert (rows[2]["sure"], "latitude" in rows[2]) == ("false", False)
    assert rows[3] == {"photo": "b.jpg", "error": "b.jpg is not a picture"}
    marks = list(root.iter(f"{KML}Placemark"))
    assert [mark.find(f"{KML}Point") is not None for mark in marks] == [True, True, False, False]


def test_what_xml_cannot_hold_is_replaced() -> None:
    element = ElementTree.Element("a")
    element.text = "x\x00y\ud800z\tw"
    assert ElementTree.fromstring(xml_text(element)).text == "x\ufffdy\ufffdz\tw"
