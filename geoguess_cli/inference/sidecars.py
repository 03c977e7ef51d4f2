"""Answers as XMP sidecars: small files beside the photos, which photo programs read.

A photo is never touched, and a sidecar that exists is never replaced: a person's own position may
stand in it.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from geoguess_cli import __version__
from geoguess_cli.errors import OutputError
from geoguess_cli.files import write_text
from geoguess_cli.inference.answers import Answer, Unanswered, reach_in_words
from geoguess_cli.inference.waypoints import ESTIMATE, xml_text
from geoguess_cli.names import text_of
from geoguess_cli.photos.archives import Member, PhotoFile

_NAMESPACES = {
    "xmlns:rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmlns:exif": "http://ns.adobe.com/exif/1.0/",
}


@dataclass(frozen=True)
class Sidecar:
    """The sidecar of one photo, or the reason why none was written.

    Attributes:
        photo: Path of the photo.
        path: The sidecar; None for a photo inside an archive without a folder to write to.
        reason: Why it was not written; "" if it was.
        answered: Whether the photo has an answer; the reason is the error of one that has none.
    """

    photo: str
    path: Path | None
    reason: str = ""
    answered: bool = True


def write_sidecars(
    answers: Iterable[Answer | Unanswered],
    files: Sequence[PhotoFile],
    folder: Path | None = None,
) -> Iterator[Sidecar]:
    """Write the sidecar of each answer as it comes: `a.xmp` for `a.jpg`.

    No sidecar is written for a photo without an answer, for one of which the model is not sure,
    and where one exists, be it `a.xmp` or `a.jpg.xmp`.

    Args:
        answers: Answers, and photos without an answer; `row` is the position in `files`.
        files: The photos.
        folder: Where the sidecars go, in the subfolders of the photos; None writes them beside the
            photos.

    Raises:
        OutputError: A sidecar cannot be written there.
    """
    top = os.path.commonpath([_parent(file) for file in files]) if folder and len(files) else ""
    for answer in answers:
        file = files[answer.row]
        if folder is not None:
            photo = folder / os.path.relpath(os.path.abspath(str(file)), top)
        elif isinstance(file, Member):
            reason = "it lies in an archive; name a folder for its sidecar with -o"
            yield Sidecar(answer.photo, None, reason, isinstance(answer, Answer))
            continue
        else:
            photo = file
        path, reason = photo.with_suffix(".xmp"), _hindrance(answer, photo)
        if not reason and isinstance(answer, Answer):
            write_text(sidecar_text(answer), path)
        yield Sidecar(answer.photo, path, reason, isinstance(answer, Answer))


def write_sidecar(answer: Answer | Unanswered, path: Path) -> None:
    """Write one answer as a sidecar of this path.

    Raises:
        OutputError: The file exists, or there is no answer of which the model is sure.
    """
    if reason := _hindrance(answer, path):
        raise OutputError(f"{text_of(path)} was not written: {reason}")
    assert isinstance(answer, Answer)
    write_text(sidecar_text(answer), path)


def _hindrance(answer: Answer | Unanswered, photo: Path) -> str:
    """Why no sidecar can be written for a photo; "" if one can."""
    if not isinstance(answer, Answer):
        return answer.error
    if not answer.sure:
        return reach_in_words(answer)
    names = [f"{name}{end}" for name in (photo.stem, photo.name) for end in (".xmp", ".XMP")]
    for name in names:
        # A link to a file that is gone is there too.
        if os.path.lexists(there := photo.with_name(name)):
            return f"{text_of(there)} exists, and a sidecar is never replaced"
    return ""


def _parent(file: PhotoFile) -> str:
    return os.path.dirname(os.path.abspath(str(file)))


def sidecar_text(answer: Answer) -> str:
    """An answer as XMP, in the notation of ISO 16684-1 and of the EXIF schema of XMP.

    The radius that holds the truth with probability 0.9 is the horizontal positioning error, in
    metres, and the processing method says that the position is an estimate.

    Args:
        answer: An answer of which the model is sure.
    """
    latitude, longitude = answer.estimate
    root = Element("x:xmpmeta", {"xmlns:x": "adobe:ns:meta/", "x:xmptk": f"geoguess {__version__}"})
    description = SubElement(
        SubElement(root, "rdf:RDF", _NAMESPACES), "rdf:Description", {"rdf:about": ""}
    )
    properties = {
        "GPSVersionID": "2.3.0.0",
        "GPSLatitude": _degrees_and_minutes(latitude, "NS"),
        "GPSLongitude": _degrees_and_minutes((longitude + 180) % 360 - 180, "EW"),
        "GPSMapDatum": "WGS-84",
        "GPSHPositioningError": f"{round(1000 * answer.radius_90_km)}/1",
        "GPSProcessingMethod": f"{ESTIMATE}; {reach_in_words(answer)}",
    }
    for name, value in properties.items():
        SubElement(description, f"exif:{name}").text = value
    return xml_text(root)


def _degrees_and_minutes(degrees: float, letters: str) -> str:
    """Degrees as XMP writes them, such as `45,40.800000N`.

    >>> _degrees_and_minutes(-111.04, "EW"), _degrees_and_minutes(59.99999999999, "NS")
    ('111,2.400000W', '60,0.000000N')
    """
    whole, millionths = divmod(round(abs(degrees) * 60e6), 60_000_000)
    return f"{whole},{millionths / 1e6:.6f}{letters[degrees < 0]}"
