"""`geoguess serve`: the model behind one local page."""

import dataclasses
import sys
from importlib.util import find_spec
from typing import Annotated

import typer

from geoguess_cli.config import Config
from geoguess_cli.console import options
from geoguess_cli.console.inputs import originals_of
from geoguess_cli.console.models import load_predictor
from geoguess_cli.console.output import Sink
from geoguess_cli.console.verbs import configured
from geoguess_cli.errors import DependencyError
from geoguess_cli.extras import install_command

NEEDED = {"fastapi": "FastAPI", "uvicorn": "uvicorn", "bokeh": "Bokeh"}


@configured("device", "precision", "artifacts")
def serve(
    *,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            metavar="ADDRESS",
            help="Address to listen at; 0.0.0.0 lets other machines in.",
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", min=0, max=65535, help="Port to listen at; 0 takes a free port."),
    ] = 8000,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            "--allow-host",
            metavar="NAME",
            help="Host name that browsers may use, besides addresses and localhost. Repeatable.",
        ),
    ] = None,
    max_upload_mb: Annotated[
        int, typer.Option("--max-upload-mb", min=1, metavar="MB", help="Largest photo file, in MB.")
    ] = 20,
    max_pixels: Annotated[
        int,
        typer.Option(
            "--max-pixels",
            min=1,
            metavar="N",
            help="Largest width × height of a photo that is held.",
        ),
    ] = 64_000_000,
    keep: Annotated[
        int,
        typer.Option(
            "--keep",
            min=1,
            metavar="N",
            help="Number of photos to keep in memory; the oldest go first.",
        ),
    ] = 32,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the default browser.")
    ] = False,
    within: options.WithinOption = None,
    model: options.ModelOption = None,
    config: Config,
    sink: Sink,
) -> None:
    """Serve a local page: drop photos on it, and see guesses, maps and occlusion maps."""
    missing = [name for module, name in NEEDED.items() if find_spec(module) is None]
    if missing:
        raise DependencyError(f"the page needs {' and '.join(missing)}: {install_command('serve')}")
    from geoguess_cli.serve.api import create_app
    from geoguess_cli.serve.server import Server, address_of, is_loopback, listening_socket
    from geoguess_cli.serve.service import Limits, Service

    config = dataclasses.replace(config, max_pixels=max_pixels)
    limits = Limits(upload_bytes=max_upload_mb * 1_000_000, photos=keep, pixels=max_pixels)
    with listening_socket(host, port) as listening:
        url = address_of(listening, host)
        if not is_loopback(listening):
            sink.warn(
                f"other machines can reach {host}, and with it the model; there is no password and "
                "no encryption"
            )

        def ready() -> None:
            sink.json({"url": url}) if sink.as_json else sink.text(url)
            sys.stdout.flush()  # a program that reads the pipe waits for the address
            sink.notice("photos stay in memory; Ctrl-C stops the server")
            if open_page:
                typer.launch(url)

        names = {name.lower() for name in [host, *(allow_host or [])]}
        predictor = load_predictor(config, model, exact=True, within=within)
        with Service(predictor, limits, originals_of(config)) as service:
            server = Server(create_app(service, names=names), on_ready=ready)
            try:
                server.run(sockets=[listening])
            except KeyboardInterrupt:
                sink.notice("stopped")
