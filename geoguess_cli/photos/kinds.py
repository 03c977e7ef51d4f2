"""The kind of a file, recognised by its first bytes and not by its ending."""

from dataclasses import dataclass

HEAD = 256
"""Bytes at the start of a file that `kind_of` looks at."""

_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_HEIF_CONTAINERS = {b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}

PHOTO_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    *(".png", ".webp", ".tif", ".tiff", ".bmp"),
    *(".heic", ".heif", ".hif", ".avif"),
)
"""Endings of the files of a folder that are taken for photos."""

RAW_SUFFIXES = (
    *(".dng", ".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".raf", ".orf"),
    *(".rw2", ".pef", ".srw", ".x3f", ".rwl", ".iiq", ".3fr", ".erf", ".kdc", ".mrw", ".gpr"),
)
"""Endings of raw photos of cameras. Most begin like a TIFF file, and only the ending tells."""

VIDEO_SUFFIXES = (
    *(".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mts", ".m2ts", ".3gp", ".wmv", ".mpg"),
    *(".mpeg", ".360", ".insv", ".lrv"),
)


@dataclass(frozen=True)
class FileKind:
    """What a file is.

    Attributes:
        title: What people call it.
        format: Pillow's name of its format; "" if it is no photo that geoguess reads.
        remedy: What to do with a file that is not read.
    """

    title: str
    format: str = ""
    remedy: str = ""

    @property
    def refusal(self) -> str:
        """Fault and remedy of a file that is not read, after its name."""
        return f"is {self.title}; {self.remedy}"


HEIC = FileKind("HEIC", "HEIF")
AVIF = FileKind("AVIF", "AVIF")
TIFF = FileKind("TIFF", "TIFF")
EMPTY = FileKind("an empty file", remedy="copy or download it again")
RAW = FileKind("a raw photo of a camera", remedy="export it as JPEG")
VIDEO = FileKind(
    "a video", remedy="take pictures of it: `ffmpeg -i VIDEO -vf fps=1 photo-%05d.jpg`"
)
_WEB_PAGE = FileKind("a web page", remedy="the download of the photo failed; download it again")
_POINTER = FileKind("a pointer of Git LFS", remedy="`git lfs pull` fetches the photo")
_JPEG_XL = FileKind("JPEG XL", remedy="convert it: `djxl PHOTO photo.jpg`")
_JPEG_2000 = FileKind("JPEG 2000", "JPEG2000")

_SIGNATURES: tuple[tuple[bytes, FileKind], ...] = (
    (b"\xff\xd8\xff", FileKind("JPEG", "JPEG")),
    (b"\x89PNG\r\n\x1a\n", FileKind("PNG", "PNG")),
    (b"II*\0\x10\0\0\0CR", RAW),
    *((start, TIFF) for start in (b"II*\0", b"MM\0*", b"II\0*", b"MM*\0", b"II+\0", b"MM\0+")),
    (b"BM", FileKind("BMP", "BMP")),
    *((start, FileKind("GIF", "GIF")) for start in (b"GIF87a", b"GIF89a")),
    *((start, _JPEG_2000) for start in (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n")),
    *((start, _JPEG_XL) for start in (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")),
    *((start, RAW) for start in (b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb")),
    *((start, VIDEO) for start in (b"\x1aE\xdf\xa3", b"\0\0\x01\xba", b"0&\xb2u\x8ef\xcf\x11")),
    (b"version https://git-lfs", _POINTER),
)


def kind_of(head: bytes, suffix: str = "") -> FileKind | None:
    """What a file is; None if its first bytes tell nothing.

    Args:
        head: The first `HEAD` bytes of the file, fewer if it is shorter.
        suffix: The ending of its name. It only tells a raw photo from TIFF.

    >>> kind_of(b"\\xff\\xd8\\xff\\xe0", ".HEIC").title
    'JPEG'
    """
    if not head:
        return EMPTY
    if head[4:8] == b"ftyp":
        return _kind_of_boxes(head)
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return VIDEO
    if head[:4] == b"RIFF":
        return {b"WEBP": FileKind("WebP", "WEBP"), b"AVI ": VIDEO}.get(head[8:12])
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return FileKind("PPM", "PPM")
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith((b"<!doctype html", b"<html")):
        return _WEB_PAGE
    for start, kind in _SIGNATURES:
        if head.startswith(start):
            return RAW if kind is TIFF and suffix.lower() in RAW_SUFFIXES else kind
    return None


def _kind_of_boxes(head: bytes) -> FileKind:
    """The kind of a file of ISO base media (ISO/IEC 14496-12), by the brands of its first box."""
    end = max(16, min(int.from_bytes(head[:4], "big"), len(head)))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end, 4))}
    if brands & _AVIF_BRANDS:
        return AVIF
    if brands & (_HEIF_BRANDS | _HEIF_CONTAINERS):
        return HEIC
    return RAW if b"crx " in brands else VIDEO
