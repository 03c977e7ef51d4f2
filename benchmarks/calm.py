"""Calms compute threads as the command line does; import it before numpy and torch."""

import os

from geoguess_cli.console.streams import calm_threads

calm_threads(os.environ)
