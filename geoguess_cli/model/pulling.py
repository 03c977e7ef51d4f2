"""A model from the Hugging Face hub: fetched into its client's cache, checked, copied if wanted."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from geoguess_cli.errors import ModelError
from geoguess_cli.hub.address import HubAddress, address_of
from geoguess_cli.hub.client import fetch_snapshot, kept_snapshot, list_model
from geoguess_cli.model.folder import FILES, NEEDED, ModelDescription, read_description
from geoguess_cli.model.replacement import replacing_folder

_SHOWN = 5


@dataclass(frozen=True, eq=False)
class PulledModel:
    """A model that was fetched.

    Attributes:
        address: The address, with the commit as its revision.
        folder: Where it lies, in the cache of the hub's client.
        described: What its files say of it.
        files: The size of each of its files in bytes.
        left: Files of the repository that were not fetched: geoguess knows none of these names.
    """

    address: HubAddress
    folder: Path
    described: ModelDescription
    files: Mapping[str, int]
    left: tuple[str, ...]


def pull(address: HubAddress, *, quiet: bool = False) -> PulledModel:
    """The model at an address, with the newest files of its revision.

    Only files of a model folder are fetched. None of them can hold a program, and the weights are
    not loaded here.

    Args:
        address: The model.
        quiet: Show no progress.

    Raises:
        DependencyError: The hub's client is not installed.
        HubError: The hub cannot be reached, or shows no such model or revision.
        ModelError: It is not a model folder, or its files do not fit together.
    """
    listing = list_model(address)
    files = {name: listing.files[name] for name in FILES if name in listing.files}
    left = tuple(sorted(listing.files.keys() - files.keys()))
    if missing := [name for name in NEEDED if name not in files]:
        others = f"; it holds {_listed(left)}" if left else ""
        raise ModelError(
            f"{address} is not a geoguess model: it lacks {', '.join(missing)}{others}. "
            "`geoguess model push` publishes one"
        )
    folder = fetch_snapshot(address, FILES, quiet=quiet)
    exact = replace(address, revision=listing.revision)
    return PulledModel(exact, folder, read_description(folder), files, left)


def local_folder(
    place: str | Path,
    *,
    quiet: bool = False,
    on_fetch: Callable[[HubAddress], None] | None = None,
) -> Path:
    """The model folder that a path or an address stands for.

    A model of the hub that was fetched once is taken as it is, without asking the hub; `pull`
    fetches what is newer.

    Args:
        place: A path, or hf://owner/name[@revision].
        quiet: Show no progress.
        on_fetch: Called before a model is fetched.

    Raises:
        ConfigError: It begins like an address and is none.
        DependencyError: The hub's client is not installed.
        HubError: The model was never fetched, and the hub cannot be reached or shows no such model.
        ModelError: What the hub has there is not a model.
    """
    address = address_of(place)
    if address is None:
        return Path(place)
    if (kept := kept_folder(address)) is not None:
        return kept
    if on_fetch is not None:
        on_fetch(address)
    return pull(address, quiet=quiet).folder


def kept_folder(address: HubAddress) -> Path | None:
    """The folder of a model that was fetched before; None if it was not.

    Raises:
        DependencyError: The hub's client is not installed.
    """
    kept = kept_snapshot(address, FILES)
    whole = kept is not None and all((kept / name).is_file() for name in NEEDED)
    return kept if whole else None


def copy_model(source: Path, folder: Path) -> None:
    """Copy the files of a model folder to another, which becomes a model whole or not at all.

    Raises:
        ModelError: The other folder exists and is not a model folder.
    """
    with replacing_folder(folder) as partial:
        for name in FILES:
            if (source / name).is_file():
                shutil.copyfile(source / name, partial / name)


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _SHOWN} more files" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more
