"""`geoguess calibrate`: fit the temperature and the point method of an existing model."""

from geoguess_cli.console import options
from geoguess_cli.console.fits import fit_on_validation, show_fit
from geoguess_cli.console.inputs import (
    check_leaks,
    load_predictor,
    read_photos,
    require_splits,
    settings,
)
from geoguess_cli.console.output import Sink
from geoguess_cli.errors import PhotoTableError


def calibrate(
    *,
    photos: options.Photos = None,
    model: options.Model = None,
    output: options.Output = None,
    batch_size: options.BatchSize = None,
    device: options.DeviceOption = None,
    precision: options.PrecisionOption = None,
    workers: options.Workers = None,
    config: options.ConfigFile = None,
    artifacts: options.Artifacts = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
) -> None:
    """Make probabilities mean what they say, by the validation photos; the weights do not change.

    `train` ends with this step. Run it again for a model trained before, or with other validation
    photos. The model folder is written again; with -o another folder is written instead.
    """
    from geoguess_cli.model.checkpoint import save_model

    sink = Sink(quiet=quiet, as_json=json)
    chosen = settings(
        config,
        photos=photos,
        artifacts=artifacts,
        device=device,
        precision=precision,
        workers=workers,
        train__batch_size=batch_size,
    )
    table = read_photos(chosen.photos, sink)
    require_splits(table, "val")
    check_leaks(table, "val", sink)
    predictor = load_predictor(chosen, model)
    fit = fit_on_validation(predictor, table, chosen, sink)
    for _, reason in fit.failures:
        sink.warn(f"{reason}; it counts in no statistic")
    if fit.before is None:
        raise PhotoTableError(
            f"{chosen.photos}: {fit.reason}, so nothing can be fitted and the model does not "
            "change; name a table with other validation photos by --photos"
        )
    folder = output or model or chosen.model_path
    save_model(folder, fit.applied_to(predictor.trained))
    if json:
        sink.json({**fit.record(), "path": str(folder)})
    show_fit(fit, sink)
    sink.wrote("model", folder)
