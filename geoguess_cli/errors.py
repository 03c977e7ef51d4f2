"""The errors that are written for the user.

Each message says in one line what is wrong, where, and how to mend it. Each class is also the
standard library's class for that kind of error, so that a Python caller may catch either. Any other
error that escapes is a bug and keeps its traceback.
"""

SENSELESS: tuple[type[Exception], ...] = (
    *(TypeError, ValueError, LookupError, AttributeError, OverflowError, RecursionError),
)
"""What Python raises where the values of a damaged file are not what its reader takes them for."""


class GeoguessError(Exception):
    """An error that the user can mend; the command line prints its text and exits with 1."""


class ConfigError(GeoguessError, ValueError):
    """`geoguess.toml`, an environment variable or an option holds a value that is not allowed."""


class CoordinateError(GeoguessError, ValueError):
    """A latitude or longitude is out of range or not a number."""


class CellError(GeoguessError, ValueError):
    """A token, a cell id, a level or a partition is not valid."""


class PhotoTableError(GeoguessError, ValueError):
    """A photo table lacks a column or has no usable row."""


class PhotoError(GeoguessError, OSError):
    """A photo cannot be opened or decoded."""


class ModelError(GeoguessError, ValueError):
    """The parts of a model do not fit together, or its output is not usable."""


class WeightsError(GeoguessError, OSError):
    """Pretrained weights cannot be found or downloaded."""


class FeatureError(GeoguessError, ValueError):
    """Kept features cannot be read, or hold numbers that their type cannot."""


class DownloadError(GeoguessError, OSError):
    """A data set cannot be fetched: the server, the connection, the disk or a part is at fault."""


class HubError(GeoguessError, OSError):
    """A model cannot be fetched from the Hugging Face hub, or not be published there."""


class UnansweredError(GeoguessError, OSError):
    """A question that nobody can answer, because there is no terminal."""


class DependencyError(GeoguessError, ImportError):
    """An installed package is missing or does not match another."""


class MissingFileError(GeoguessError, FileNotFoundError):
    """A file or folder that the user named, or that an earlier verb writes, does not exist."""


class OutputError(GeoguessError, OSError):
    """A result cannot be written to this path."""


class UploadError(GeoguessError, ValueError):
    """An upload is larger than the server allows, or arrives too slowly."""


class BusyError(GeoguessError, BlockingIOError):
    """A server, or the folder of a run, has as much work as it takes; it may be free again soon."""


class OutOfMemoryError(GeoguessError, MemoryError):
    """The memory of this machine or of its GPU does not hold what was asked for."""


class ProcessError(GeoguessError, ConnectionError):
    """Another process of the same job ended, or cannot be reached."""


class StoppedError(GeoguessError, InterruptedError):
    """A training stopped because it was asked to; a snapshot holds everything up to that step."""


class GeoguessWarning(UserWarning):
    """The user may want to mend this, but the work continues; the command line prints it once."""
