"""Interactive maps: figures and pages that need no network, by Bokeh (the extra `interactive`).

`map_page` and `cells_page` each write a whole page. A server sends `html.assets` and, once,
`palette.palettes`; for each photo it sends `figures.item` of a figure and `map_page.map_view`,
which `GeoguessMap` in `map.js` draws.
"""

from importlib.util import find_spec

from geoguess_cli.errors import DependencyError
from geoguess_cli.extras import install_command


def require_bokeh() -> None:
    """Raise DependencyError unless Bokeh is installed."""
    if find_spec("bokeh") is None:
        raise DependencyError(
            f"interactive maps need Bokeh, which is not installed; {install_command('interactive')}"
        )


require_bokeh()  # for every module of this room
