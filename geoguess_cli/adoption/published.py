"""The published models that `geoguess model adopt` takes: a table to add a row to.

Sizes and digests are those of the publishers' files. This module loads no library.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from geoguess_cli.choices import PublishedModel


@dataclass(frozen=True)
class PublishedWeights:
    """A published model: a package with its head and its gallery, and the encoder before it.

    Attributes:
        name: What the command line calls it.
        title: Its name in words.
        package: The package on PyPI that holds head and gallery.
        version: The version of the package that was compared with this code.
        sha256: Digest of that version's wheel.
        package_bytes: Size of the wheel.
        licence: Licence of the package.
        page: The address of its page, for readers.
        paper: The address of its paper.
        backbone: timm's name of the encoder.
        encoder_bytes: Size of the encoder's weights.
        encoder_licence: Their licence.
        encoder_page: The address of their page.
        image_size: Side of the photos that it learned from, in pixels.
        max_places: Most places of the gallery in a cell that is not split.
    """

    name: PublishedModel
    title: str
    package: str
    version: str
    sha256: str
    package_bytes: int
    licence: str
    page: str
    paper: str
    backbone: str
    encoder_bytes: int
    encoder_licence: str
    encoder_page: str
    image_size: int
    max_places: int

    @property
    def requirement(self) -> str:
        """The package as pip knows it."""
        return f"{self.package}=={self.version}"


PUBLISHED: Mapping[PublishedModel, PublishedWeights] = {
    published.name: published
    for published in (
        PublishedWeights(
            name="geoclip",
            title="GeoCLIP",
            package="geoclip",
            version="1.3.0",
            sha256="08a93791166a279d52b95c466a952c75f17f654cc61bdf6ab20355325b564dec",
            package_bytes=40_292_198,
            licence="MIT",
            page="https://github.com/VicenteVivan/geo-clip",
            paper="https://arxiv.org/abs/2309.16020",
            backbone="vit_large_patch14_clip_quickgelu_224.openai",
            encoder_bytes=1_216_000_000,
            encoder_licence="MIT",
            encoder_page="https://huggingface.co/timm/vit_large_patch14_clip_224.openai",
            image_size=224,
            max_places=25,
        ),
    )
}
"""The published models by name."""
