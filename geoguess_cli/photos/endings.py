"""The ending of a photo's name by its first bytes, and names that are safe in any folder."""

from geoguess_cli.photos.kinds import HEAD, kind_of

_ENDINGS = {
    "JPEG": ".jpg",
    "PNG": ".png",
    "WEBP": ".webp",
    "TIFF": ".tif",
    "BMP": ".bmp",
    "GIF": ".gif",
    "HEIF": ".heic",
    "AVIF": ".avif",
    "JPEG2000": ".jp2",
    "PPM": ".ppm",
}
"""The ending of each format that a photo may have, by Pillow's name of it."""

_LONGEST = 80  # letters of a name


def photo_ending(content: bytes) -> str | None:
    """The ending that fits the kind of a photo, such as `.jpg`; None if it is no kind of photo.

    Args:
        content: The bytes of the photo, or its first 256.

    >>> photo_ending(bytes.fromhex("ffd8ffe000104a464946")), photo_ending(b"<html>")
    ('.jpg', None)
    """
    kind = kind_of(content[:HEAD])
    return None if kind is None else _ENDINGS.get(kind.format)


def safe_stem(text: str) -> str:
    """A text as a name of letters, digits, `-` and `_`, which is safe in any folder and archive.

    >>> safe_stem("../a b.c"), safe_stem("Zürich_1")
    ('a_b_c', 'Zürich_1')
    """
    name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in text)
    return name.strip("_")[:_LONGEST].rstrip("_") or "photo"


class UniqueNames:
    """Gives each name once: a second `a` becomes `a-2`. Letter case makes no difference."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def of(self, stem: str) -> str:
        """The name, or the name with a number that nobody has yet."""
        name, number = stem, self._taken.get(stem.casefold(), 1)
        while name.casefold() in self._taken:
            number += 1
            name = f"{stem}-{number}"
        self._taken[stem.casefold()] = number
        self._taken.setdefault(name.casefold(), 1)
        return name
