"""Addresses of models on the Hugging Face hub: `hf://owner/name` and `hf://owner/name@revision`."""

import re
from dataclasses import dataclass
from pathlib import Path

from geoguess_cli.errors import ConfigError

_SCHEME = "hf:"
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?", re.ASCII)
_REVISION = re.compile(r"[\w./+-]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubAddress:
    """A model on the hub.

    Attributes:
        owner: A user or an organisation.
        name: The name of the repository.
        revision: A branch, a tag or a commit; None for the newest.
    """

    owner: str
    name: str
    revision: str | None = None

    @property
    def repository(self) -> str:
        """The name by which the hub knows it."""
        return f"{self.owner}/{self.name}"

    @property
    def page(self) -> str:
        """The address of its page, for readers."""
        return f"https://huggingface.co/{self.repository}"

    def __str__(self) -> str:
        return f"hf://{self.repository}" + (f"@{self.revision}" if self.revision else "")


def address_of(place: str | Path) -> HubAddress | None:
    """The address that a text or a path stands for; None if it is the path of a file or a folder.

    A `Path` of `hf://owner/name` has lost a slash and still counts.

    >>> str(address_of("hf://owner/name@v1"))
    'hf://owner/name@v1'
    >>> address_of("artifacts/model") is None
    True

    Args:
        place: What the user wrote.

    Raises:
        ConfigError: It begins like an address and is none.
    """
    scheme, *parts = Path(place).parts or ("",)
    if scheme != _SCHEME:
        return None
    repository, at, revision = "/".join(parts).partition("@")
    owner, _, name = repository.partition("/")
    sound = all(_NAME.fullmatch(part) and "--" not in part for part in (owner, name))
    if not sound or (at and (not _REVISION.fullmatch(revision) or ".." in revision)):
        raise ConfigError(
            f"`hf://{'/'.join(parts)}` is not the address of a model; write hf://OWNER/NAME or "
            "hf://OWNER/NAME@REVISION"
        )
    return HubAddress(owner, name, revision or None)


def snapshot_address(folder: Path) -> HubAddress | None:
    """The model of which a folder is the snapshot in a cache of the hub's client; None if of none.

    The client keeps a commit of a model in `models--OWNER--NAME/snapshots/COMMIT`.
    """
    snapshots = folder.parent
    kind, *names = snapshots.parent.name.split("--")
    if snapshots.name != "snapshots" or kind != "models" or len(names) != 2:
        return None
    owner, name = names
    return HubAddress(owner, name, folder.name) if _COMMIT.fullmatch(folder.name) else None


def shown(folder: Path) -> str:
    """The text for a model folder: its address if it is a snapshot of the hub, else its path."""
    return str(snapshot_address(folder) or folder)
