"""The reader's network is trained again, tiny, and what it was trained on is well formed."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dreamface.language import encoder, understanding
from dreamface.language.words import tokenize
from dreamface.training import reader
from dreamface.training.reader_prompts import CORPUS, Composer, Corpus, fill, load_corpus

FAMILIES = ("joy", "anger", "fear", "disgust", "sadness", "surprise", "contempt", "calm")
MOMENTS = json.loads((CORPUS / "moments.json").read_text("utf-8"))
LARGEST = 8_000_000  # bytes


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def test_moments_are_well_formed_and_new() -> None:
    others = json.loads((CORPUS / "situations.json").read_text("utf-8"))
    blind = Path(__file__).parents[2] / "benchmarks" / "prompts"
    tests = [
        json.loads((blind / folder / "situations.json").read_text("utf-8"))["situations"]
        for folder in ("", "development")
    ]
    known = {plain(entry["text"]) for entry in others} | {plain(entry["prompt"]) for one in tests for entry in one}
    texts = Counter(plain(entry["text"]) for entry in MOMENTS)
    assert [text for text, times in texts.items() if times > 1 or text in known] == []
    for entry in MOMENTS:
        assert (
            {"text", "form", "mixture", "strength"} <= entry.keys() <= {"text", "form", "mixture", "strength", "kinds"}
        )
        assert entry["form"] in ("act", "whole") and set(entry.get("kinds", ())) <= {"masked", "negated"}
        shares = list(entry["mixture"].values())
        assert set(entry["mixture"]) <= set(FAMILIES) and shares == sorted(shares, reverse=True), entry["text"]
        assert sum(shares) == pytest.approx(1, abs=2e-3) and 0 < entry["strength"] <= 1, entry["text"]
        assert not re.search(r"[{}]", fill(entry["text"], 0)), entry["text"]


def test_moments_are_many_of_each_feeling() -> None:
    assert len(MOMENTS) >= 2500
    strongest = Counter(next(iter(entry["mixture"])) for entry in MOMENTS)
    assert all(strongest[family] >= 250 for family in FAMILIES), strongest


def test_an_act_gets_somebody_who_does_it() -> None:
    act = {"text": "finds {their} cup broken", "form": "act", "mixture": {"sadness": 1.0}, "strength": 0.4}
    composer = Composer(load_corpus(False), 3)
    told = {composer.moment(act, plain=True).text for _ in range(60)}
    assert len(told) > 15 and all("{" not in text for text in told)
    assert any(re.match(r"she finds her cup", text) for text in told)


def test_the_shipped_weights_are_small() -> None:
    assert understanding._WEIGHTS.stat().st_size <= LARGEST


@pytest.mark.skipif(encoder.model_folder() is None, reason="the encoder's package is not installed")
def test_a_tiny_network_is_trained_kept_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load_corpus(False)
    small = Corpus(
        phrases={form: entries[:12] for form, entries in whole.phrases.items()},
        people={form: entries[:12] for form, entries in whole.people.items()},
        nothing=whole.nothing[:6], ages=whole.ages[:40], situations=whole.situations[:8],
        not_situations=whole.not_situations[:4],
    )  # fmt: skip
    monkeypatch.setattr(reader, "load_corpus", lambda held_out: small)
    monkeypatch.setattr(reader, "DEVELOPMENT", 4)
    monkeypatch.setattr(reader, "RAREST", 1)
    output = tmp_path / "reader.npz"
    reader.train(tmp_path, 1, 2, 12, output)
    first = {name: value.copy() for name, value in np.load(output).items()}
    output.unlink()
    reader.train(tmp_path, 1, 2, 12, output)  # finds both epochs done
    second = dict(np.load(output).items())
    assert first.keys() == second.keys() and all((first[name] == second[name]).all() for name in first)
    weights = [name for name in first if f"{name}.scale" in first]
    assert weights and all(first[name].dtype == np.int8 for name in weights)
    monkeypatch.setattr(understanding, "_WEIGHTS", output)
    understanding._learnt.cache_clear()
    try:
        understood = understanding.understand("a nose like a blade", tokenize("a nose like a blade"), 0.5)
        assert 0 <= understood.moment.confidence <= 1 and understood.moment.feeling in FAMILIES
    finally:
        understanding._learnt.cache_clear()
