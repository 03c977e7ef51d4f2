"""Figures as files: equal figures give equal bytes, with fonts that journals accept."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import Any

from geoguess_cli.files import replacing


def save_figure(figure: Any, path: Path, *, dpi: int = 200) -> None:
    """Write a matplotlib figure in the format of the path's ending; equal figures, equal bytes."""
    with replacing(path) as temporary, _for_print():
        figure.savefig(temporary, dpi=dpi, metadata=_UNDATED.get(path.suffix.lower()))


def figure_png(figure: Any) -> bytes:
    """A matplotlib figure as the bytes of a PNG file, at the figure's own resolution."""
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()


def figure_svg(figure: Any) -> bytes:
    """A matplotlib figure as the bytes of an SVG file on a transparent ground."""
    file = BytesIO()
    with _for_print():
        figure.savefig(file, format="svg", transparent=True, metadata=_UNDATED[".svg"])
    return file.getvalue()


def save_pages(figures: Iterable[Any], path: Path, *, dpi: int = 200) -> list[Path]:
    """Write figures as the pages of one PDF, else as one file per page, and return the files.

    The file of a single page is `path`; several files are numbered from 1.
    """
    if path.suffix.lower() == ".pdf":
        from matplotlib.backends.backend_pdf import PdfPages

        with (
            replacing(path) as temporary,
            _for_print(),
            PdfPages(temporary, metadata=_UNDATED[".pdf"]) as pages,
        ):
            for figure in figures:
                pages.savefig(figure, dpi=dpi)
        return [path]
    # Look one page ahead, since a single page is not numbered.
    coming = iter(figures)
    page, written = next(coming, None), list[Path]()
    while page is not None:
        ahead = next(coming, None)
        single = not written and ahead is None
        name = path if single else path.with_stem(f"{path.stem}-{len(written) + 1}")
        save_figure(page, name, dpi=dpi)
        written.append(name)
        page = ahead
    return written


_UNDATED: dict[str, dict[str, Any]] = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}


def _for_print() -> AbstractContextManager[None]:
    """Settings for TrueType fonts, which journals accept, and for ids that do not change."""
    import matplotlib

    return matplotlib.rc_context({"pdf.fonttype": 42, "svg.hashsalt": "geoguess"})
