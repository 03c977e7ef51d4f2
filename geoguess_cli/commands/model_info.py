"""`geoguess model info`: what a model folder or an ONNX file holds."""

from typing import TYPE_CHECKING

from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.output import Sink
from geoguess_cli.console.verbs import configured
from geoguess_cli.wording import byte_size

if TYPE_CHECKING:
    from geoguess_cli.report.model_summary import ModelSummary

OF_ONNX = "graph, cells, photo transform, decision, what the training photos are like"
"""What an ONNX file holds."""


@configured("artifacts")
def info(model: options.ModelArgument = None, *, config: Config, sink: Sink) -> None:
    """Show what a model holds: encoder, cells, decision, evaluation, files, licence."""
    from geoguess_cli.report.model_summary import model_summary

    summary = model_summary(model or config.model_path)
    sink.result(summary.record(), lambda: _show(summary, sink))
    if summary.doubt:
        sink.warn(summary.doubt)


def _show(summary: "ModelSummary", sink: Sink) -> None:
    """The properties, the evaluation and the files, a table each."""
    from geoguess_cli.hub.address import shown
    from geoguess_cli.model.folder import FILES

    sink.table(("what", "value"), summary.rows(), title=shown(summary.folder))
    measured = summary.facts.measured
    if measured is not None:
        sink.text("")
        sink.table(
            ("statistic", "value", "95 % interval"),
            [(one.name, one.text.value, one.text.interval) for one in measured.results],
            title=f"{measured.photos:,} photos of the split {measured.split}, in "
            f"{measured.sequences:,} sequences",
            right=("value", "95 % interval"),
        )
    sink.text("")
    sink.table(
        ("file", "holds", "size"),
        [(name, FILES.get(name, OF_ONNX), byte_size(size)) for name, size in summary.files.items()],
        title=f"{byte_size(sum(summary.files.values()))} in all",
        right=("size",),
    )
