"""A language model of the user's own behind the same interface: a stand-in for it, and how its file is installed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dreamface import editing, language, models
from dreamface.editing import local_model
from dreamface.errors import BadRequest
from dreamface.language import Change, Context, Nothing, Question, Scale, Take, Undo
from dreamface.models import talk_model
from dreamface.traits import Traits

FACE = Context(Traits({"age": 40.0, "gender": -1.0, "nose.width": 0.2}), ("Anna",))
STRANGE = "her conk is a tad on the generous side"  # nothing in our words


class StandIn:
    """A language model that says what it was told to, and remembers what it was asked."""

    def __init__(self, *steps: Mapping[str, Any], text: str = "") -> None:
        self.text = text or json.dumps({"steps": list(steps)})
        self.asked: list[Sequence[Mapping[str, str]]] = []

    def __call__(self, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> str:
        assert schema is language.TALK_SCHEMA
        self.asked.append(messages)
        return self.text


def heard(model: StandIn, text: str = STRANGE) -> list[Any]:
    return list(language.ModelTalk(model)(text, FACE))


@pytest.mark.parametrize(
    ("answer", "step"),
    [
        (
            {"do": "words", "words": "narrower nose", "strength": 0.5},
            Change("narrower nose", 0.5, said="narrower nose"),
        ),
        ({"do": "undo", "count": 2}, Undo(2)),
        ({"do": "scale", "factor": 99}, Scale(4.0)),
        ({"do": "take", "parts": ["nose"], "of": "Anna"}, Take(language.find_parts("nose"), "Anna")),
        ({"do": "hold", "parts": ["nose"]}, language.Hold(language.find_parts("nose"))),
        ({"do": "question", "about": "why", "traits": ["nose.width"]}, Question("why", ("nose.width",))),
        ({"do": "nothing"}, Nothing(language.NOT_UNDERSTOOD)),
        ({"do": "words", "words": "fghj", "strength": 1}, Nothing(language.NOT_UNDERSTOOD)),
    ],
)
def test_what_a_model_says_becomes_the_same_steps(answer: dict[str, Any], step: Any) -> None:
    assert heard(StandIn(answer)) == [step]


def test_a_trait_that_a_model_sets_changes_the_face() -> None:
    model = language.ModelTalk(StandIn({"do": "set", "trait": "nose.width", "value": -9}))
    (step,) = model(STRANGE, FACE)
    assert language.difference(step, FACE.traits).of(FACE.traits).number("nose.width") == -3.0, "within its range"


def test_where_our_words_suffice_the_model_is_not_asked() -> None:
    model = StandIn({"do": "restart"})
    assert heard(model, "undo that") == [Undo(1)] and heard(model, "a wider nose")[0].words.endswith("wider nose")
    assert model.asked == []
    heard(model)
    assert STRANGE in model.asked[0][-1]["content"] and "Anna" in model.asked[0][-1]["content"]


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", '{"steps": 5}', '{"steps": [5]}', '{"steps": [{"do": "set", "trait": "eval", "value": 1}]}',
     '{"steps": [{"do": "set", "trait": "age", "value": "old"}]}', '{"steps": [{"do": "take", "parts": [], "of": ""}]}',
     '{"steps": [{"do": "question", "about": "politics", "traits": []}]}', "[" * 100_000],
)  # fmt: skip
def test_a_model_that_talks_nonsense_changes_nothing(text: str) -> None:
    assert heard(StandIn(text=text or " ")) == [Nothing(language.NOT_UNDERSTOOD)]


def test_a_model_that_fails_is_as_none() -> None:
    def fail(messages: Any, schema: Any) -> str:
        raise RuntimeError("out of memory")

    assert list(language.ModelTalk(fail)(STRANGE, FACE)) == [Nothing(language.NOT_UNDERSTOOD)]


def test_the_schema_allows_what_is_read_and_only_known_names() -> None:
    items = language.TALK_SCHEMA["properties"]["steps"]["items"]["oneOf"]
    assert {item["properties"]["do"]["const"] for item in items} == {
        "words", "set", "hold", "release", "undo", "redo", "scale", "restore", "take", "restart", "question", "nothing",
    }  # fmt: skip
    json.dumps(language.TALK_SCHEMA)


# ------------------------------------------------------------------------------------------------------------ its file


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DREAMFACE_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    file = tmp_path / "some-chat-model-q4.gguf"
    file.write_bytes(b"GGUF" + (3).to_bytes(4, "little") + bytes(1_100_000))
    return file


def test_any_gguf_file_is_installed_verified_and_removed(home: Path, gguf: Path) -> None:
    folder = models.install("talk-model", gguf)
    assert (folder / "model.gguf").read_bytes() == gguf.read_bytes() and models.TALK_MODEL.installed
    models.verify("talk-model")
    models.remove("talk-model")
    assert not models.TALK_MODEL.installed


def test_without_a_file_it_says_that_one_is_brought(home: Path) -> None:
    with pytest.raises(
        BadRequest, match=r"bring a GGUF file of your own \(`dreamface models install talk-model --from FILE`\)"
    ):
        models.install("talk-model")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04" + bytes(2_000_000), "no language model in the GGUF format"),
        (b"GGUF\x03\x00\x00\x00", "no language model in the GGUF format"),
        (b"GGUF\x09\x00\x00\x00" + bytes(2_000_000), "version 9 of the GGUF format"),
        (b"", "no language model in the GGUF format"),
    ],
)
def test_what_is_no_language_model_is_refused(home: Path, gguf: Path, content: bytes, words: str) -> None:
    gguf.write_bytes(content)
    with pytest.raises(BadRequest, match=words):
        models.install("talk-model", gguf)
    assert not models.TALK_MODEL.installed
    with pytest.raises(BadRequest, match="can't be read"):
        models.install("talk-model", gguf.parent / "nowhere.gguf")


def test_without_the_file_or_the_package_our_words_do_alone(
    home: Path, gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert editing.understanding() is language.understand
    models.install("talk-model", gguf)
    monkeypatch.setattr(local_model, "find_spec", lambda name: None)
    assert editing.understanding() is language.understand and "llama_cpp" not in sys.modules


def test_an_installed_model_is_asked_with_the_schema(home: Path, gguf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[dict[str, Any]] = []

    class Llama:
        def __init__(self, model_path: str, **_: Any) -> None:
            assert Path(model_path).read_bytes()[:4] == b"GGUF"

        def create_chat_completion(self, **asked: Any) -> dict[str, Any]:
            calls.append(asked)
            return {"choices": [{"message": {"content": '{"steps": [{"do": "undo", "count": 1}]}'}}]}

    monkeypatch.setitem(sys.modules, "llama_cpp", SimpleNamespace(Llama=Llama))
    monkeypatch.setattr(local_model, "find_spec", lambda name: object())
    models.install("talk-model", gguf)
    understand = editing.understanding()
    assert calls == [] and tuple(understand(STRANGE, FACE)) == (Undo(1),)
    assert calls[0]["response_format"]["schema"] == dict(language.TALK_SCHEMA) and calls[0]["temperature"] == 0.0
    local_model._model.cache_clear()


def test_the_catalogue_lists_it() -> None:
    (entry,) = (model.to_json() for model in models.MODELS if model.name == talk_model.NAME)
    assert entry["install_name"] == "talk-model" and entry["download_size"] == 0
