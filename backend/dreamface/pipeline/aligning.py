"""Look and adjust on a face: what may move, quick portraits, what the record keeps. See `guidance.aligning`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Final

import torch

from dreamface.edits import hair_of, overlays
from dreamface.errors import BadRequest
from dreamface.expressions import expression
from dreamface.face import Head, expression_weights, pose
from dreamface.groom import Surface, grow, hairs_of
from dreamface.guidance import (
    MOST_RENDERS,
    Aligned,
    Move,
    PictureScorer,
    RelativeScore,
    align,
    is_movable,
    use_clip,
)
from dreamface.hair import Groom
from dreamface.head import Encoder, IndexPlan, load_model, looks_pool, looks_pools, usual_count
from dreamface.language import in_words
from dreamface.pipeline.people import build_head, measure, shown_materials, shown_traits
from dreamface.prior import DRIVERS, complete
from dreamface.progress import Progress
from dreamface.random_streams import stream
from dreamface.record import Alignment, FaceRecord
from dreamface.render import portrait_camera, preview
from dreamface.skin import Overlay, Painter, materials
from dreamface.traits import FITS_BETTER, SHAPE_TRAITS, VOCABULARY, Group, Kind, Traits, TraitValue, Value

if TYPE_CHECKING:
    from torch import Tensor

_SIZE: Final = 224  # pixels a side of the portraits that are looked at: what CLIP sees
_YAW: Final = 0.35  # radians off the front, as in a face's own preview
_SKIN: Final = 256  # texels a side of their skin
_HAIRS: Final = 4000  # strands; wider than on the finished face
_PEOPLE: Final = 48  # draws of the prior that say how far an open trait may go
_FURTHEST_SHAPE: Final = 2.0  # standard deviations of the population that a shape trait may reach
_SHAPE_REACH: Final = 1.5  # standard deviations from the draw
_MOST_STYLES: Final = 5  # cuts of the hair that are tried
_LONGEST_REST: Final = 200  # characters of a prompt's unread end that are quoted
_LEAST_SHARE: Final = 0.02  # of a trait's range, below which there is nothing to move


@dataclass(frozen=True)
class _Row:
    """One move as the tables below have it: traits that go together, and which way: 1 up, -1 down."""

    title: str
    traits: Mapping[str, int]


_COLOURS: Final = (
    _Row("skin tone", {"skin.melanin": 1}),
    _Row("blood in the skin", {"skin.redness": 1}),
    _Row("yellow of the skin", {"skin.yellowness": 1}),
    _Row("red of the lips", {"lips.redness": 1}),
    _Row("how dark the hair is", {"hair.melanin": 1}),
    _Row("red of the hair", {"hair.redness": 1}),
    _Row("grey of the hair", {"hair.grey": 1, "hair.temple_grey": 1}),
)
_MARKS: Final = (
    _Row("freckles", {"freckles.density": 1}),
    _Row("moles", {"moles.density": 1}),
    _Row("blemishes", {"blemishes.density": 1}),
    _Row("spots and veins of age", {"age_spots.density": 1, "capillaries.density": 1}),
    _Row("dark circles", {"under_eyes.darkness": 1}),
    _Row("wrinkles", {f"wrinkles.{place}": 1 for place in ("forehead", "eyes", "cheeks", "mouth")}),
    _Row("smoothness of the skin", {"skin.pores": -1, "skin.oiliness": 1}),
)
_HAIR: Final = (
    _Row("mass of the hair", {"hair.length": 1, "hair.volume": 1}),
    _Row("brows", {"brows.thickness": 1, "brows.density": 1}),
    _Row("stubble", {"stubble.density": 1}),
)
_SHAPE: Final = (
    _Row("size of the eyes", {"eyes.size": 1, "eyes.openness": 1}),
    _Row("fullness of the lips", {"lips.upper": 1, "lips.lower": 1}),
    _Row("roundness of the face", {"face.roundness": 1, "cheeks.volume": 1}),
    _Row("strength of the jaw", {"jaw.width": 1, "chin.width": 1}),
    _Row("width of the nose", {"nose.width": 1, "nose.tip_width": 1}),
    _Row("length of the nose", {"nose.length": 1}),
    _Row("cheekbones", {"cheekbones.prominence": 1, "cheekbones.height": 1}),
    _Row("tilt of the eyes", {"eyes.tilt": 1}),
)
_EXPRESSIONS: Final = ("joy", "sadness", "anger", "surprise")
_WHO: Final = tuple(name for name in DRIVERS if name != "skin.melanin")
"""Who somebody is, which never moves."""

_CUT: Final = ("hair.style", "hair.length", "hair.curl", "hair.volume", "hair.parting", "hair.fringe")
"""What changes with a cut of the hair."""


@contextmanager
def looking(encoder: Encoder | None, progress: Progress) -> Iterator[Encoder]:
    """Give the encoder that looks at portraits to a block: the one that is given, or the installed CLIP.

    Raises:
        MissingDependency: there is none.
    """
    with use_clip(progress) if encoder is None else nullcontext(encoder) as found:
        yield found


def aligned(
    record: FaceRecord,
    encoder: Encoder,
    alpha: float,
    *,
    without: Collection[str] = (),
    most: int = MOST_RENDERS,
    progress: Progress,
) -> FaceRecord:
    """Return a face's record with open traits moved so that its portrait fits the prompt better.

    Args:
        record: before its head is built.
        encoder: puts pictures and texts in one space.
        alpha: 0..1 how far traits may go; 0 is the same record.
        without: traits that stay as the seed drew them, though words leave them open.
        most: portraits to look at in all.
        progress: told about every portrait.

    Raises:
        Cancelled: the progress said so.
    """
    if alpha == 0.0:
        return record
    record, unusable = _chosen_by_looks(record, encoder, alpha)
    start, moves = open_moves(record, without)
    found = look_and_adjust(
        replace(record, traits=start), moves, RelativeScore.of(encoder, record.prompt), alpha, most=most,
        progress=progress,
    )  # fmt: skip
    drawn = Traits({name: replace(start[name], because="") for name in found.moved if name in start})
    notes = tuple(filter(None, (_cut_off(encoder, record.prompt), unusable, found.note)))
    kept = Alignment(alpha, encoder.name, drawn, found.before, found.after, found.renders, notes)
    return replace(record, traits=record.traits.under(found.moved), alignment=kept)


def _cut_off(encoder: Encoder, prompt: str) -> str:
    """Return a sentence that says what of a prompt is too long for what looks; empty where nothing is."""
    unread = getattr(encoder, "unread", None)
    rest = shorten(unread(prompt), _LONGEST_REST, placeholder=" ...") if unread is not None else ""
    return f"The prompt is too long to be looked for as a whole: “{rest}” was left out of it." if rest else ""


def _chosen_by_looks(record: FaceRecord, encoder: Encoder, alpha: float) -> tuple[FaceRecord, str]:
    """Return the record with the likest candidate of the pool, where somebody has looked at its candidates.

    The other is a sentence that says why no index is usable, where one was begun; empty where one was used.
    """
    unusable = ""
    for pool in looks_pools(record.head):
        try:
            choice = pool.choice(encoder, record.prompt, record.seed, alpha)
        except BadRequest as error:  # of another encoder, damaged or not finished
            unusable = unusable or f"The head was not chosen by looks. {error}"
            continue
        head = build_head(record.head, record.traits, record.seed, choice=choice)
        return replace(record, candidate=head.candidate), ""
    return record, unusable


def index_looks(
    count: int | None = None,
    *,
    encoder: Encoder | None = None,
    agree: Callable[[IndexPlan], bool] = lambda plan: True,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Path | None:
    """Look at the candidates of the production head, once for all prompts; goes on where an earlier call was stopped.

    Args:
        count: candidates; None is a million on a graphics card, and 16,384 on a CPU.
        encoder: what looks; None is the installed CLIP.
        agree: is told what it takes, and says whether to begin.
        progress: told about every candidate, and the time that is left.

    Returns:
        The index's folder; None where `agree` said no.

    Raises:
        BadRequest: the production head is not installed, the number is out of range, or the folder has another index.
        MissingDependency: there is nothing that looks.
        Cancelled: the progress said so; what was done is kept.
    """
    with looking(encoder, progress.part(0.0, 0.01)) as found:
        device = getattr(found, "device", torch.device("cpu"))
        pool = looks_pool(usual_count(device) if count is None else count)
        if not agree(pool.plan(found, device, progress.part(0.01, 0.02))):
            return None
        pool.build(found, device, progress.part(0.02, 1.0))
    return pool.folder


def look_and_adjust(
    record: FaceRecord, moves: Sequence[Move], scorer: PictureScorer, alpha: float, *, most: int, progress: Progress
) -> Aligned:
    """Return what moving a face's traits comes to; see `guidance.align`.

    Args:
        record: whose traits have what shape moves begin with, see `open_moves`.
        moves: what may be moved.
        scorer: how well portraits fit the words.
        alpha: 0..1.
        most: portraits to look at.
        progress: told about every portrait.
    """
    portrait = Portraits(record)
    return align(
        record.traits, moves, portrait, scorer, alpha=alpha, seed=record.seed, most=most, progress=progress
    )  # fmt: skip


def fits_better(traits: Traits) -> list[str]:
    """Return the names of the traits that looking has moved, and that nobody has set since."""
    return [name for name, entry in traits.items() if entry.because == FITS_BETTER]


def moved_in_words(record: FaceRecord) -> list[str]:
    """Return what looking has moved and the face still shows, each as "light skin (was slightly light skin)"."""
    shown, found = shown_traits(record), list[str]()
    moved = fits_better(shown)
    worn = {name for name in moved if name.startswith("expression.")}
    for name in moved:
        if name not in worn:
            now = in_words(name, shown.value(name))
            was = in_words(name, record.alignment.drawn.value(name)) if record.alignment is not None else now
            found.append(now if was == now else f"{now} (was {was})")
    look = next((name for name in _EXPRESSIONS if worn and worn <= expression(name).traits().keys()), "another")
    return [*dict.fromkeys(found), *([f"a look of {look}" if look != "another" else "another look"] if worn else [])]


def alignment_note(record: FaceRecord) -> str:
    """Return sentences that say what looking has moved, and why, and what kept it from more; empty where nobody looked.

    Of what was set or changed by words since, they say nothing.
    """
    return " ".join((_outcome(record), *record.alignment.notes)) if record.alignment is not None else ""


def _outcome(record: FaceRecord) -> str:
    """Return a sentence that says what of what looking has moved is still there."""
    assert record.alignment is not None
    if moved := moved_in_words(record):
        return f"Moved, because {FITS_BETTER}: {', '.join(moved)}."
    if record.alignment.after > record.alignment.before:
        return "What looking moved was set since."
    return "Nothing that the words leave open made the picture fit them better."


# ---------------------------------------------------------------------------------------------------- what may be moved


def open_moves(record: FaceRecord, without: Collection[str] = ()) -> tuple[Traits, tuple[Move, ...]]:
    """Return a person's traits with what open shape traits measure, and the moves that the prior allows.

    How far a trait may go is what the prior draws for people of the same age, sex, ancestry and build of whom the same
    was stated. Who somebody is never moves.

    Args:
        record: before its head is built.
        without: traits that may not move, such as those of words that the artist has taken back.
    """
    person = record.traits

    def is_open(name: str) -> bool:
        return name not in without and is_movable(name, person)

    head = build_head(record.head, person, record.seed, record.candidate)
    measured = measure(head)
    # One measure or another of many people lies beyond what its slider goes to.
    shapes = {
        name: TraitValue(VOCABULARY[name].clamp(measured[name]), 0.0)
        for name in SHAPE_TRAITS if is_open(name)
    }  # fmt: skip
    start = person.under(shapes)
    people = _people_like(person, record.seed)
    ends = _ends_of_draws(start, people, is_open) | _ends_of_shapes(shapes)
    colours, marks, hair, shape = (
        [move for row in rows if (move := _move(row, start, ends)) is not None]
        for rows in (_COLOURS, _MARKS, _HAIR, _SHAPE)
    )
    return start, (
        *colours,
        *_irises(start, people, is_open),
        *marks,
        *_cuts(start, people, is_open),
        *hair,
        *shape,
        *_worn(is_open),
    )


def _people_like(person: Traits, seed: int) -> list[Traits]:
    """Return draws of the prior for somebody of whom everything is known but what may move."""
    who = {name: TraitValue(person.value(name)) for name in _WHO}
    known = Traits({**who, **person.asked()})
    numbers = torch.randint(2**31, (_PEOPLE,), generator=stream(seed, "people to align with")).tolist()
    return [complete(known, number) for number in numbers]


_Ends = dict[str, tuple[float, float]]
"""Trait -> the least and the most that it may be."""


_IsOpen = Callable[[str], bool]
"""Whether a trait may be moved."""


def _ends_of_draws(start: Traits, people: Sequence[Traits], is_open: _IsOpen) -> _Ends:
    names = [
        name for name in start
        if is_open(name) and VOCABULARY[name].kind is Kind.NUMBER and name not in (*_WHO, *SHAPE_TRAITS)
    ]  # fmt: skip
    drawn = {name: [start.number(name), *(one.number(name) for one in people)] for name in names}
    return {name: (min(values), max(values)) for name, values in drawn.items()}


def _ends_of_shapes(shapes: Mapping[str, TraitValue]) -> _Ends:
    ends: _Ends = {}
    for name, entry in shapes.items():
        value = float(entry.value)  # type: ignore[arg-type]
        low, high = max(-_FURTHEST_SHAPE, value - _SHAPE_REACH), min(_FURTHEST_SHAPE, value + _SHAPE_REACH)
        ends[name] = (min(low, value), max(high, value))
    return ends


def _move(row: _Row, start: Traits, ends: _Ends) -> Move | None:
    """Return a row's move of the traits that are open, its farther end first; None where nothing of it may move."""
    names = [name for name in row.traits if name in ends]
    least = {name: _LEAST_SHARE * (VOCABULARY[name].high - VOCABULARY[name].low) for name in names}
    wide = [name for name in names if ends[name][1] - ends[name][0] > least[name]]
    if not wide:
        return None

    def end(side: int) -> dict[str, Value]:
        return {name: ends[name][1 if side * row.traits[name] > 0 else 0] for name in wide}

    def way(values: Mapping[str, Value]) -> float:
        return abs(float(values[wide[0]]) - start.number(wide[0]))  # type: ignore[arg-type]

    up, down = end(1), end(-1)
    farther, nearer = (up, down) if way(up) >= way(down) else (down, up)
    return Move(row.title, Traits(farther), Traits(nearer) if way(nearer) > least[wide[0]] else None)


def _irises(start: Traits, people: Sequence[Traits], is_open: _IsOpen) -> list[Move]:
    """Return moves to the two drawn colours that differ most from the person's, and from each other."""
    if not is_open("iris.colour"):
        return []
    seen = [torch.tensor(start.colour("iris.colour")).sqrt()]
    drawn = torch.tensor([one.colour("iris.colour") for one in people])
    moves = []
    for _ in range(2):
        nearest = torch.stack([(drawn.sqrt() - other).norm(dim=1) for other in seen]).amin(dim=0)
        farthest = drawn[int(nearest.argmax())]
        seen.append(farthest.sqrt())
        moves.append(Move("colour of the eyes", Traits({"iris.colour": tuple(farthest.tolist())}), choice="iris"))
    return moves


def _cuts(start: Traits, people: Sequence[Traits], is_open: _IsOpen) -> list[Move]:
    """Return moves to the cuts of the hair that such people have most often, as somebody wears them."""
    if not is_open("hair.style"):
        return []
    names = [name for name in _CUT if is_open(name)]
    often = Counter(one.choice("hair.style") for one in people)
    styles = [style for style, _ in often.most_common() if style != start.choice("hair.style")][:_MOST_STYLES]
    worn = {style: next(one for one in people if one.choice("hair.style") == style) for style in styles}
    return [
        Move(f"hair: {style}", Traits({name: one.value(name) for name in names}), choice="cut")
        for style, one in worn.items()
    ]  # fmt: skip


def _worn(is_open: _IsOpen) -> list[Move]:
    """Return moves to expressions, where the words say nothing of one: then the face is at rest."""
    if not all(is_open(name) for name, trait in VOCABULARY.items() if trait.group is Group.EXPRESSION):
        return []
    return [Move(name, Traits(expression(name).traits()), choice="expression") for name in _EXPRESSIONS]


# ----------------------------------------------------------------------------------------------------- quick portraits


class Portraits:
    """Small portraits of a person with other traits, each made as far as it differs from what was made before.

    The skin is painted coarsely, the hair has few strands, and folds of expressions are left out.
    """

    def __init__(self, record: FaceRecord) -> None:
        """Keep what all portraits share.

        Args:
            record: whose; its traits are passed with each portrait.
        """
        self._record = record
        self._model = load_model(record.head)
        self._painter = Painter()
        self._head: Head | None = None
        self._shapes: Tensor | None = None
        self._overlays: tuple[Overlay, ...] = ()
        self._groom_key: object = None
        self._grown: tuple[Groom, Surface] | None = None
        self._top = 0.0  # metres: where hair has ended; one framing for all, but for hair that stands higher

    def __call__(self, traits: Traits) -> Tensor:
        """Return [224, 224, 3] sRGB-encoded 0..1."""
        traits = shown_traits(replace(self._record, traits=traits))
        head = self._headed(traits)
        hair_traits, groom, surface = self._hair(head, traits)
        maps = self._painter.paint(
            head, traits, resolution=_SKIN, seed=self._record.seed, layers=self._record.strengths,
            overlays=self._overlays,
        )  # fmt: skip
        surfaces = shown_materials(materials(head, traits), groom)
        posed = self._posed(head, traits)
        hairs = hairs_of(groom, head, hair_traits, self._record.seed, most=_HAIRS, posed=posed, surface=surface)
        top = float(hairs.points[..., 2].max()) if len(hairs) else float(posed[:, 2].max())
        self._top = self._top or top
        camera = portrait_camera(posed, yaw=_YAW, top=max(top, self._top))
        return preview(posed, head.topology, surfaces, maps, size=_SIZE, camera=camera, strands=hairs)

    def _headed(self, traits: Traits) -> Head:
        head = build_head(self._record.head, traits, self._record.seed, self._record.candidate)
        if self._head is not None and torch.equal(head.vertices, self._head.vertices):
            return self._head
        self._head, self._shapes, self._grown = head, None, None
        self._overlays = overlays(self._record.edits, head, traits, self._record.seed, {})
        return head

    def _hair(self, head: Head, traits: Traits) -> tuple[Traits, Groom, Surface]:
        hair_traits, marks = hair_of(self._record.edits, head, traits, {})
        key = [(name, entry.value) for name, entry in hair_traits.items() if VOCABULARY[name].group in _GROWS_BY]
        if self._grown is None or key != self._groom_key:
            surface = self._grown[1] if self._grown is not None else Surface(head, marks)
            self._groom_key = key
            self._grown = grow(head, hair_traits, self._record.seed, surface=surface), surface
        return hair_traits, *self._grown

    def _posed(self, head: Head, traits: Traits) -> Tensor:
        """Return [V, 3] vertices with the expression; the shapes are made only where there is one."""
        weights = expression_weights(traits, self._model.shape_names)
        if not bool(weights.any()):
            return head.vertices
        if self._shapes is None:
            self._shapes = self._model.shapes(head)
        return pose(head.vertices, self._shapes, weights)


_GROWS_BY: Final = (Group.HAIR, Group.PERSON)
