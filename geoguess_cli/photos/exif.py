"""The GPS position in the EXIF of a photo."""

import math
from pathlib import Path

from geoguess_cli.photos.archives import Member
from geoguess_cli.photos.decoder import opened_photo

_GPS_IFD = 0x8825


def read_exif_gps(source: Path | Member | bytes) -> tuple[float, float] | None:
    """Latitude and longitude in a photo's EXIF, in degrees; None if the EXIF has no position.

    A position with a missing hemisphere, a zero denominator or a value out of range counts as no
    position; nothing is guessed.

    Args:
        source: A file, a member of an archive, or the bytes of a file.

    Raises:
        PhotoError: The file does not exist, or it is not a picture.
    """
    with opened_photo(source) as image:
        try:
            gps = image.getexif().get_ifd(_GPS_IFD)
        except Exception:  # Pillow raises errors of any kind on damaged EXIF
            return None
        latitude = _degrees(gps.get(2), gps.get(1), positive="N", negative="S")
        longitude = _degrees(gps.get(4), gps.get(3), positive="E", negative="W")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return latitude, longitude


def _degrees(parts: object, hemisphere: object, *, positive: str, negative: str) -> float | None:
    """Signed degrees from EXIF's degrees, minutes, seconds and hemisphere; None if invalid."""
    if isinstance(hemisphere, bytes):
        hemisphere = hemisphere.decode("ascii", errors="replace")
    sign = {positive: 1.0, negative: -1.0}.get(str(hemisphere).strip("\0 ").upper())
    if sign is None or not isinstance(parts, tuple) or not 1 <= len(parts) <= 3:
        return None
    try:
        # A rational with a zero denominator reads as NaN.
        value = sum(float(part) / 60**power for power, part in enumerate(parts))
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return sign * value if math.isfinite(value) else None
