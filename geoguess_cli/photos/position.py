"""The GPS position that a photo itself has, in its EXIF or in its XMP."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from PIL import Image

from geoguess_cli.errors import PhotoError
from geoguess_cli.photos.archives import Member
from geoguess_cli.photos.decoder import opened_photo
from geoguess_cli.photos.rows import ZERO_IS_MISSING

_GPS_IFD = 0x8825
_XMP_TAG = 700  # XMP specification, part 3: the tag of TIFF

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_EXIF = "{http://ns.adobe.com/exif/1.0/}"
_DJI = "{http://www.dji.com/drone-dji/1.0/}"
_XMP_NAMES = (
    (f"{_EXIF}GPSLatitude", f"{_EXIF}GPSLongitude"),
    (f"{_DJI}GpsLatitude", f"{_DJI}GpsLongitude"),
    (f"{_DJI}GpsLatitude", f"{_DJI}GpsLongtitude"),  # so written by some of its drones
    (f"{_DJI}Latitude", f"{_DJI}Longitude"),
)
"""Properties of XMP that hold a latitude and a longitude, preferred first."""

_LETTERS = {"N": 1.0, "S": -1.0, "E": 1.0, "W": -1.0}


@dataclass(frozen=True)
class PhotoPosition:
    """What a photo says of its place.

    Attributes:
        latlng: Latitude and longitude, in degrees; None if the photo has no position.
        reason: Why it has none; "" if it has one.
    """

    latlng: tuple[float, float] | None
    reason: str = ""


def read_position(source: Path | Member | bytes) -> tuple[float, float] | None:
    """Latitude and longitude in a photo's EXIF or XMP, in degrees; None if it has no position.

    Args:
        source: A file, a member of an archive, or the bytes of a file.

    Raises:
        PhotoError: The file does not exist, or it is not a picture.
    """
    return find_position(source).latlng


def position_or_fault(source: Path | Member | bytes, name: str) -> PhotoPosition:
    """The position of a photo; without one, or if the photo cannot be read, the reason with a name.

    Args:
        source: A file, a member of an archive, or the bytes of a file.
        name: What to call the photo in the reason.
    """
    try:
        position = find_position(source)
    except PhotoError as error:
        return PhotoPosition(None, str(error))
    return position if position.latlng else PhotoPosition(None, f"'{name}': {position.reason}")


def find_position(source: Path | Member | bytes) -> PhotoPosition:
    """The position in a photo's EXIF, else in its XMP; without one, the reason.

    A position with a missing hemisphere, a zero denominator or a value out of range counts as no
    position, and so does 0, 0, which cameras write without a fix. Nothing is guessed.

    Args:
        source: A file, a member of an archive, or the bytes of a file.

    Raises:
        PhotoError: The file does not exist, or it is not a picture.
    """
    with opened_photo(source) as image:
        places = [_exif_place(image), *_xmp_places(image)]
    written = [place for place in places if place is not None]
    for latitude, longitude in written:
        if latitude is not None and longitude is not None and (latitude, longitude) != (0, 0):
            return PhotoPosition((latitude, longitude))
    if (0, 0) in written:
        return PhotoPosition(None, ZERO_IS_MISSING)
    if written:
        return PhotoPosition(None, "its GPS position is incomplete or out of range")
    return PhotoPosition(None, "no GPS position in its EXIF or XMP")


Place = tuple[float | None, float | None]
"""Latitude and longitude, in degrees; None where one is missing or out of range."""


def _exif_place(image: Image.Image) -> Place | None:
    """The place in the EXIF, or None if there is no GPS entry."""
    try:
        gps = image.getexif().get_ifd(_GPS_IFD)
    except Exception:  # Pillow raises errors of any kind on damaged EXIF
        return None
    if 2 not in gps and 4 not in gps:
        return None
    # EXIF 2.32, table 15: 1 and 3 are the hemispheres, 2 and 4 the degrees, minutes and seconds.
    return (
        _within(90, _exif_degrees(gps.get(2), gps.get(1), "NS")),
        _within(180, _exif_degrees(gps.get(4), gps.get(3), "EW")),
    )


def _exif_degrees(value: object, hemisphere: object, letters: str) -> float | None:
    """Signed degrees from EXIF's value and hemisphere; None if either is missing or invalid."""
    letter = _text(hemisphere).upper()[:1]
    if isinstance(value, str | bytes):
        return _text_degrees(_text(value), letters, letter)
    parts = value if isinstance(value, tuple) else (value,)
    try:
        # A rational with a zero denominator reads as NaN.
        numbers: list[float] = [float(part) for part in parts]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return _signed(numbers, letter, letters)


def _text_degrees(text: str, letters: str, letter: str = "") -> float | None:
    """Signed degrees from a text such as `45,40.8N`, `45,40,48N`, `45° 40' 48" N` or `-45.68`.

    Args:
        text: At most three numbers and the letter of the hemisphere.
        letters: The letters that the hemisphere may have.
        letter: The hemisphere if the text has none. Without either, a single number has its sign.
    """
    own = re.findall(r"[A-Za-z]", re.sub(r"(?i)deg(rees?)?|min|sec", " ", text))
    numbers = [float(number) for number in re.findall(r"[-+]?\d+(?:\.\d+)?", text)]
    letter = own[0].upper() if own else letter
    if not letter and len(numbers) == 1:
        return numbers[0]
    return _signed(numbers, letter, letters)


def _signed(numbers: list[float], letter: str, letters: str) -> float | None:
    """Degrees, minutes and seconds as degrees, negative in the south and west."""
    if letter not in _LETTERS or letter not in letters or not 1 <= len(numbers) <= 3:
        return None
    value = sum(number / 60.0**power for power, number in enumerate(numbers))
    # Some programs write the sign beside the letter.
    return value if value < 0 else _LETTERS[letter] * value


def _within(limit: int, degrees: float | None) -> float | None:
    if degrees is None or not math.isfinite(degrees) or abs(degrees) > limit:
        return None
    return degrees


def _text(value: object) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", errors="replace")
    return value.strip("\0 ") if isinstance(value, str) else ""


def _xmp_places(image: Image.Image) -> list[Place]:
    """The places in the XMP, preferred first."""
    properties = _xmp_properties(_xmp(image))
    return [
        (
            _within(90, _text_degrees(properties[latitude], "NS")),
            _within(180, _text_degrees(properties[longitude], "EW")),
        )
        for latitude, longitude in _XMP_NAMES
        if latitude in properties and longitude in properties
    ]


def _xmp(image: Image.Image) -> str:
    """The XMP of a picture as text; "" without one."""
    tags: Mapping[int, Any] = getattr(image, "tag_v2", {})
    info = image.info
    packet = info.get("xmp") or info.get("XML:com.adobe.xmp") or tags.get(_XMP_TAG) or b""
    if isinstance(packet, bytes):
        encoding = "utf-16" if b"\0" in packet[:16] else "utf-8-sig"
        packet = packet.decode(encoding, errors="replace")
    return str(packet).strip("\0 \t\r\n")


def _xmp_properties(xmp: str) -> dict[str, str]:
    """The simple properties of XMP by their full names, whether attributes or elements.

    XMP has no document type, so a text with one is not read: it could define entities that grow
    without end. Properties inside others belong to something else, such as the place shown.
    """
    if not xmp or "<!DOCTYPE" in xmp:
        return {}
    try:
        root = ElementTree.fromstring(xmp)
    except ElementTree.ParseError:
        return {}
    properties: dict[str, str] = {}
    for description in root.iterfind(f".//{_RDF}RDF/{_RDF}Description"):
        properties |= description.attrib
        properties |= {child.tag: child.text for child in description if child.text}
    return properties
