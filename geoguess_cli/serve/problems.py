"""Refusals of the API: each is a status and one sentence, `{"error": "…"}`."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from geoguess_cli.errors import BusyError, GeoguessError, MissingFileError, ModelError, UploadError
from geoguess_cli.serve.records import Problem

RETRY_AFTER_SECONDS = 2

RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {
        404: "The server does not keep this photo, or no longer keeps it.",
        413: "The file is too large.",
        422: "The request is not valid; the sentence says why.",
        503: "The server is busy; `Retry-After` says when to ask again.",
    }.items()
}
"""The refusals that /openapi.json lists for every request."""

_STATUS = {UploadError: 413, BusyError: 503, MissingFileError: 404, ModelError: 500}


def add_problems(app: FastAPI) -> None:
    """Answer every error of the application with one sentence."""
    app.add_exception_handler(GeoguessError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _disconnected)


async def _refused(_: Request, error: Exception) -> JSONResponse:
    status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 422)
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == 503 else None
    return _problem(status, " ".join(str(error).split()), headers)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    return _problem(422, f"{where}: {first['msg']}")


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return _problem(error.status_code, str(error.detail), error.headers)


async def _disconnected(_: Request, __: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it


def _problem(status: int, sentence: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": sentence}, status_code=status, headers=headers)
