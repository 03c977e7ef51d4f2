"""Where a photo says it was taken."""

import math
from pathlib import Path

from geoguess_cli.photos.decoder import opened_photo

_GPS_IFD = 0x8825


def read_exif_gps(source: Path | bytes) -> tuple[float, float] | None:
    """Latitude and longitude that a photo's EXIF holds, in degrees; None where it holds none.

    Absent hemispheres, zero denominators and values out of range count as none: a position is read
    or it is not, never guessed.

    Args:
        source: A file, or the bytes of one.

    Raises:
        PhotoError: There is no such file, or it is no picture.
    """
    with opened_photo(source) as image:
        try:
            gps = image.getexif().get_ifd(_GPS_IFD)
        except Exception:  # Pillow raises anything on damaged EXIF; the picture may still be good
            return None
        latitude = _degrees(gps.get(2), gps.get(1), positive="N", negative="S")
        longitude = _degrees(gps.get(4), gps.get(3), positive="E", negative="W")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None
    return latitude, longitude


def _degrees(parts: object, hemisphere: object, *, positive: str, negative: str) -> float | None:
    """Degrees from EXIF's degrees, minutes and seconds with their hemisphere."""
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
