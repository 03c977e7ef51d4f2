"""The clients of Kaggle and of Hugging Face: what a repository holds, and its files fetched.

This is the only module of the package that fetches data sets; `hub.client` is the door to the
client of Hugging Face. The clients keep the credentials and the addresses of their servers, and
they resume; here their errors become errors for people. They are imported late, because they come
with the extra `download`.
"""

import io
import logging
import shutil
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr
from dataclasses import dataclass
from pathlib import Path

from geoguess_cli.errors import DependencyError, DownloadError
from geoguess_cli.extras import install_command
from geoguess_cli.hub.client import SIGN_IN, fetch_files, list_files
from geoguess_cli.hub.faults import is_disk_full, reason_of, status_of
from geoguess_cli.sources.downloads import Client, DataSet

_KAGGLE_CACHE = "KAGGLEHUB_CACHE"
"""The environment variable by which kagglehub chooses the folder that it downloads to."""

_STAGING = ".kagglehub"
"""Where kagglehub works below the folder of a download, until it is done."""

_SIGN_IN = {
    "kaggle": "put a token of https://www.kaggle.com/settings in ~/.kaggle/access_token or in "
    "KAGGLE_API_TOKEN",
    "huggingface": SIGN_IN,
}


@dataclass(frozen=True)
class RepositoryListing:
    """What a repository holds.

    Attributes:
        revision: The version that the files belong to.
        files: The size of each file in bytes, by its path.
        unpacked: Whether the client unpacks what it fetches.
    """

    revision: str
    files: Mapping[str, int]
    unpacked: bool = False


def list_repository(data_set: DataSet) -> RepositoryListing:
    """The files of the newest revision of a repository.

    For Kaggle, whose data sets come as one archive, `files` has one entry for each table with the
    size 0, and one called `archive` with the size of all.

    Raises:
        DependencyError: The client is not installed.
        DownloadError: The server does not answer, refuses, or has no such repository.
    """
    with _translated(data_set):
        return _LISTERS[data_set.client](data_set)


def fetch(
    data_set: DataSet,
    listing: RepositoryListing,
    files: Sequence[str],
    folder: Path,
    *,
    environment: MutableMapping[str, str],
    quiet: bool = False,
) -> None:
    """Fetch files of a repository to a folder; what is complete there is not fetched again.

    Args:
        data_set: Where the files are.
        listing: The answer of `list_repository`.
        files: Their paths.
        folder: Where they go, by the same paths.
        environment: That of the process; kagglehub takes its folder from it.
        quiet: Show no progress.

    Raises:
        DependencyError: The client is not installed.
        DownloadError: The server refuses or breaks off, or the disk is full.
    """
    hidden = redirect_stderr(io.StringIO()) if quiet else nullcontext()
    with _translated(data_set), hidden:
        _FETCHERS[data_set.client](data_set, listing, files, folder, environment)


def _list_kaggle(data_set: DataSet) -> RepositoryListing:
    from kagglehub.clients import build_kaggle_client
    from kagglehub.exceptions import handle_call
    from kagglesdk.datasets.types.dataset_api_service import ApiGetDatasetRequest

    request = ApiGetDatasetRequest()
    request.owner_slug, request.dataset_slug = data_set.repository.split("/")
    with build_kaggle_client() as client:
        service = client.datasets.dataset_api_client
        answer = handle_call(lambda: service.get_dataset(request))
    tables = dict.fromkeys((part.table for part in data_set.parts), 0)
    size = int(answer.total_bytes or 0)
    return RepositoryListing(
        str(answer.current_version_number), {**tables, "archive": size}, unpacked=True
    )


def _list_huggingface(data_set: DataSet) -> RepositoryListing:
    listing = list_files(data_set.repository, kind="dataset")
    return RepositoryListing(listing.revision, listing.files)


def _fetch_kaggle(
    data_set: DataSet,
    listing: RepositoryListing,
    files: Sequence[str],
    folder: Path,
    environment: MutableMapping[str, str],
) -> None:
    """Fetch and unpack the archive in a folder of its own, then move the content to its place.

    kagglehub resumes in its cache only: it refuses an output folder that is not empty.
    """
    if all((folder / file).is_file() for file in files):
        return
    import kagglehub

    # It tells each step on stdout, which belongs to the result of the verb.
    logging.getLogger("kagglehub").setLevel(logging.WARNING)
    staging = folder / _STAGING
    with _set(environment, _KAGGLE_CACHE, str(staging)):
        handle = f"{data_set.repository}/versions/{listing.revision}"
        unpacked = Path(kagglehub.dataset_download(handle))
    for entry in sorted(unpacked.iterdir()):
        entry.replace(folder / entry.name)
    shutil.rmtree(staging)


def _fetch_huggingface(
    data_set: DataSet,
    listing: RepositoryListing,
    files: Sequence[str],
    folder: Path,
    environment: MutableMapping[str, str],  # noqa: ARG001 - huggingface_hub needs none
) -> None:
    revision = listing.revision
    fetch_files(data_set.repository, files, folder, kind="dataset", revision=revision)


_LISTERS: Mapping[Client, Callable[[DataSet], RepositoryListing]] = {
    "kaggle": _list_kaggle,
    "huggingface": _list_huggingface,
}
_FETCHERS: Mapping[Client, Callable[..., None]] = {
    "kaggle": _fetch_kaggle,
    "huggingface": _fetch_huggingface,
}


@contextmanager
def _translated(data_set: DataSet) -> Iterator[None]:
    """Errors of a client, and those of the connection, as errors for people."""
    try:
        yield
    except ImportError as error:
        raise DependencyError(
            f"{data_set.name} is fetched with a package that is not installed "
            f"({error.name or error}); `{install_command('download')}` installs it"
        ) from error
    except (DownloadError, KeyboardInterrupt):
        raise
    except Exception as error:
        # The clients raise errors of their own, of requests, of httpx and of zipfile; the class
        # differs with their version, so the answer of the server decides.
        raise DownloadError(_sentence(data_set, error)) from error


def _sentence(data_set: DataSet, error: Exception) -> str:
    status = status_of(error)
    again = f"`geoguess data download {data_set.name}` goes on"
    if status in (401, 403):
        return (
            f"{data_set.client} refuses {data_set.repository} (HTTP {status}); accept its terms at "
            f"{data_set.page}, if it has any, and {_SIGN_IN[data_set.client]}"
        )
    if status == 404:
        return (
            f"{data_set.client} has no {data_set.repository} or no such file of it (HTTP 404); "
            f"see {data_set.page}"
        )
    if is_disk_full(error):
        return f"no space left on the disk for {data_set.title}; free some, then {again}"
    return (
        f"the download of {data_set.title} stopped ({reason_of(error)}); check the connection, "
        f"then {again}"
    )


@contextmanager
def _set(environment: MutableMapping[str, str], name: str, value: str) -> Iterator[None]:
    before = environment.get(name)
    environment[name] = value
    try:
        yield
    finally:
        if before is None:
            del environment[name]
        else:
            environment[name] = before
