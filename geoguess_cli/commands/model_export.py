"""`geoguess model export`: a trained model as one file that answers without torch."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.choices import ModelFormat
from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.inputs import expand_photos
from geoguess_cli.console.models import folder_of
from geoguess_cli.console.output import Sink
from geoguess_cli.console.verbs import configured
from geoguess_cli.names import text_of
from geoguess_cli.wording import byte_size, counted

if TYPE_CHECKING:
    from geoguess_cli.inference.exporting import Exported
    from geoguess_cli.photos.archives import PhotoFile


@configured("seed", "artifacts")
def export(
    *,
    to: Annotated[ModelFormat, typer.Option("--to", help="What to write.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file to write (default: the name of the model folder with .onnx).",
        ),
    ] = None,
    check: Annotated[
        list[Path] | None,
        typer.Option(
            "--check",
            metavar="PHOTO",
            help="A photo, folder or table of photos that the file must answer as the model does, "
            "besides random pictures. Repeatable.",
        ),
    ] = None,
    model: options.FolderOption = None,
    config: Config,
    sink: Sink,
) -> None:
    """Write a model as one ONNX file, which answers photos without torch.

    The file holds the network, its cells, its photo transform, its temperature and point method,
    and what it knows of its training photos in sum. It is written only if it answers as the model
    does: probabilities differ by at most 0.0001. `geoguess predict --model FILE` needs onnxruntime.
    """
    folder = folder_of(config, model)
    from geoguess_cli import api
    from geoguess_cli.files import check_writable
    from geoguess_cli.inference.exporting import ENDING, export_onnx
    from geoguess_cli.model.trained import with_network

    del to  # ONNX is the only one so far
    path = output or folder.with_name(f"{folder.name}{ENDING}")
    check_writable(path)
    photos: list[PhotoFile] = list(expand_photos(check, sink).files) if check else []
    config = dataclasses.replace(config, device="cpu", precision="fp32")
    trained = with_network(api.predictor_at(folder, config).trained)
    exported = export_onnx(trained, path, photos=photos, seed=config.seed)
    if trained.memory is not None:
        sink.notice(
            f"the features of {counted(len(trained.memory), 'training photo')} stay in the model "
            "folder: an ONNX file names no training photo that a photo resembles"
        )
    if trained.familiarity is None:
        sink.notice(trained.no_familiarity)
    sink.result(_record(exported), lambda: _show(exported, sink))
    sink.wrote("model", path)


def _record(exported: "Exported") -> dict[str, object]:
    return {
        "path": text_of(exported.path),
        "bytes": exported.size,
        "pictures": exported.pictures,
        "greatest_difference": exported.difference,
    }


def _show(exported: "Exported", sink: Sink) -> None:
    sink.text(
        f"{byte_size(exported.size)}; it answers {counted(exported.pictures, 'picture')} as the "
        f"model does: the greatest difference of a probability is {exported.difference:.1g}"
    )
