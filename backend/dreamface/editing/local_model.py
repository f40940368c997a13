"""The language model of the user's own that helps to understand talk, where one is installed. Never needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

from dreamface.editing.talking import Understand
from dreamface.language import Message, ModelTalk, understand
from dreamface.models import TALK_MODEL, model_folder

_PACKAGE: Final = "llama_cpp"
_CONTEXT: Final = 4096  # tokens: the task, the schema's words and what was said
_LONGEST_ANSWER: Final = 400  # tokens


def understanding() -> Understand:
    """Return what understands talk here: the built-in words, with an installed model's help where they do not do.

    Nothing is loaded before something is said that the built-in words do not understand.
    """
    if not TALK_MODEL.installed or find_spec(_PACKAGE) is None:
        return understand
    return ModelTalk(_complete)


def _complete(messages: Sequence[Message], schema: Mapping[str, Any]) -> str:
    """Return the model's answer; the same to the same words every time."""
    answer = _model(str(model_folder(TALK_MODEL.name) / TALK_MODEL.file)).create_chat_completion(
        messages=[dict(message) for message in messages],
        response_format={"type": "json_object", "schema": dict(schema)},
        temperature=0.0,
        seed=0,
        max_tokens=_LONGEST_ANSWER,
    )
    return str(answer["choices"][0]["message"]["content"])


@cache
def _model(path: str) -> Any:
    """Return the model, loaded once."""
    return import_module(_PACKAGE).Llama(model_path=path, n_ctx=_CONTEXT, verbose=False)
