"""Every error as one sentence: {"error": "..."}."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from dreamface.errors import BadRequest, Busy, DreamFaceError, NameTaken, UnknownName
from dreamface.service.access import limit_of
from dreamface.service.jobs import Conflict, NotFound, QuotaUsed
from dreamface.service.naming import NotYours
from dreamface.service.schemas import TOO_DEEP
from dreamface.service.worker_process import CallFailed

_STATUS: Mapping[type[DreamFaceError], int] = {
    BadRequest: 400, NotYours: 403, NotFound: 404, QuotaUsed: 429, UnknownName: 404, Conflict: 409, NameTaken: 409,
    Busy: 409, CallFailed: 500,
}  # fmt: skip
_UNAVAILABLE = 503  # the worker starts, the disk is full: later it may work
_NOT_JSON = "The request is not JSON."


def explain_errors(app: FastAPI) -> None:
    """Make an application answer every error with a sentence."""

    @app.exception_handler(DreamFaceError)
    async def expected(request: Request, error: DreamFaceError) -> JSONResponse:
        return _answer(str(error), _STATUS.get(type(error), _UNAVAILABLE))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return _answer(in_words(error.errors()[0]), 400)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        sentences = {
            400: TOO_DEEP if isinstance(error.__cause__, RecursionError) else _NOT_JSON,
            404: f"There is nothing at {request.url.path}: /openapi.json lists what there is.",
            405: f"{request.method} is not possible at {request.url.path}: /openapi.json lists what is.",
            413: limit_of(request.url.path)[1],
        }
        return _answer(sentences.get(error.status_code, str(error.detail)), error.status_code, error.headers)

    @app.exception_handler(Exception)  # uvicorn logs it
    async def bug(request: Request, error: Exception) -> JSONResponse:
        return _answer(f"DreamFace met a bug ({error!r}): please report it with the backend's log.", 500)


def in_words(problem: Mapping[str, Any]) -> str:
    """One problem that pydantic found, as a sentence."""
    kind, message = problem["type"], str(problem["msg"])
    if kind == "value_error":
        return message.removeprefix("Value error, ")  # one of our own sentences
    if kind == "json_invalid":
        return _NOT_JSON
    steps = [str(step) for step in problem["loc"][1:]]
    if not steps and kind.endswith(("_type", "missing")):
        return "The request must be a JSON object, sent as application/json."
    if "traits" in steps[:-1]:
        name = steps[steps.index("traits") + 1]
        return f"{name} takes a value, or an object with value, confidence (0 to 1) and because."
    where = ".".join(steps) or "the request"
    match kind:
        case "string_pattern_mismatch" if "64" in problem["ctx"]["pattern"]:
            return f"{where} takes 64 hexadecimal digits: the SHA-256 of the file."
        case "string_pattern_mismatch":
            return f"{where} takes 32 hexadecimal digits, such as uuid4().hex in Python."
        case "missing":
            return f"{where} is missing."
        case "extra_forbidden":
            return f"{where} is not known here; /openapi.json lists what is."
        case "union_tag_invalid" | "union_tag_not_found":
            known = problem["ctx"].get("expected_tags", "generate, edit, export, animate, install_model")
            return f"kind must be one of {known}."
    return f"{where}: {message}."


def _answer(sentence: str, status: int, headers: Mapping[str, str] | None = None) -> JSONResponse:
    text = sentence.encode("utf-8", "replace").decode()  # what came in may be half a surrogate pair
    return JSONResponse({"error": text}, status, headers)
