"""The part of the HTTP API that edits are made with."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Response

from dreamface.service import schemas
from dreamface.service.jobs import Workers
from dreamface.service.naming import Naming
from dreamface.service.uploads import Uploads
from dreamface.service.worker_process import PAINT_LIMIT


def add_edits(app: FastAPI, workers: Workers, uploads: Uploads, naming: Naming) -> None:
    """Add the routes to the application."""
    known: dict[int | str, dict[str, Any]] = {
        200: {"content": {"application/octet-stream": {}}, "description": "the file's bytes"},
        409: {"model": schemas.Problem, "description": "a job is painting: ask again in a moment"},
    }

    @app.post(
        "/paint", tags=["edits"], summary="What an edit changes in a head's textures, as .npz", responses=known,
        response_class=Response,
    )  # fmt: skip
    async def paint(asked: schemas.Paint) -> Response:
        """An uncompressed .npz of the maps that differ; other maps are the same.

        For each of them `<tile>/<channel>` [h, w, C]: the smallest window that holds all changes, uint8 as in the map's
        PNG, or float32 metres of displacement. `<tile>/<channel>/at`, int32 [2]: its top row and left column; row 0 is
        at v = 1. `whole` names maps that were not there before, and are sent whole; `gone` those that are no longer.

        409 while a job paints: ask again in a moment. The head and what was painted last are kept for two minutes.
        """
        arguments = asked.model_dump() | {"files": _files(uploads, asked.pictures)}
        if asked.offset is not None:
            arguments["offset"] = _files(uploads, (asked.offset,))[asked.offset]
        _, payload = await workers.ask("paint", arguments, PAINT_LIMIT)
        return Response(payload, media_type="application/octet-stream")

    @app.get("/edits", tags=["edits"], summary="Every word that works in an edit, and the regions")
    async def vocabulary() -> schemas.EditVocabulary:
        result, _ = await workers.ask("edit_vocabulary", {})
        return schemas.EditVocabulary.model_validate(result)

    @app.post("/edits/read", tags=["edits"], summary="What the words of an edit ask for")
    async def read(asked: schemas.EditWords) -> schemas.EditReading:
        result, _ = await workers.ask("read_edit", asked.model_dump())
        return schemas.EditReading.model_validate(result)

    @app.post("/talk", tags=["edits"], summary="What comes of something that is said to a face")
    async def talk(asked: schemas.Talk) -> schemas.TalkReply:
        """Orders give another stack, questions an answer, and both another turn of the conversation.

        The stack is made by a job `edit` whose face has it and the conversation. What can't be followed is a sentence.
        """
        naming.check(asked)
        result, _ = await workers.ask("talk", asked.model_dump(), PAINT_LIMIT)
        return schemas.TalkReply.model_validate(result)

    @app.post("/edits/carry", tags=["edits"], summary="Edits of one face as another can have them")
    async def carry(asked: schemas.Carry) -> schemas.CarriedEdits:
        """Also from a head of one model to one of another. 400 with a sentence where that can't be done."""
        arguments = asked.model_dump() | {"files": _files(uploads, asked.pictures)}
        result, _ = await workers.ask("carry_edits", arguments, PAINT_LIMIT)
        return schemas.CarriedEdits.model_validate(result)

    @app.post("/edits/picture", tags=["edits"], summary="Make a file one that an edit can refer to")
    async def picture(asked: schemas.EditPicture) -> schemas.KeptPicture:
        """The PNG that comes of it is among the uploads; a mask that is black all over is refused."""
        place = _files(uploads, (asked.picture,))[asked.picture]
        result, png = await workers.ask("edit_picture", {"path": place, "kind": asked.kind})
        return schemas.KeptPicture(sha=await uploads.mine.keep(png), png=base64.b64encode(png).decode(), **result)


def _files(uploads: Uploads, digests: Sequence[str]) -> dict[str, str]:
    """Return where uploads of whoever asks lie, by their SHA-256, and keep them for another month.

    Raises:
        BadRequest: one is not here.
    """
    uploads.mine.check(digests)
    return {digest: str(uploads.mine.file(digest)) for digest in digests}
