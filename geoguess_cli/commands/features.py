"""`geoguess features`: features of photos, computed once and kept."""

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.inputs import photos_of_split, read_photos
from geoguess_cli.console.models import folder_of
from geoguess_cli.console.output import Sink
from geoguess_cli.console.stopping import duration
from geoguess_cli.console.verbs import configured
from geoguess_cli.names import text_of
from geoguess_cli.wording import byte_size, counted, parts_in_words

if TYPE_CHECKING:
    from geoguess_cli.features.store import FeatureStore

app = typer.Typer(
    no_args_is_help=True, help="Keep the features of photos, so that no photo is read twice."
)

DAY_S = 86_400.0


@app.command()
@configured(
    "photos", "train__batch_size", "device", "precision", "workers", "max_pixels", "artifacts"
)
def build(
    *,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            metavar="MODEL",
            help="Take the encoder of this model folder, or of hf://OWNER/NAME, instead.",
        ),
    ] = None,
    split: options.Split = "all",
    config: Config,
    sink: Sink,
) -> None:
    """Read the photos whose features are not kept yet, with the encoder of the configuration.

    Training, calibration and evaluation do this by themselves; this verb does it ahead of them.
    Stopped at any moment, it goes on where it was.
    """
    if model is not None:
        folder_of(config, model)
    from geoguess_cli.model.checkpoint import load_model
    from geoguess_cli.training.feature_build import build_features

    table = read_photos(config.photos, sink, columns=config.columns).table
    table = photos_of_split(table, split, sink)
    trained = None if model is None else load_model(model)
    with sink.counter("features") as move:
        built = build_features(config, table, trained=trained, on_photos=move)
    for photo, reason in built.failures:
        sink.warn(f"{photo}: {reason}; it has no features")
    if sink.as_json:
        sink.json(
            {
                "photos": built.photos,
                "failed": len(built.failures),
                "stores": [_record(store) for store in built.stores],
            }
        )
    for store in built.stores:
        sink.wrote("features", store.folder)


@app.command()
@configured("artifacts")
def info(*, config: Config, sink: Sink) -> None:
    """List the kept features: encoder, view, photos, size on the disk, last use."""
    from geoguess_cli.features.folder import stores_in

    stores = stores_in(config.features_path)
    if not stores and not sink.as_json:
        sink.notice(f"there are no features in {config.features_path}")
        return
    records = [_record(store) for store in stores]
    sink.result(
        records,
        lambda: sink.table(
            ("store", "encoder", "px", "view", "type", "width", "photos", "size", "last used"),
            [
                (
                    Path(row["path"]).name,
                    row["encoder"],
                    row["image_size"],
                    row["view"],
                    row["dtype"],
                    row["width"],
                    f"{row['photos']:,}",
                    byte_size(row["bytes"]),
                    row["last_used"],
                )
                for row in records
            ],
            title=f"{byte_size(sum(row['bytes'] for row in records))} in {config.features_path}",
            right=("px", "width", "photos", "size"),
        ),
    )


@app.command()
@configured("photos", "artifacts")
def prune(
    *,
    unused: Annotated[
        float,
        typer.Option(
            "--unused",
            metavar="TIME",
            parser=duration,
            help="Delete what was not used for so long (30d, 12h; 0s deletes all).",
        ),
    ] = "30d",  # type: ignore[assignment]
    rows: Annotated[
        bool,
        typer.Option(
            "--rows", help="Also drop photos that changed or that the photo table does not name."
        ),
    ] = False,
    config: Config,
    sink: Sink,
) -> None:
    """Delete kept features that nobody used for a month; they can be computed again."""
    from geoguess_cli.features.folder import prune as delete
    from geoguess_cli.features.folder import stores_in
    from geoguess_cli.features.lookup import KeyedPhotos

    deleted = delete(config.features_path, unused_days=unused / DAY_S)
    dropped = 0
    if rows:
        photos = KeyedPhotos(read_photos(config.photos, sink, columns=config.columns).table.files)
        dropped = sum(photos.prune(store) for store in stores_in(config.features_path))
    freed = sum(size for _, size in deleted)
    sink.result(
        {"stores": [text_of(path) for path, _ in deleted], "bytes": freed, "rows": dropped},
        lambda: sink.text(
            f"{counted(len(deleted), 'store')} deleted, {byte_size(freed)}"
            + (f"; {counted(dropped, 'row')} dropped from the others" if rows else "")
        ),
    )


def _record(store: "FeatureStore") -> dict[str, Any]:
    """A store as plain JSON."""
    about = store.about
    return {
        "path": text_of(store.folder),
        "encoder": parts_in_words(about.backbone, about.vit),
        "fingerprint": about.encoder,
        "image_size": about.size,
        "view": about.view,
        "dtype": about.dtype,
        "width": about.width,
        "photos": len(store),
        "bytes": store.disk_bytes,
        "last_used": datetime.datetime.fromtimestamp(store.used).strftime("%Y-%m-%d %H:%M"),
    }
