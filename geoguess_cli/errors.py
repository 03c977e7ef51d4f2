"""The errors written for the user.

Each names what is wrong, where, and what to do, in one line; each is also the standard library's
kind of that error, so that a caller of the Python API may catch either. Anything else that escapes
is a bug and keeps its traceback.
"""


class GeoguessError(Exception):
    """Something the user can mend; the command line prints its text and exits with 1."""


class ConfigError(GeoguessError, ValueError):
    """`geoguess.toml`, an environment variable or a flag holds what it must not."""


class CoordinateError(GeoguessError, ValueError):
    """A latitude or longitude out of range, or not a number."""


class CellError(GeoguessError, ValueError):
    """A malformed token or cell id, an impossible level, an unusable partition."""


class PhotoTableError(GeoguessError, ValueError):
    """A table of photos that lacks a column, or has no usable row."""


class PhotoError(GeoguessError, OSError):
    """A photo that cannot be opened or decoded."""


class ModelError(GeoguessError, ValueError):
    """A model folder or an architecture that does not fit together."""


class WeightsError(GeoguessError, OSError):
    """Pretrained weights that cannot be had from here."""


class DependencyError(GeoguessError, ImportError):
    """An installed package that is missing or does not match another."""


class MissingFileError(GeoguessError, FileNotFoundError):
    """A file or folder that an earlier verb writes, or that the user named, is not there."""


class OutputError(GeoguessError, OSError):
    """A place that a result cannot be written to."""


class UploadError(GeoguessError, ValueError):
    """What was sent to the server is larger than it takes, or came too slowly."""


class BusyError(GeoguessError, BlockingIOError):
    """The server has all the work it takes at once; it may be asked again soon."""
