"""`geoguess model push`: publish a model on the Hugging Face hub."""

from typing import TYPE_CHECKING, Annotated

import typer

from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.addresses import HubArgument
from geoguess_cli.console.asking import confirm
from geoguess_cli.console.output import Sink
from geoguess_cli.console.verbs import configured
from geoguess_cli.wording import byte_size

if TYPE_CHECKING:
    from geoguess_cli.model.publishing import PushPlan


@configured("artifacts")
def push(
    address: HubArgument,
    model: options.FolderArgument = None,
    *,
    private: Annotated[
        bool, typer.Option("--private", help="Make a new repository private.")
    ] = False,
    without_memory: Annotated[
        bool,
        typer.Option(
            "--without-memory", help="Leave out the memory, which names training photos and places."
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Publish without a question.")] = False,
    config: Config,
    sink: Sink,
) -> None:
    """Publish a model folder as a Hugging Face model repository, after showing what would go.

    It warns where places or paths of photos go along, and refuses a model whose card names no
    licence. Credentials are those of the hub's client (`hf auth login`, or HF_TOKEN).
    """
    from geoguess_cli.model.publishing import plan_push
    from geoguess_cli.model.publishing import push as publish

    plan = plan_push(
        model or config.model_path, address, private=private, memory=not without_memory
    )
    _announce(plan, sink)
    if not yes:
        again = f"geoguess model push {address} --yes"
        confirm("Publish it?", f"nothing was published; `{again}` publishes without a question")
    done = publish(plan, quiet=not sink.shows_progress)
    for warning in done.warnings:
        sink.warn(warning)
    record = {
        "address": str(address),
        "revision": done.revision,
        "page": done.page,
        "files": plan.sizes,
        "deleted": list(plan.deleted),
        "warnings": [*plan.warnings, *done.warnings],
    }
    sink.result(record, lambda: sink.text(done.page))
    sink.notice(f"next: geoguess predict PHOTO --model {address}")


def _announce(plan: "PushPlan", sink: Sink) -> None:
    """What would be published, where, for whom, and what it gives away."""
    from geoguess_cli.model.folder import FILES

    for name, size in plan.sizes.items():
        sink.notice(f"{name:<24} {byte_size(size):>8}  {FILES[name]}")
    sink.notice(f"in all   {byte_size(sum(plan.sizes.values()))}")
    sink.notice(f"to       {plan.address}, {plan.seen_by}")
    facts = plan.facts
    called = f"{facts.name}, " if facts.name else ""
    of = f", learned from {', '.join(facts.datasets)}" if facts.datasets else ""
    sink.notice(f"card     {called}licence {facts.licence}{of}")
    if plan.left:
        sink.notice(f"left out {', '.join(plan.left)}: not files of a model")
    if plan.deleted:
        sink.notice(
            f"removed  {', '.join(plan.deleted)}; earlier revisions of the repository keep them"
        )
    for sentence in plan.warnings:
        sink.warn(sentence)
