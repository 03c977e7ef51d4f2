"""Interactive maps: figures and pages that need no network, by Bokeh (the extra `interactive`).

`map_page` and `cells_page` write a whole page. A server sends `assets`, then for each photo what
`map_item` and `map_view` give and once the `palettes`; `GeoguessMap` in `map.js` draws it.
"""

from geoguess_cli.maps.interactive.cells_page import cells_item, cells_page, cells_plane
from geoguess_cli.maps.interactive.figures import TIP_STYLES, map_figure
from geoguess_cli.maps.interactive.html import assets
from geoguess_cli.maps.interactive.map_page import map_item, map_page, map_view
from geoguess_cli.maps.interactive.palette import palettes
from geoguess_cli.maps.interactive.plane import Plane, plane_of

__all__ = [
    "TIP_STYLES",
    "Plane",
    "assets",
    "cells_item",
    "cells_page",
    "cells_plane",
    "map_figure",
    "map_item",
    "map_page",
    "map_view",
    "palettes",
    "plane_of",
]
