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
from dreamface.training import moments, reader
from dreamface.training.reader_prompts import CORPUS, Composer, Corpus, fill, load_corpus

FAMILIES = ("joy", "anger", "fear", "disgust", "sadness", "surprise", "contempt", "calm")
MOMENTS = json.loads((CORPUS / "moments.json").read_text("utf-8"))
LARGEST = 20_000_000  # bytes, of all that is shipped


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def test_moments_are_well_formed_and_new() -> None:
    others = json.loads((CORPUS / "situations.json").read_text("utf-8"))
    blind = Path(__file__).parents[2] / "benchmarks" / "prompts"
    tests = [
        json.loads((blind / folder / "situations.json").read_text("utf-8"))["situations"]
        for folder in ("", "development", "development_2", "development_3", "development_4", "development_5")
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
    assert len(MOMENTS) >= 7500
    strongest = Counter(next(iter(entry["mixture"])) for entry in MOMENTS)
    assert all(strongest[family] >= 700 for family in FAMILIES), strongest


def test_an_act_gets_somebody_who_does_it() -> None:
    act = {"text": "finds {their} cup broken", "form": "act", "mixture": {"sadness": 1.0}, "strength": 0.4}
    composer = Composer(load_corpus(False), 3)
    told = {composer.moment(act, plain=True).text for _ in range(60)}
    assert len(told) > 15 and all("{" not in text for text in told)
    assert any(re.match(r"she finds her cup", text) for text in told)


def test_the_shipped_weights_are_small() -> None:
    assert understanding._WEIGHTS.stat().st_size + understanding._MOMENTS.stat().st_size <= LARGEST


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


@pytest.mark.skipif(encoder.model_folder() is None, reason="the encoder's package is not installed")
def test_tiny_networks_for_moments_are_trained_kept_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load_corpus(False)
    told = [entry for entry in whole.situations if entry.get("form") == "whole"][:40]
    small = Corpus(
        phrases={form: entries[:6] for form, entries in whole.phrases.items()},
        people={form: entries[:6] for form, entries in whole.people.items()},
        nothing=whole.nothing[:6], ages=whole.ages[:40], situations=told, not_situations=whole.not_situations[:8],
    )  # fmt: skip
    monkeypatch.setattr(moments, "load_corpus", lambda held_out: small)
    monkeypatch.setattr(moments, "DESCRIPTIONS", 6)
    monkeypatch.setattr(moments, "TUNED_LAYERS", 1)
    monkeypatch.setattr(moments, "WIDTH", 64)
    output = tmp_path / "moments.npz"
    moments.train(tmp_path, output, readers=2, epochs=30, tuned=1)
    first = {name: value.copy() for name, value in np.load(output).items()}
    output.unlink()
    moments.train(tmp_path, output, readers=2, epochs=30, tuned=1)  # finds what MiniLM made, and the epoch
    second = dict(np.load(output).items())
    assert first.keys() == second.keys() and all((first[name] == second[name]).all() for name in first)
    assert first["small.moment.0.weight"].dtype == np.int8
    monkeypatch.setattr(understanding, "_MOMENTS", output)
    monkeypatch.setattr(understanding, "_SHARES", (0.0, 1.0, 0.0))
    monkeypatch.setattr(understanding, "_MAY_BE", 0.0)
    understanding._learnt.cache_clear()
    try:
        seen = understanding.understand_many([(entry["text"], ()) for entry in told], 0.5)
        wanted = [max(entry["mixture"], key=entry["mixture"].get) for entry in told]
        assert sum(one.moment.feeling == family for one, family in zip(seen, wanted, strict=True)) >= 0.8 * len(wanted)
    finally:
        understanding._learnt.cache_clear()
