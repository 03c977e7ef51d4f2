"""The one door to the client of the Hugging Face hub: list, fetch, keep in its cache, publish.

The client keeps the credentials and the addresses of its servers, and it resumes. It is imported
late, because an installation without torch may lack it. Data sets are asked for by
`sources.clients`, models by `model.pulling` and `model.publishing`.
"""

import io
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from geoguess_cli.errors import DependencyError, GeoguessError, HubError
from geoguess_cli.extras import install_command
from geoguess_cli.hub.address import HubAddress
from geoguess_cli.hub.faults import code_of, is_disk_full, message_of, reason_of, status_of

Kind = Literal["model", "dataset"]

SIGN_IN = (
    "run `hf auth login`, or put a token of https://huggingface.co/settings/tokens in HF_TOKEN"
)


@dataclass(frozen=True)
class HubListing:
    """What a repository holds.

    Attributes:
        revision: The commit that the files belong to.
        files: The size of each file in bytes, by its path.
        private: Whether only its owner and invited people see it.
    """

    revision: str
    files: Mapping[str, int]
    private: bool = False


@dataclass(frozen=True)
class Published:
    """A model that was published.

    Attributes:
        revision: The commit.
        page: The address of the commit.
        warnings: What the hub says of the card.
    """

    revision: str
    page: str
    warnings: tuple[str, ...]


def list_files(repository: str, *, kind: Kind, revision: str | None = None) -> HubListing:
    """The files of a repository; the errors are the client's.

    Args:
        repository: `owner/name`.
        kind: What the repository holds.
        revision: A branch, a tag or a commit; None for the newest commit.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.hf_api import RepoFile

    api = HfApi()
    info = api.repo_info(repository, repo_type=kind, revision=revision)
    commit = info.sha or "main"
    tree = api.list_repo_tree(repository, recursive=True, revision=commit, repo_type=kind)
    files = {item.path: item.size for item in tree if isinstance(item, RepoFile)}
    return HubListing(commit, files, bool(info.private))


def fetch_files(
    repository: str, files: Sequence[str], folder: Path, *, kind: Kind, revision: str
) -> None:
    """Fetch files of a repository to a folder; the errors are the client's.

    What lies there complete is not fetched again.
    """
    from huggingface_hub import hf_hub_download

    for file in files:
        hf_hub_download(repository, file, repo_type=kind, revision=revision, local_dir=folder)


def list_model(address: HubAddress) -> HubListing:
    """The files of a model on the hub.

    Raises:
        DependencyError: The client is not installed.
        HubError: The hub cannot be reached, or shows no such model or revision.
    """
    with _translated(address):
        return list_files(address.repository, kind="model", revision=address.revision)


def model_if_any(address: HubAddress) -> HubListing | None:
    """The files of a model on the hub; None if the hub shows no such model.

    Raises:
        DependencyError: The client is not installed.
        HubError: The hub cannot be reached, or refuses.
    """
    with _translated(address, writes=True):
        try:
            return list_files(address.repository, kind="model")
        except Exception as error:
            if status_of(error) in (401, 404):  # 401 where nobody is signed in
                return None
            raise


def fetch_snapshot(address: HubAddress, names: Collection[str], *, quiet: bool = False) -> Path:
    """The folder in the client's cache that holds these files of a model, fetched where need be.

    Args:
        address: The model.
        names: The only files that are fetched; those that the repository lacks are left out.
        quiet: Show no progress.

    Raises:
        DependencyError: The client is not installed.
        HubError: The hub cannot be reached, or refuses, or the disk is full.
    """
    hidden = redirect_stderr(io.StringIO()) if quiet else nullcontext()
    with _translated(address), hidden:
        from huggingface_hub import snapshot_download

        return Path(
            snapshot_download(
                address.repository, revision=address.revision, allow_patterns=sorted(names)
            )
        )


def kept_snapshot(address: HubAddress, names: Collection[str]) -> Path | None:
    """The folder in the client's cache that holds a model, without asking the hub; None if none.

    Args:
        address: The model; of its newest revision, the one that was fetched last.
        names: The files that were fetched.

    Raises:
        DependencyError: The client is not installed.
    """
    with _translated(address):
        from huggingface_hub import snapshot_download

        try:
            return Path(
                snapshot_download(
                    address.repository,
                    revision=address.revision,
                    allow_patterns=sorted(names),
                    local_files_only=True,
                )
            )
        except OSError:  # the client's error for a snapshot that is absent or not complete
            return None


def publish(
    address: HubAddress,
    files: Mapping[str, Path | bytes],
    *,
    deleted: Collection[str] = (),
    private: bool = False,
    message: str,
    quiet: bool = False,
) -> Published:
    """Write files to a model repository in one commit; the repository is made if need be.

    Args:
        address: The model, without a revision.
        files: Each file, or its content, by its path in the repository.
        deleted: Paths in the repository that the commit removes.
        private: Whether a new repository is private.
        message: The message of the commit.
        quiet: Show no progress.

    Raises:
        DependencyError: The client is not installed.
        HubError: The hub cannot be reached, or refuses the token, the card or a file.
    """
    hidden = redirect_stderr(io.StringIO()) if quiet else nullcontext()
    with _translated(address, writes=True), hidden, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

        api = HfApi(library_name="geoguess")
        api.create_repo(address.repository, private=private or None, exist_ok=True)
        operations: list[Any] = [
            CommitOperationAdd(name, str(file) if isinstance(file, Path) else file)
            for name, file in files.items()
        ]
        operations += [CommitOperationDelete(name) for name in deleted]
        commit = api.create_commit(address.repository, operations, commit_message=message)
    said = [" ".join(str(one.message).split()) for one in caught]
    # The client warns of each Parquet file in a model repository, but the cells belong there.
    warnings_of_card = tuple(dict.fromkeys(text for text in said if "README.md" in text))
    return Published(str(commit.oid), str(commit.commit_url), warnings_of_card)


def cached_file(repository: str, names: Sequence[str]) -> str | None:
    """The path in the client's cache of the first of these files that is there; None if none is.

    Args:
        repository: `owner/name` of a model.
        names: The files, the preferred first.
    """
    from huggingface_hub import try_to_load_from_cache

    for name in names:
        cached = try_to_load_from_cache(repository, name)
        if isinstance(cached, str):
            return cached
    return None


def fetched_file(repository: str, names: Sequence[str], *, timeout_s: float) -> str:
    """The path in the client's cache of the first of these files that there is, fetched if need be.

    The errors are the client's.

    Args:
        repository: `owner/name` of a model.
        names: The files, the preferred first.
        timeout_s: How long to wait for the hub, in seconds; the client alone waits far longer.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError

    if (cached := cached_file(repository, names)) is not None:
        return cached
    ask_hub(timeout_s=timeout_s)
    for name in names[:-1]:
        try:
            return str(hf_hub_download(repository, name))
        except EntryNotFoundError:
            continue
    return str(hf_hub_download(repository, names[-1]))


def ask_hub(*, timeout_s: float) -> None:
    """Raise the client's error unless the hub answers within a time, in seconds."""
    from huggingface_hub import constants
    from huggingface_hub.utils import get_session  # type: ignore[attr-defined]

    get_session().head(constants.ENDPOINT, timeout=timeout_s)


@contextmanager
def _translated(address: HubAddress, *, writes: bool = False) -> Iterator[None]:
    """Errors of the client, and those of the connection, as errors for people."""
    try:
        yield
    except ImportError as error:
        raise DependencyError(
            f"{address} needs the client of the Hugging Face hub, which is not installed "
            f"({error.name or error}); `{install_command('hub')}` installs it"
        ) from error
    except GeoguessError:
        raise
    except Exception as error:
        sentence = _write_fault if writes else _read_fault
        raise HubError(sentence(address, error)) from error


def _read_fault(address: HubAddress, error: Exception) -> str:
    status, code = status_of(error), code_of(error)
    if code == "RevisionNotFound":
        return (
            f"hf://{address.repository} has no revision `{address.revision}`; {address.page}"
            "/commits lists them, and without @REVISION the newest is taken"
        )
    if code == "GatedRepo":
        return (
            f"{address} is given only to people who accept its terms (HTTP {status}); accept them "
            f"at {address.page}, then {SIGN_IN}"
        )
    if status in (401, 403, 404):
        return (
            f"the hub shows no model at {address} (HTTP {status}): there is none, or it is private "
            f"and you are not signed in; compare the name with {address.page}, or {SIGN_IN}"
        )
    again = f"run `geoguess model pull {address}`; a model that was fetched once needs no network"
    return _common_fault(address, error, again)


def _write_fault(address: HubAddress, error: Exception) -> str:
    status = status_of(error)
    if status == 401:
        return f"the hub does not know who you are (HTTP 401), so nothing was published; {SIGN_IN}"
    if status in (402, 403, 404):
        return (
            f"your token may not write to {address} (HTTP {status}), so nothing was published; "
            f"make a token with write access to {address.owner} at "
            "https://huggingface.co/settings/tokens, then run `hf auth login`"
        )
    if status == 400 or isinstance(error, ValueError):
        said = message_of(error) or " ".join(str(error).split())
        return (
            f"the hub refuses the files of {address} ({said}), so nothing was published; mend "
            "them, `geoguess model card` writes the card"
        )
    return _common_fault(address, error, f"run `geoguess model push {address}`")


def _common_fault(address: HubAddress, error: Exception, again: str) -> str:
    if is_disk_full(error):
        return f"no space is left on the disk for {address}; free some, then {again}"
    status = status_of(error)
    if status is not None:
        return f"the hub cannot answer for {address} now (HTTP {status}); wait, then {again}"
    return (
        f"the Hugging Face hub cannot be reached for {address} ({reason_of(error)}); check the "
        f"connection, then {again}"
    )
