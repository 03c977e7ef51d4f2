"""What tests of figures share: parts of a figure by their id, its texts, and no trace in pyplot."""

from collections.abc import Iterator

import matplotlib
import pytest
from matplotlib._pylab_helpers import Gcf
from matplotlib.figure import Figure


@pytest.fixture
def leaves_no_trace() -> Iterator[None]:
    """No figure is known to pyplot, and no setting of matplotlib changes."""
    before = dict(matplotlib.rcParams)
    yield
    assert not Gcf.get_all_fig_managers()
    assert dict(matplotlib.rcParams) == before


def by_gid(figure: Figure, gid: str) -> list:  # type: ignore[type-arg]
    """The artists of a figure with this id."""
    return figure.findobj(lambda artist: artist.get_gid() == gid)


def texts_of(figure: Figure) -> list[str]:
    """All texts of a figure, once it is drawn."""
    figure.canvas.draw()
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text)]
