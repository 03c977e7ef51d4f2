"""Answers as waypoints for maps and navigation: GPX 1.1 and KML 2.2.

The order of the elements is that of the schemas, https://www.topografix.com/GPX/1/1/gpx.xsd and
http://schemas.opengis.net/kml/2.2.0/ogckml22.xsd.
"""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from geoguess_cli.geo.partition import Partition
from geoguess_cli.geo.places import describe
from geoguess_cli.inference.answers import Answer, Unanswered, answer_row, guesses, reach_in_words
from geoguess_cli.wording import counted, tenths_of_percent

_GPX = "http://www.topografix.com/GPX/1/1"
_KML = "http://www.opengis.net/kml/2.2"

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def gpx_text(answers: Iterable[Answer | Unanswered], partition: Partition, top_k: int = 5) -> str:
    """Answers as GPX 1.1: one waypoint for each photo with a point estimate.

    A waypoint must have a place, so a photo without an answer, or one of which the model is not
    sure, has none; the description of the file counts them.

    Args:
        answers: Answers, and photos without an answer.
        partition: The cells of the model.
        top_k: Guesses to list in each description, at least 1.
    """
    root = Element("gpx", {"xmlns": _GPX, "version": "1.1", "creator": "geoguess"})
    about = SubElement(SubElement(root, "metadata"), "desc")
    left_out = 0
    for answer in answers:
        if not isinstance(answer, Answer) or not answer.sure:
            left_out += 1
            continue
        latitude, longitude = _degrees(*answer.estimate)
        waypoint = SubElement(root, "wpt", {"lat": latitude, "lon": longitude})
        _add(waypoint, "name", _file_name(answer.photo))
        _add(waypoint, "desc", "\n".join(_description(answer, partition, top_k)))
        _add(waypoint, "src", ESTIMATE)
        if answer.photo and answer.photos is None:
            SubElement(waypoint, "link", {"href": quote(answer.photo)})
        _add(waypoint, "type", "estimate")
    about.text = ESTIMATE
    if left_out:
        about.text += f"; {counted(left_out, 'photo')} without a point estimate left out"
    return xml_text(root)


def kml_text(answers: Iterable[Answer | Unanswered], partition: Partition, top_k: int = 5) -> str:
    """Answers as KML 2.2: one placemark for each photo, with the columns of the CSV as its data.

    The placemark of a photo without an answer, or one of which the model is not sure, has no point.

    Args:
        answers: Answers, and photos without an answer.
        partition: The cells of the model.
        top_k: Guesses to list for each photo, at least 1.
    """
    root = Element("kml", {"xmlns": _KML})
    document = SubElement(root, "Document")
    _add(document, "name", "geoguess")
    _add(document, "description", ESTIMATE)
    for answer in answers:
        placemark = SubElement(document, "Placemark")
        _add(placemark, "name", _file_name(answer.photo))
        _add(placemark, "description", "\n".join(_description(answer, partition, top_k)))
        data = SubElement(placemark, "ExtendedData")
        for name, value in answer_row(answer, partition, top_k).items():
            if value is not None:
                text = str(value).lower() if isinstance(value, bool) else str(value)
                _add(SubElement(data, "Data", {"name": name}), "value", text)
        if isinstance(answer, Answer) and answer.sure:
            latitude, longitude = _degrees(*answer.estimate)
            _add(SubElement(placemark, "Point"), "coordinates", f"{longitude},{latitude}")
    return xml_text(root)


ESTIMATE = "estimated by geoguess from what the photo shows, not measured"
"""What every file for maps and photo programs says of its positions."""


def xml_text(root: Element) -> str:
    """A tree as an XML document; a character that XML cannot hold becomes �."""
    for element in root.iter():
        element.text = element.text and _NO_XML.sub("\N{REPLACEMENT CHARACTER}", element.text)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, "unicode") + "\n"


def _description(answer: Answer | Unanswered, partition: Partition, top_k: int) -> Iterator[str]:
    """The answer in words, line by line: place and reach, then each guess."""
    if not isinstance(answer, Answer):
        yield answer.error
        return
    if answer.sure:
        yield f"{describe(answer.place)}: {reach_in_words(answer)}"
    else:
        yield reach_in_words(answer)
    for guess in guesses(answer, partition, top_k):
        yield f"{guess.rank}. {tenths_of_percent(guess.probability)} {guess.place}"


def _file_name(photo: str) -> str:
    return photo.replace("\\", "/").rpartition("/")[2] or "photo"


def _degrees(latitude: float, longitude: float) -> tuple[str, str]:
    """Degrees as text, to a tenth of a metre; GPX takes longitudes from -180 to below 180."""
    longitude = (round(longitude, 6) + 180.0) % 360.0 - 180.0
    return f"{latitude:.6f}", f"{longitude:.6f}"


def _add(parent: Element, tag: str, text: str) -> None:
    SubElement(parent, tag).text = text
