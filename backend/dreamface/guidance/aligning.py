"""Look and adjust: traits that words left open are moved so that the portrait fits the words better.

The relative score of pictures and words is DreamFace's (Zhang et al. 2023, Eq. 3), see `RelativeScore`. What is
looked for is a point in the space of a few moves, each of which takes traits that belong together from what the seed
drew towards an end of what the prior allows. First every move is tried alone; most leave the score where it is, and
stay out of it. Among the few that raise it, a (1 + 1) evolution strategy with mirrored samples and Rechenberg's rule
(Rechenberg 1973; Brockhoff et al. 2010, "Mirrored sampling and sequential selection for evolution strategies") finds
how far each goes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dreamface.errors import BadRequest, Cancelled, DreamFaceError
from dreamface.guidance.devices import is_out_of_memory, release_memory
from dreamface.head import Encoder
from dreamface.progress import Progress
from dreamface.random_streams import stream
from dreamface.traits import FITS_BETTER, Traits, TraitValue

MOST_RENDERS: Final = 60
"""Portraits that are looked at for one face."""

MOVED_CONFIDENCE: Final = 0.3
"""Confidence of a trait that was moved: the head is fitted to it, and whatever anybody says of it is surer."""

ANCHOR: Final = "a person's face"
"""The prompt that says nothing; what a prompt adds to it is compared with what a portrait adds to the usual ones."""

_LEAST_RENDERS: Final = 8
_TOGETHER: Final = 18  # renders that are reserved for finding which moves go together, and how far
_MOST_ACTIVE: Final = 8  # moves that the strategy works with
_SHARE: Final = 0.2  # fraction of the largest gain below which a move is not used
_OVER_USUAL: Final = 2.5  # times the median gain that a move must reach to be used
_STEP: Final = 0.35  # first step of the strategy, in reaches of a move
_LARGER, _SMALLER = 1.5, 0.75  # Rechenberg's rule: factors of the step after a success and after a failure
_LEAST_STEP: Final = 0.1
_HOLD: Final = 0.15  # cost of a whole reach, over the largest single gain: keeps people near the draw
_LEAST_REACH: Final = 0.08  # below which a move is left out
_NOTHING: Final = 1e-6  # gains below it count as none
_NO_MEMORY: Final = "There is too little memory for a portrait; close other programs that use it."


class PictureScorer(Protocol):
    """Says how well pictures fit words."""

    def score(self, pictures: Tensor) -> Tensor:
        """Return [N] scores of [N, H, W, 3] pictures, sRGB-encoded 0..1; higher is better."""
        ...


@dataclass(frozen=True)
class RelativeScore:
    """How far pictures lie along the way from `ANCHOR` to a prompt: E(picture) . w.

    w is E(prompt) - E(anchor), made a unit vector. The difference of two portraits is what DreamFace's relative score
    (Eq. 3) is the cosine of. It is not divided by the portraits' distance here: the cosine also rewards a portrait for
    being like all others in what the words do not speak of, and different seeds would come to the same person.

    Attributes:
        encoder: puts pictures and texts in one space.
        way: [D] the unit vector w.
    """

    encoder: Encoder
    way: Tensor

    @classmethod
    def of(cls, encoder: Encoder, prompt: str) -> RelativeScore:
        """Return the scorer of a prompt, as the artist typed it."""
        text, anchor = encoder.texts((prompt, ANCHOR)).detach().cpu().float()
        return cls(encoder, normalize(text - anchor, dim=0))

    def score(self, pictures: Tensor) -> Tensor:
        """Return [N] scores -1..1 of [N, H, W, 3] pictures.

        Raises:
            DreamFaceError: the encoder gave no numbers.
        """
        with torch.no_grad():
            seen = self.encoder.images(pictures).cpu().float()
        if not bool(torch.isfinite(seen @ self.way).all()):
            raise DreamFaceError(
                f"{self.encoder.name} gave no numbers (NaN) for a portrait; generate with an alignment of 0."
            )
        return seen @ self.way


@dataclass(frozen=True)
class Move:
    """One way in which traits that were left open may go together.

    Attributes:
        title: what it is, in plain words.
        more: the traits at its end, at a position of 1.
        less: the traits at its other end, at -1; None where it goes one way only.
        choice: moves with the same choice exclude each other, as two cuts of the hair do; empty: it excludes none.
    """

    title: str
    more: Traits
    less: Traits | None = None
    choice: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether it is taken or left, as a cut of the hair is: nothing lies between."""
        return any(isinstance(entry.value, str) for entry in self.more.values())


@dataclass(frozen=True)
class Aligned:
    """The outcome of looking and adjusting.

    Attributes:
        moved: the traits that were moved, with `FITS_BETTER` as their reason; empty where nothing helped.
        before: the score of the portrait as the seed drew it.
        after: the score with the moved traits; never below `before`.
        renders: portraits that were looked at.
        note: why looking ended before it was done, in sentences; empty where it was done.
    """

    moved: Traits
    before: float
    after: float
    renders: int
    note: str = ""


def check_alignment(alpha: float) -> None:
    """Refuse an alignment strength that is out of range.

    Raises:
        BadRequest: it is not between 0 and 1.
    """
    if not 0.0 <= alpha <= 1.0:  # NaN neither
        raise BadRequest(f"The alignment must be between 0 and 1; got {alpha:g}.")


def align(
    person: Traits,
    moves: Sequence[Move],
    render: Callable[[Traits], Tensor],
    scorer: PictureScorer,
    *,
    alpha: float,
    seed: int,
    most: int = MOST_RENDERS,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Aligned:
    """Move traits so that the score of the rendered portrait rises.

    Every portrait that is looked at shows traits on their way from the draw to where a move goes,
    (1 - alpha) drawn + alpha moved (the alignment strength of CLIPortrait, Eq. 11). So 0 is the face without it, and
    what is scored is what is kept. Where a portrait can't be scored, or there is too little memory for it, looking ends
    with the best until then and a note.

    Args:
        person: all traits, as the prompt and the seed have them; shape traits that moves take along need their measure.
        moves: what may be moved, the likeliest to matter first; none may touch what was stated.
        render: [H, W, 3] portrait of a whole person's traits, sRGB-encoded 0..1.
        scorer: how well a portrait fits the words.
        alpha: 0..1.
        seed: of the strategy's samples.
        most: portraits to look at, 8 or more.
        progress: told about every portrait.

    Raises:
        BadRequest: alpha is out of range, or `most` is too small.
        Cancelled: the progress said so.
    """
    check_alignment(alpha)
    if most < _LEAST_RENDERS:
        raise BadRequest(f"Looking and adjusting takes at least {_LEAST_RENDERS} portraits; got {most}.")
    if alpha == 0.0:
        return Aligned(Traits(), 0.0, 0.0, 0)
    search = _Search(person, _within_alpha(moves, alpha), render, scorer, alpha, seed, most, progress)
    return search.run()


def _within_alpha(moves: Sequence[Move], alpha: float) -> tuple[Move, ...]:
    """Return the moves that alpha is large enough for: half the way to another cut is no cut."""
    return tuple(move for move in moves if alpha >= 0.5 or not move.is_whole)


_Position = Mapping[int, float]
"""Number of a move -> -1..1 how far it goes; those that are missing stay."""


@dataclass
class _Search:
    """One search; see `align`."""

    person: Traits
    moves: Sequence[Move]
    render: Callable[[Traits], Tensor]
    scorer: PictureScorer
    alpha: float
    seed: int
    most: int
    progress: Progress
    renders: int = 0
    gains: dict[int, float] = field(default_factory=dict)
    before: float = 0.0
    best: tuple[_Position, float] = field(default_factory=lambda: ({}, 0.0))

    def run(self) -> Aligned:
        """Return what looking comes to, as far as it comes."""
        try:
            return self._searched()
        except _Ended as ended:
            note = f"Looking ended at portrait {self.renders + 1}, and the best until then was kept. {ended}"
        release_memory()
        position, score = self.best
        return Aligned(self._moved(position), self.before, score, self.renders, note)

    def _searched(self) -> Aligned:
        """Try every move alone, lay those that help on one after the other, and find how far each goes."""
        before = self._score({})
        scores = self._probe(before)
        active = self._active()
        if not active:
            return Aligned(Traits(), before, before, self.renders)
        worth = _Worth({}, before, before, _HOLD * max(abs(self.gains[number]) for number in active))
        for number in active:
            worth = self._added(worth, number, scores)
        worth = self._evolve(worth)
        kept = {number: way for number, way in worth.position.items() if abs(way) >= _LEAST_REACH}
        if kept != worth.position:
            worth = replace(worth, position=kept, score=self._score(kept))
        if worth.score <= before:
            return Aligned(Traits(), before, before, self.renders)
        return Aligned(self._moved(worth.position), before, worth.score, self.renders)

    # --------------------------------------------------------------------------------------------------------- phases

    def _probe(self, before: float) -> dict[int, float]:
        """Try moves alone, as many as the budget has; return their scores, and note what each gains."""
        room = max(_LEAST_RENDERS // 2, self.most - 1 - _TOGETHER)
        scores = {number: self._score({number: 1.0}) for number in range(min(len(self.moves), room))}
        self.gains = {number: score - before for number, score in scores.items()}
        return scores

    def _active(self) -> list[int]:
        """Return the moves that matter, the most gainful first: the others stay where they are.

        Most moves have nothing to do with the words, so the median gain is what chance gives; one that matters gains
        clearly more.
        """
        size = {number: abs(gain) for number, gain in self.gains.items()}
        if not size or max(size.values()) < _NOTHING:
            return []
        usual = float(torch.tensor(list(size.values())).median())
        least = max(_SHARE * max(size.values()), min(_OVER_USUAL * usual, 0.999 * max(size.values())))
        found: list[int] = []
        chosen: set[str] = set()
        for number in sorted(size, key=lambda number: -size[number]):
            move = self.moves[number]
            useful = self.gains[number] > 0.0 or move.less is not None
            if size[number] < least or not useful or move.choice in chosen:
                continue
            found.append(number)
            chosen |= {move.choice} - {""}
        return found[:_MOST_ACTIVE]

    def _added(self, worth: _Worth, number: int, scores: Mapping[int, float]) -> _Worth:
        """Return the best position with another move, where the portrait fits better with it, or else without it."""
        way = 1.0 if self.gains[number] > 0.0 else -1.0
        position = {**worth.position, number: way}
        if way > 0.0 and not worth.position:
            return worth.better(position, scores[number])  # it has been looked at already
        return worth.better(position, self._score(position)) if self._left > 1 else worth

    def _evolve(self, worth: _Worth) -> _Worth:
        """Find how far the moves of a position go."""
        free = [number for number in worth.position if not self.moves[number].is_whole]
        generator, step = stream(self.seed, "align"), _STEP
        while free and self._left > 1 and step >= _LEAST_STEP:
            drawn = torch.randn(len(free), generator=generator).tolist()
            found = worth
            for side in (1.0, -1.0):  # the mirrored sample, where the first has failed
                if found is worth and self._left > 1:
                    moved = {number: side * step * amount for number, amount in zip(free, drawn, strict=True)}
                    position = {number: way + moved.get(number, 0.0) for number, way in worth.position.items()}
                    found = self._tried(worth, position)
            step *= _LARGER if found is not worth else _SMALLER
            worth = found
        return worth

    # --------------------------------------------------------------------------------------------------------- pieces

    @property
    def _left(self) -> int:
        return self.most - self.renders

    def _tried(self, worth: _Worth, position: _Position) -> _Worth:
        clipped = self._clipped(position)
        return worth if clipped == worth.position else worth.better(clipped, self._score(clipped))

    def _clipped(self, position: _Position) -> _Position:
        """Return a position within the moves' reaches; what is taken or left is one of both."""
        found: dict[int, float] = {}
        for number, way in position.items():
            move = self.moves[number]
            way = min(1.0, max(-1.0 if move.less is not None else 0.0, way))
            way = float(way >= 0.5) if move.is_whole else way
            if way:
                found[number] = way
        return found

    def _moved(self, position: _Position) -> Traits:
        """Return the traits that a position moves, on their way from the draw."""
        found: dict[str, TraitValue] = {}
        for number in sorted(position):
            way, move = position[number], self.moves[number]
            end = move.more if way > 0.0 else move.less
            assert end is not None
            going = self.person.towards(end, 1.0 if move.is_whole else self.alpha * abs(way))
            found |= {name: TraitValue(going.value(name), MOVED_CONFIDENCE, FITS_BETTER) for name in end}
        return Traits({name: entry for name, entry in found.items() if entry.value != self.person.value(name)})

    def _score(self, position: _Position) -> float:
        self.progress.report("align", self.renders / self.most, f"Looking at portrait {self.renders + 1}")
        score = self._looked_at(self.person.under(self._moved(position)))
        if not self.renders:
            self.before = score
        if not self.renders or score > self.best[1]:
            self.best = position, score
        self.renders += 1
        return score

    def _looked_at(self, traits: Traits) -> float:
        """Return the score of a portrait.

        Raises:
            _Ended: it has none, or there is too little memory for it.
            Cancelled: the progress said so.
        """
        try:
            picture = self.render(traits)
            try:
                score = float(self.scorer.score(picture[None])[0])
            except Cancelled:
                raise
            except DreamFaceError as error:
                raise _Ended(str(error)) from error
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise _Ended(_NO_MEMORY) from error
        if not math.isfinite(score):
            raise _Ended("It has no score (NaN).")
        return score


class _Ended(Exception):
    """Nothing more can be looked at, and why, as a sentence."""


@dataclass(frozen=True)
class _Worth:
    """The best position so far.

    Attributes:
        position: where.
        score: the portrait's there.
        value: the score, less what it costs to leave the draw.
        cost: of a whole reach.
    """

    position: _Position
    score: float
    value: float
    cost: float

    def better(self, position: _Position, score: float) -> _Worth:
        """Return whichever is worth more: this, or another position."""
        value = score - self.cost * sum(way * way for way in position.values())
        return _Worth(position, score, value, self.cost) if value > self.value else self


def is_movable(name: str, person: Traits) -> bool:
    """Return whether words left a trait open, so that it may be moved."""
    return name not in person or person[name].confidence == 0.0
