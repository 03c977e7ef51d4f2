"""`geoguess model card`: the model card of a model folder."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.config import Config
from geoguess_cli.console import asking, options
from geoguess_cli.console.inputs import read_photos
from geoguess_cli.console.output import Sink
from geoguess_cli.console.verbs import configured
from geoguess_cli.names import is_there

if TYPE_CHECKING:
    from geoguess_cli.report.model_card import CardPlan


@configured("photos", "artifacts")
def card(
    model: options.FolderArgument = None,
    *,
    licence: Annotated[
        str,
        typer.Option(
            "--licence",
            metavar="ID",
            help="Licence of the model, such as mit or cc-by-sa-4.0 (default: that of the card "
            "that is there; without one the verb asks).",
        ),
    ] = "",
    dataset: Annotated[
        list[str] | None,
        typer.Option(
            "--dataset",
            metavar="NAME",
            help="A data set that the training photos come from; repeat the option for more.",
        ),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What the model is called.")] = "",
    report: Annotated[
        Path | None,
        typer.Option(
            "--report",
            metavar="FILE",
            help="report.json of the model's evaluation (default: ARTIFACTS/eval/report.json, if "
            "it is of this model).",
        ),
    ] = None,
    config: Config,
    sink: Sink,
) -> None:
    """Write the model card: for people, and for the Hugging Face hub.

    It has the evaluation with its intervals, what the photo table says of the training photos,
    intended use and misuse, and how to use the model. Licence, name and data sets are yours to say:
    what you leave out is taken from the card that is there.
    """
    from geoguess_cli.model.front_matter import licence_id
    from geoguess_cli.report.model_card import find_report, plan_card

    folder = model or config.model_path
    table = None
    if is_there(config.photos):
        table = read_photos(config.photos, sink, columns=config.columns).table

    def planned(licence: str) -> "CardPlan":
        return plan_card(
            folder,
            name=name,
            licence=licence_id(licence) if licence else "",
            datasets=tuple(dataset or ()),
            report=report or find_report(folder, config.artifacts),
            table=table,
        )

    plan = planned(licence)
    if not plan.facts.licence and asking.is_answered():
        plan = planned(_asked_licence(plan))
    path = plan.write()
    for note in plan.notes:
        sink.warn(note)
    sink.result({"path": str(path), **plan.record()}, lambda: None)
    sink.wrote("model card", path)


def _asked_licence(plan: "CardPlan") -> str:
    """The licence that the user types; "" for none yet."""
    from geoguess_cli.model.front_matter import LICENCES

    for sentence in plan.facts.training[-1:]:
        typer.echo(f"The training photos: {sentence}", err=True)
    answer: str = typer.prompt(
        f"Licence of the model, one of {LICENCES} (Enter to choose later)",
        default="",
        show_default=False,
        err=True,
    )
    return answer
