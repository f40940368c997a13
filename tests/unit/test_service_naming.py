"""What users may name on the machine of a shared service: what they sent, and what was made for them, and nothing else.

Every text that a request can hold is listed here, so that a new one is a decision: it names something on the machine
(`schemas.ON_MACHINE`), or it is a text of the artist's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock

import pytest

from dreamface.service.app import create_app
from dreamface.service.schemas import ON_MACHINE

TEXTS = frozenset({
    "Animate.tracker", "Diffusion.words", "EditWords.words", "ExploreAxis.name",
    "FromPhoto.face_id", "FromPhoto.tracker", "FromPhoto.words", "Generate.face_id",
    "Generate.head", "Generate.prompt", "Generate.without",
    "Glance.head", "Glance.prompt", "Glance.without", "Explore.keep", "FromPhoto.head", "FollowPins.head", "Groom.head",
    "ModelName.name", "ModelSource.name", "OtherFace.name", "Photograph.name", "Read.prompt", "Reshape.head",
    "SaveStyle.label", "SaveStyle.like", "SaveStyle.name", "SaveStyle.summary", "Talk.said", "TraitEntry.because",
    "TraitEntry.value", "Edit.traits", "EditWords.traits", "FromPhoto.traits", "Generate.traits", "Glance.traits",
    "Groom.traits", "Reshape.traits",
})  # fmt: skip
"""What is said, and names of what is in a list; nothing opens a file of that name."""

OPEN = frozenset({
    "Cards.face", "Cards.groom", "Carry.edits", "Carry.from", "Carry.to", "Diffusion.place", "Edit.face",
    "Explore.face", "FollowPins.history", "Generate.corrections", "Glance.corrections", "EditWords.corrections",
    "Groom.edits", "OtherFace.record", "Paint.face", "Paint.shown", "Reshape.edits", "SaveStyle.record",
    "SaveStyle.style", "Talk.face",
})  # fmt: skip
"""Records, edits, styles and histories: what is in them names pictures by their SHA-256."""

NAMED = frozenset({"Animate.source", "ModelSource.path", "Photograph.path", "StartLive.source", "Talk.folder"})
"""What names files, folders and cameras of the machine."""

IN_PATHS = {"job", "path", "sha256", "name", "session"}


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return create_app(MagicMock(), "t" * 16, None, MagicMock()).openapi()


def test_every_text_of_every_request_is_known(openapi: dict[str, Any]) -> None:
    texts, opened, named = set(), set(), set()
    for place, schema in _properties(openapi):
        if schema.get("x-on-machine"):
            named.add(place)
        elif any(_is_open(part) for part in _parts(schema)):
            opened.add(place)
        elif any(_is_text(part) for part in _parts(schema)):
            texts.add(place)
    assert named == NAMED and ON_MACHINE == {"x-on-machine": True}
    assert (texts, opened) == (TEXTS, OPEN), "say here what a new field is; see ON_MACHINE"
    for path, methods in openapi["paths"].items():
        for method, said in methods.items():
            for parameter in said.get("parameters", ()):
                known = parameter["in"] == "query" or parameter["name"] in IN_PATHS
                assert known, f"{method} {path}: what may {parameter['name']} name?"


def _properties(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the properties of all requests, as "Model.field", with their schemas."""
    schemas = openapi["components"]["schemas"]
    bodies = [said["requestBody"] for methods in openapi["paths"].values() for said in methods.values()
              if "requestBody" in said]  # fmt: skip
    waiting, seen = list(_references(bodies)), set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += _references(schemas[name])
            for field, schema in schemas[name].get("properties", {}).items():
                yield f"{name}.{field}", schema
    assert len(seen) > 25


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if schema.get("$ref", "").startswith("#/components/"):  # a record's own definitions lie in it
            yield schema["$ref"].rpartition("/")[2]
        for value in schema.values():
            yield from _references(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _references(value)


def _parts(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give a schema, and what it may be instead or hold."""
    yield schema
    for key in ("anyOf", "oneOf", "allOf"):
        for part in schema.get(key, ()):
            yield from _parts(part)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from _parts(schema[key])


def _is_text(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "string" and not schema.keys() & {"pattern", "enum", "const"}


def _is_open(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "object" and ("properties" in schema or schema.get("additionalProperties") is True)
