"""Occlusion maps in files: as a sheet of figures, as an array, as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from geoguess_cli.choices import View
from geoguess_cli.drawing.saving import save_figure
from geoguess_cli.errors import OutputError
from geoguess_cli.files import replacing, write_text
from geoguess_cli.occlusion.explanation import Explanation
from geoguess_cli.occlusion.records import explanation_record
from geoguess_cli.photos.decoder import decode_photo

FIGURE_ENDINGS = (".png", ".svg", ".pdf")
DATA_ENDINGS = (".npy", ".json")

_LEAST_PIXELS = 800  # of a photo's shorter side on a sheet


def write_occlusion(
    explanations: Sequence[Explanation],
    path: Path,
    *,
    view: View = "overlay",
) -> None:
    """Write the maps of photos in the format of the path's ending.

    .npy holds the drops of each pixel: (height, width), or (photos, height, width) for several
    photos. .json holds the record of one photo, or a list of records.

    Args:
        explanations: At least one; at most `figures.MOST_PHOTOS` for a figure.
        path: The file; it ends in one of `FIGURE_ENDINGS` or `DATA_ENDINGS`.
        view: How a figure shows the maps.

    Raises:
        OutputError: The ending is not one of these, or a figure of a photo without a file is asked
            for.
        PhotoError: A photo cannot be read any more.
    """
    ending = path.suffix.lower()
    if ending == ".npy":
        drops = np.stack([one.occlusion.drop for one in explanations])
        with replacing(path) as temporary:
            np.save(temporary, drops[0] if len(drops) == 1 else drops)
    elif ending == ".json":
        records = [explanation_record(one) for one in explanations]
        write_text(json.dumps(records[0] if len(records) == 1 else records), path)
    elif ending in FIGURE_ENDINGS:
        from geoguess_cli.occlusion.figures import occlusion_sheet

        if any(one.photo == Path() for one in explanations):
            raise OutputError(
                f"{path} must show the photo, which has no file; write .npy or .json instead"
            )
        pictures = [
            decode_photo(one.photo, at_least=_LEAST_PIXELS, max_pixels=None) for one in explanations
        ]
        save_figure(occlusion_sheet(explanations, pictures, view=view), path)
    else:
        raise OutputError(f"{path} must end in one of {', '.join(FIGURE_ENDINGS + DATA_ENDINGS)}")
