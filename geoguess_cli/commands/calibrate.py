"""`geoguess calibrate`: fit the temperature and the point method of an existing model."""

import dataclasses
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.fits import fit_on_validation, show_fit, show_memory
from geoguess_cli.console.inputs import check_leaks, read_photos, require_splits
from geoguess_cli.console.models import folder_of, load_predictor
from geoguess_cli.console.output import Sink
from geoguess_cli.console.verbs import ANSWERING, configured
from geoguess_cli.errors import PhotoTableError

if TYPE_CHECKING:
    from geoguess_cli.model.processes import Processes


@configured("photos", *ANSWERING, helped=True)
def calibrate(
    *,
    model: options.FolderOption = None,
    memory: Annotated[
        bool | None,
        typer.Option(
            "--memory/--no-memory",
            help="Let the model carry the features of its training photos, and their names, so "
            "that it can show those that a photo resembles; or take them out. Without either, "
            "what it carries stays.",
        ),
    ] = None,
    views: options.ViewsOption = 1,
    output: options.Output = None,
    config: Config,
    sink: Sink,
    processes: "Processes | None",
) -> None:
    """Fit the temperature and the point estimate on the validation photos; keep the weights.

    Afterwards the model's probabilities mean what they say. `train` ends with this step. Run it
    again for an older model, or with other validation photos. The model folder is written again;
    with -o another folder is written instead.

    --views K fits how alike K views of a photo are as evidence, for `predict` and `eval` --views.
    """
    folder = folder_of(config, model)
    from geoguess_cli.files import check_writable
    from geoguess_cli.model.checkpoint import save_model
    from geoguess_cli.model.trained import with_network

    path = output or folder
    check_writable(path.parent)
    table = read_photos(config.photos, sink, columns=config.columns).table
    require_splits(table, "val")
    check_leaks(table, "val", sink)
    predictor = load_predictor(config, model, keeps=True, processes=processes)
    trained = with_network(predictor.trained)
    if memory is False:
        trained = dataclasses.replace(trained, memory=None)
    seeing = None
    if views > 1:
        seeing = load_predictor(config, model, keeps=True, views=views, processes=processes)
    fit = fit_on_validation(predictor, table, config, sink, memory=memory, views=seeing)
    for _, reason in fit.failures:
        sink.warn(f"{reason}; it counts in no statistic")
    if fit.before is None:
        raise PhotoTableError(
            f"{config.photos}: {fit.reason}, so nothing can be fitted and the model does not "
            "change; name a table with other validation photos by --photos"
        )
    save_model(path, fit.applied_to(trained))
    if sink.as_json:
        sink.json({**fit.record(), "path": str(path)})
    show_fit(fit, sink)
    show_memory(fit.memory, sink)
    sink.wrote("model", path)
