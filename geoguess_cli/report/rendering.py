"""A page of figures as one HTML file that needs no network."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jinja2

from geoguess_cli.report.content import Page

_TEMPLATES = Path(__file__).parent / "templates"
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@dataclass(frozen=True)
class Image:
    """A figure that travels inside the page.

    Attributes:
        data: The file's bytes.
        form: `svg` for a chart, which turns dark with the page; `png` for a map, which does not.
    """

    data: bytes
    form: str

    @property
    def kind(self) -> str:
        """Its class in the page."""
        return "chart" if self.form == "svg" else "map"

    @property
    def uri(self) -> str:
        """The figure as an address that holds its own content."""
        return f"data:{_TYPES[self.form]};base64,{base64.b64encode(self.data).decode()}"


def render_page(page: Page, images: Mapping[str, Image]) -> str:
    """The page: no script, no request, light or dark as the reader's system is.

    Args:
        page: What it says.
        images: The figures by name; those of `report_content.Picture`.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("report.html").render(page=page, images=images)
