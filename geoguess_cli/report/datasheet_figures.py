"""The figures of a datasheet: where the photos lie, and when they were taken."""

from collections.abc import Callable, Mapping

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from geoguess_cli.drawing import theme
from geoguess_cli.maps.density import density_cells, density_values
from geoguess_cli.maps.figures import cells_map
from geoguess_cli.report.charts import chart, headed
from geoguess_cli.report.datasheet import Datasheet
from geoguess_cli.wording import counted


def datasheet_figures(sheet: Datasheet) -> dict[str, Callable[[], Figure]]:
    """How to draw each figure of a datasheet, by the name that its page uses for it."""
    figures: dict[str, Callable[[], Figure]] = {"places": lambda: places_figure(sheet)}
    dates = sheet.dates
    if dates is not None and len(dates.years) > 1:
        figures["years"] = lambda: years_figure(dates.years)
    return figures


def places_figure(sheet: Datasheet) -> Figure:
    """A map of the photos: cells of one size, coloured by the photos in each."""
    cells = density_cells(sheet.latlng)
    title = f"Where {counted(sheet.photos, 'photo')} were taken"
    return cells_map(cells, density_values(cells), title=title)


@theme.styled
def years_figure(years: Mapping[int, int]) -> Figure:
    """Photos by year.

    Args:
        years: Number of photos of each year, from the first to the last.
    """
    figure, ax = chart(2.4)
    ax.bar(list(years), list(years.values()), width=0.82, color=theme.BLUE, gid="photos")
    ax.set(xlim=(min(years) - 0.6, max(years) + 0.6), ylabel="photos", xlabel="year, in UTC")
    ax.set_ylim(0, 1.08 * max(max(years.values()), 1))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=min(len(years), 8)))
    ax.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.tick_params(axis="x", length=0)
    ax.grid(axis="y")
    return headed(figure, "When were the photos taken?")
