"""A whole page: one HTML file with its map, photos and scripts.

The page loads nothing else; its content-security policy forbids it.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from geoguess_cli.maps.interactive.figures import bokeh_script
from geoguess_cli.maps.interactive.palette import palettes, style_variables

_CREDIT = "Map: Natural Earth and US Census Bureau. Towns: GeoNames, CC BY 4.0."


def assets() -> dict[str, str]:
    """The files that a server sends beside an item, by name.

    `map.js` defines `GeoguessMap` and needs `bokeh.min.js` first; `map.css` has the colours.
    """
    return {
        "bokeh.min.js": bokeh_script(),
        "map.js": _static("map.js"),
        "map.css": style_variables(),
    }


def filled_page(views: list[dict[str, Any]], *, label: str, aside: str, **content: Any) -> str:
    """The HTML of a page with one or more views, which may share maps.

    Args:
        views: The views to choose from, with the keys that `page.js` reads; it opens the first.
        label: Name of the map, for screen readers.
        aside: Name of the part beside the map, for screen readers.
        content: Further content that the page's script reads.
    """
    scripts = {"bokeh": bokeh_script(), "map": _static("map.js"), "page": _static("page.js")}
    # HTML ends a script at the first `</script`, even inside a string.
    scripts = {name: text.replace("</script", "<\\/script") for name, text in scripts.items()}
    document = {"views": views, "palettes": palettes(), **content}
    data = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    parts = {
        "policy": _policy(scripts.values()),
        "title": html.escape(views[0]["title"]),
        "style": style_variables() + _static("page.css"),
        "label": html.escape(label),
        "aside": html.escape(aside),
        "footer": html.escape(_CREDIT),
        "content": data.replace("<", "\\u003c"),
        **scripts,
    }
    start, *pieces = _static("page.html").split("{{")
    texts = [start]
    for piece in pieces:
        name, _, rest = piece.partition("}}")
        texts += [parts[name], rest]
    return "".join(texts)


def _policy(scripts: Iterable[str]) -> str:
    """The policy that allows these scripts, pictures inside the page, and no connection."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in scripts
    )
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def _static(name: str) -> str:
    folder = resources.files("geoguess_cli.maps.interactive")
    return folder.joinpath("static", name).read_text(encoding="utf-8")
