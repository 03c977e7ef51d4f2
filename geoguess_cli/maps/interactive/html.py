"""A whole page: one HTML file with its map, photos and scripts, which asks for nothing more.

A content-security policy in the page holds it to that.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from geoguess_cli.maps.interactive.figures import script_path
from geoguess_cli.maps.interactive.palette import palettes, style_variables

_CREDIT = "Map: Natural Earth and US Census Bureau. Towns: GeoNames, CC BY 4.0."


def assets() -> dict[str, str]:
    """What a server sends beside an item, by the names of the files.

    `bokeh.min.js` and then `map.js`, which defines `GeoguessMap`; `map.css` has the colours, and
    classes for what lies on a map.
    """
    return {
        "bokeh.min.js": script_path().read_text(encoding="utf-8"),
        "map.js": _static("map.js"),
        "map.css": style_variables(),
    }


def filled_page(views: list[dict[str, Any]], *, label: str, aside: str, **content: Any) -> str:
    """The page of some views that share maps.

    Args:
        views: What to show in turns, the first at first: the keys are those that `page.js` reads.
        label: What the map is, for those who listen.
        aside: What stands beside it, likewise.
        content: What else the page's script reads.
    """
    scripts = {
        "bokeh": script_path().read_text(encoding="utf-8"),
        "map": _static("map.js"),
        "page": _static("page.js"),
    }
    # A script ends at the first `</script`, even within a text of it.
    scripts = {name: text.replace("</script", "<\\/script") for name, text in scripts.items()}
    everything = {"views": views, "palettes": palettes(), **content}
    data = json.dumps(everything, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
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
    filled = [start]
    for piece in pieces:
        name, _, rest = piece.partition("}}")
        filled += [parts[name], rest]
    return "".join(filled)


def _policy(scripts: Iterable[str]) -> str:
    """Only these scripts, only pictures within the page, and no connection anywhere."""
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
