"""What is seen of a photo whose features are kept."""

from dataclasses import dataclass

from geoguess_cli.photos.images import Augmentation


@dataclass(frozen=True)
class View:
    """What is seen of each photo.

    Args:
        augmentation: The random changes of an augmented view; None for the whole photo.
        number: Number of the augmented view, from 0; `images.view_generator` draws its changes.
    """

    augmentation: Augmentation | None = None
    number: int = 0

    @property
    def name(self) -> str:
        """The view in a word."""
        return "plain" if self.augmentation is None else str(self.number)


PLAIN = View()
