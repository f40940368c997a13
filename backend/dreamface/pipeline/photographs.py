"""From photographs to a face: landmarks, shape, light, pigments, traits; from there as from words."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
import torch
from torch import Tensor

from dreamface.capture import (
    MELANIN_DOUBT,
    TOLD,
    Fit,
    Population,
    Seen,
    Shot,
    Sighting,
    ancestry_of,
    carry,
    find_faces,
    first_tone,
    fit_person,
    load_population,
    look,
    note_on_light,
    notes_on,
    read_features,
    read_photograph,
    split_tone,
    used_tracker,
    whites_in,
)
from dreamface.edits import diffused_pictures
from dreamface.errors import BadRequest
from dreamface.face import Face, Head, Maps, pose
from dreamface.head import load_model
from dreamface.limits import MOST_PHOTOGRAPHS, drawn_seed
from dreamface.motion import TRACKERS
from dreamface.pipeline.making import dress
from dreamface.pipeline.painting import mask_pictures, painter, painters_turn
from dreamface.pipeline.people import build_head, check_request
from dreamface.pipeline.pinning import Shots
from dreamface.prior import complete, followed
from dreamface.progress import Progress
from dreamface.record import PHOTOGRAPH, EditEntry, FaceRecord, Place
from dreamface.skin import resting_tone, skin_tiles
from dreamface.traits import ANCESTRIES, ARKIT_SHAPES, SHAPE_TRAITS, VOCABULARY, Group, Traits, TraitValue, Value

BECAUSE: Final = "the photograph"
"""What traits were read because of."""

NOBODY_SAID: Final = "a person in a photograph"
"""The prompt of a face that nobody has said anything about."""

MEASURED: Final = 0.9
"""Confidence of what was measured in the photograph."""

GUESSED: Final = 0.5
"""Confidence of what is only correlated with the shape: age, sex, ancestry, build."""

COARSE: Final = 256
"""Texels a side of the skin by which the light is told."""

LABEL: Final = "Skin in the photograph"
FEWEST_YEARS: Final = 4.0
DECIDED: Final = 4.0
"""Factor on the sex that the shape predicts, before it is squeezed into -1..1: unsure predictions lie near 0, where few
people are."""

Source = Path | str | bytes | bytearray
"""A file, or what is in one."""


@dataclass(frozen=True)
class Wanted:
    """What is to be other than photographs show it.

    Attributes:
        traits: of the whole face.
        edits: what lies at places, from below.
        not_understood: words nothing was made of.
    """

    traits: Traits = field(default_factory=Traits)
    edits: tuple[EditEntry, ...] = ()
    not_understood: tuple[str, ...] = ()


def from_photo(
    photographs: Source | Sequence[Source],
    prompt: str = "",
    *,
    change: Callable[[Traits], Wanted] | None = None,
    seed: int | Literal["random"] | None = None,
    resolution: int = 1024,
    head: str = "auto",
    traits: Mapping[str, TraitValue | Value] | None = None,
    tracker: str = "auto",
    places: Mapping[int, tuple[float, float]] | None = None,
    face_id: str | None = None,
    progress: Progress = Progress(),  # noqa: B008 - immutable
) -> Face:
    """Make a face from photographs of one person. The photographs are not kept.

    Args:
        photographs: files, or what is in them; several of the same person show more.
        prompt: what the face remembers that was said.
        change: tells from the person whom photographs show what is to be other.
        seed: what they do not show is drawn from it; as `generate`.
        resolution: side of the maps in pixels, one of `RESOLUTIONS`.
        head: head model, one of `HEADS`.
        traits: laid over what they show, and the change.
        tracker: what finds landmarks: "auto", "face-mesh" or "face-landmarker".
        places: number of a photograph with several faces, from 1 -> where in it the one is that is meant, in fractions
            of its width and height from its upper left corner; otherwise the largest is taken.
        face_id: its identity, where it takes another face's place; None makes a new one.
        progress: told about every stage.

    Raises:
        BadRequest: a photograph can't be read, or shows no face or too little of one; or as `generate`.
        MissingDependency: what finds landmarks is not installed.
        Cancelled: the progress said so.
    """
    sources = _checked(photographs)
    number, prompt = drawn_seed(seed), prompt or NOBODY_SAID
    check_request(prompt, number, resolution, head)
    _check_tracker(tracker)
    model = load_model(head)
    progress.report("photograph", 0.0, "Looking for the face")
    sightings = find_faces([read_photograph(*one) for one in sources], tracker, places or {})
    progress.report("photograph", 0.05, "Fitting the head")
    population = load_population(model.name)
    pixels = [one.photograph.pixels for one in sightings]
    landmarks = [one.landmarks for one in sightings]
    known, watched = _known(sightings), progress.part(0.05, 0.15)
    fit = fit_person(population, landmarks, used_tracker(tracker), known, pixels, watched)
    vertices, shown = _fitted(population, fit, number)
    person = complete(shown, number)
    fitted = _with_vertices(model.name, vertices, person, number)
    progress.report("photograph", 0.15, "Making the expressions")
    shapes = model.shapes(fitted)
    shots = _shots(sightings, fitted, shapes, fit, population)
    progress.report("photograph", 0.3, "Telling skin from light")
    coarse = _painted(fitted, person, COARSE, number, progress.part(0.3, 0.4))
    seen = look(fitted, shots, _albedo(fitted, coarse), resting_tone(person))
    colours, notes = _colours(fitted, seen, shown)
    person = complete(shown.under(colours), number)
    fitted = _with_vertices(model.name, fitted.vertices, person, number)
    progress.report("photograph", 0.4, "Carrying the skin over")
    base = _painted(fitted, person, resolution, number, progress.part(0.4, 0.6))
    edit, pictures = _skin_edit(fitted, seen, base, person)
    wanted = change(person) if change else Wanted()
    asked = wanted.traits.under(traits or {})
    whole = followed(person, person.under(asked), number)
    final = build_head(model.name, whole, number, fitted.candidate, fitted.offset) if asked else fitted
    record = FaceRecord(
        face_id or str(uuid.uuid4()), prompt, number, resolution, model.name, whole, wanted.not_understood,
        candidate=final.candidate, edits=_numbered(edit, *wanted.edits), history=(_history(fit, sightings, notes),),
    )  # fmt: skip
    return dress(final, record, progress.part(0.6, 1.0), pictures, None if asked or wanted.edits else shapes)


def _numbered(*edits: EditEntry) -> tuple[EditEntry, ...]:
    """Return edits with an id each."""
    return tuple(one if one.id else replace(one, id=f"{one.kind}-{number}") for number, one in enumerate(edits))


def _checked(photographs: Source | Sequence[Source]) -> list[tuple[Path | bytes, str]]:
    """Return photographs, and what sentences call each.

    Raises:
        BadRequest: there are none or too many, or one is something else.
    """
    alone = isinstance(photographs, Path | str | bytes | bytearray | memoryview)
    sources = [photographs] if alone else list(photographs) if isinstance(photographs, Iterable) else [photographs]
    if not sources:
        raise BadRequest("There is no photograph: name at least one picture of a face.")
    if len(sources) > MOST_PHOTOGRAPHS:
        raise BadRequest(f"There are {len(sources)} photographs: choose at most {MOST_PHOTOGRAPHS} of the person.")
    return [_source(one, number, len(sources)) for number, one in enumerate(sources, 1)]


def _source(one: object, number: int, count: int) -> tuple[Path | bytes, str]:
    """Return a photograph's file or bytes, and what sentences call it."""
    if isinstance(one, Path | str):
        return Path(one), ""
    if isinstance(one, bytes | bytearray | memoryview):
        return bytes(one), f"photograph {number}" if count > 1 else ""
    raise BadRequest(
        f"Photographs are files, or what is in them as bytes; got {type(one).__name__}: save it in a file, "
        "and name that."
    )


def _check_tracker(tracker: object) -> None:
    if tracker not in TRACKERS:
        raise BadRequest(f"What finds landmarks is one of {', '.join(TRACKERS)}; got {tracker!r}.")


def _known(sightings: Sequence[Sighting]) -> dict[str, tuple[float, float]]:
    """Return what the colours in photographs tell of who it is: trait -> value and standard deviation."""
    coloured = [one for one in sightings if not one.is_grey]
    tones = torch.stack([first_tone(one.photograph.pixels, one.landmarks) for one in coloured or sightings])
    melanin = split_tone(tones.median(dim=0).values, not coloured)[0].number("skin.melanin")
    return {"skin.melanin": (melanin, MELANIN_DOUBT)}


def _fitted(population: Population, fit: Fit, seed: int) -> tuple[Tensor, Traits]:
    """Return [V, 3] vertices of the head that was fitted, at rest, and the traits that it shows."""
    model = population.model
    told = _told(population, fit)
    rough = complete(Traits(told), seed)
    person = {name: rough.number(name) for name in ("lashes.length", "teeth.gap")}
    vertices = model.vertices_at(population.coefficients(fit.values), person)
    measured = model.measure(Head(model.name, model.topology, vertices, {}))
    shape = {
        name: TraitValue(VOCABULARY[name].clamp(value), MEASURED, BECAUSE)
        for name, value in measured.items()
        if name in SHAPE_TRAITS and name not in _NOT_FITTED
    }
    return vertices, Traits({**told, **shape})


def _with_vertices(model: str, vertices: Tensor, person: Traits, seed: int) -> Head:
    """Return the head that a person's traits build, with what it lacks to have vertices [V, 3] as its offset.

    So its sliders go on from there, as on any other head.
    """
    built = build_head(model, person, seed)
    return build_head(model, person, seed, built.candidate, vertices - built.vertices)


_NOT_FITTED: Final = ("ears.pointed", "asymmetry", "chin.cleft")


def _told(population: Population, fit: Fit) -> dict[str, TraitValue]:
    """Return age, sex, ancestry and build as the shape predicts them."""
    values = dict(zip(TOLD, (population.told_mean + fit.values @ population.told).tolist(), strict=True))
    values["age"] = max(values["age"], FEWEST_YEARS)
    values["gender"] = float(np.tanh(DECIDED * values["gender"]))
    return {
        name: TraitValue(VOCABULARY[name].clamp(value), GUESSED, BECAUSE)
        for name, value in values.items()
        if VOCABULARY[name].group is Group.PERSON
    }


def _colours(head: Head, seen: Seen, shown: Traits) -> tuple[dict[str, TraitValue], list[str]]:
    """Return what photographs show of skin, eyes and hair, the ancestry that goes with it, and what is not shown."""
    grey = all(shot.grey for shot in seen.shots)
    skin, light = split_tone(seen.both, grey, whites_in(seen))
    told = ("skin.melanin",) if grey else tuple(skin)
    found = {name: TraitValue(skin.value(name), GUESSED if grey else MEASURED, BECAUSE) for name in told}
    found |= {
        name: TraitValue(entry.value, entry.confidence, BECAUSE)
        for name, entry in read_features(head, seen, light, shown.number("gender")).items()
    }
    iris = found["iris.colour"].value if "iris.colour" in found else None
    shape = {name: shown.number(name) for name in ANCESTRIES}
    shares = ancestry_of(shape, skin.number("skin.melanin"), iris)
    notes = [] if grey or not (note := note_on_light(light)) else [note]
    if iris is None and not grey:
        notes.append("The colour of the eyes was not seen: it is made up. Add a picture with open eyes, large enough.")
    notes += [
        f"Something lies on a part of the face in photograph {number}, such as glasses or a hand: the skin there is "
        "made up."
        for number, share in enumerate(seen.hidden, 1)
        if share > HIDDEN
    ]
    return found | {name: TraitValue(share, GUESSED, BECAUSE) for name, share in shares.items()}, notes


HIDDEN: Final = 0.2
"""Fraction of the face's skin that is not like forehead and cheeks, from which it is said."""


def _shots(sightings: Sequence[Sighting], head: Head, shapes: Tensor, fit: Fit, population: Population) -> list[Shot]:
    """Return the head before every camera, with the picture's expression."""
    found = []
    for number, sighting in enumerate(sightings):
        rotation = torch.from_numpy(fit.poses.rotation[number]).float()
        position = torch.from_numpy(fit.poses.position[number]).float()
        weights = torch.from_numpy(fit.weights[number]).float()
        posed = pose(head.vertices, shapes[: len(ARKIT_SHAPES)], weights)
        landmarks = population.landmarks(posed.double().numpy())
        placed = posed @ rotation.T + position
        expected = landmarks @ fit.poses.rotation[number].T + fit.poses.position[number]
        seen = sighting.landmarks.points, expected
        focal, made = float(fit.focal[number]), fit.weights[number]
        found.append(Shot.of(sighting.photograph.pixels, placed, focal, seen, made, sighting.is_grey))
    return found


def _painted(head: Head, traits: Traits, resolution: int, seed: int, progress: Progress) -> Maps:
    with painters_turn(progress):
        return painter.paint(head, traits, resolution=resolution, seed=seed, progress=progress)


def _albedo(head: Head, maps: Maps) -> dict[str, Tensor]:
    """Return the albedo [S, S, 3] of the skin's tiles."""
    return {tile: maps[tile]["albedo"] for tile in maps if tile in skin_tiles(head.topology)}


def _skin_edit(head: Head, seen: Seen, base: Maps, traits: Traits) -> tuple[EditEntry, dict[str, bytes]]:
    """Return the edit that has the photographs' skin, and its pictures: SHA-256 -> PNG."""
    carried = carry(head, seen, _albedo(head, base), traits, resting_tone(traits))
    masks = {tile: one.mask for tile, one in carried.items()}
    names, pictures = diffused_pictures({tile: one.made for tile, one in carried.items()}, head.topology, masks)
    digests, drawn = mask_pictures(masks)
    return EditEntry(PHOTOGRAPH, PHOTOGRAPH, LABEL, place=Place(mask=digests), pictures=names), pictures | drawn


def _history(fit: Fit, sightings: Sequence[Sighting], seen: Sequence[str]) -> dict[str, object]:
    """Return what is remembered of the photographs: how each shows the head, and nothing that is in it."""
    sizes = tuple((one.photograph.pixels.shape[1], one.photograph.pixels.shape[0]) for one in sightings)
    shots, person = Shots(sizes, fit).to_json(), np.round(fit.values, 5).tolist()
    notes = [*notes_on(sightings), *seen]
    if fit.is_doubtful:
        notes.append("The head fits the face only roughly: choose a sharper picture from the front, or add more.")
    return {"from": PHOTOGRAPH, "photographs": shots, "person": person, "notes": notes}
