"""Interactive maps: figures and pages that need no network, by Bokeh (the extra `interactive`)."""

from geoguess_cli.explain.interactive.figures import map_figure
from geoguess_cli.explain.interactive.pages import map_item, map_page, map_view

__all__ = ["map_figure", "map_item", "map_page", "map_view"]
