"""What a face remembers. Needs no torch: the service's HTTP process reads it too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    PlainSerializer,
    PlainValidator,
    StrictBool,
    StrictInt,
    TypeAdapter,
    ValidationError,
)

from dreamface.errors import BadRequest
from dreamface.traits import Traits, TraitValue, check_names


def _read_traits(data: Any) -> Traits:
    if isinstance(data, Traits):
        return data
    try:
        for name, entry in data.items():
            if not ("value" in entry and _is_share(entry.get("confidence")) and isinstance(entry.get("because"), str)):
                raise ValueError(f"{name} needs a value, a confidence of 0 to 1 and a reason")
        return Traits.from_json(data)
    except BadRequest as error:
        raise ValueError(str(error)) from error
    except (AttributeError, TypeError) as error:
        raise ValueError("Traits are a value, a confidence and a reason for each name") from error


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0.0 <= value <= 1.0


def _write_traits(traits: Traits) -> dict[str, Any]:
    return traits.to_json()


TraitsField = Annotated[Traits, PlainValidator(_read_traits), PlainSerializer(_write_traits)]
Strength = Annotated[float, Field(strict=True, ge=0.0, le=1.0)]
FaceId = Annotated[str, Field(min_length=1, max_length=200)]
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of a file's bytes, 64 hexadecimal digits")]
Parameters = Annotated[
    Mapping[str, JsonValue],
    Field(description="what the layer's kind takes", exclude_if=lambda parameters: not parameters),
]
MaskPictures = Annotated[
    Mapping[str, Digest] | None,
    Field(description="texture tile -> SHA-256 of a grey PNG in its layout", exclude_if=lambda mask: mask is None),
]


@dataclass(frozen=True)
class LayerEntry:
    """One layer of a face's skin, in the order in which layers are painted.

    Attributes:
        id: unique in the face. A built-in layer's id is its kind.
        kind: what paints it: a layer of `dreamface layers`, such as "freckles".
        strength: 0..1, how strongly it is laid on.
        visible: False hides it without forgetting its strength.
        parameters: what its kind takes beside the face's traits; a built-in layer takes nothing.
        mask: where it is laid on. For each texture tile, the SHA-256 of a grey picture in the tile's layout; a tile
            that is missing gets nothing. None: everywhere.
    """

    id: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Annotated[str, Field(min_length=1, max_length=200)]
    strength: Strength = 1.0
    visible: StrictBool = True
    parameters: Parameters = field(default_factory=dict)
    mask: MaskPictures = None


def _read_layers(data: Any) -> Any:
    """Until schema 3 a face had the strength of each built-in layer by name."""
    if isinstance(data, Mapping):
        return [{"id": name, "kind": name, "strength": strength} for name, strength in data.items()]
    return data


def _check_layers(layers: tuple[LayerEntry, ...]) -> tuple[LayerEntry, ...]:
    if len({entry.id for entry in layers}) != len(layers):
        raise ValueError("every layer needs an id of its own")
    return layers


LayersField = Annotated[tuple[LayerEntry, ...], BeforeValidator(_read_layers), AfterValidator(_check_layers)]


EditKind = Literal["words", "sketch", "picture", "mix", "diffusion", "photograph"]
"""What an edit is made from: words, what an artist drew on the head, a picture laid on it, another face, what a
diffusion model has made of words, or the skin that photographs show."""

PHOTOGRAPH: Final = "photograph"
"""What the history of a face that was made from photographs begins with."""

MOST_STRENGTH: Final = 2.0
"""Of an edit; 1 is what it means to be."""

WIDEST_FEATHER: Final = 40.0
"""Millimetres."""

MOST_EDITS: Final = 200
"""Of one face."""


@dataclass(frozen=True)
class Place:
    """A marked place on the skin: regions and what was painted, together.

    Attributes:
        regions: names of `edits.REGIONS`, such as "left_cheek".
        mask: what was painted, lassoed or imported: for each texture tile, the SHA-256 of a grey picture in the tile's
            layout; a tile that is missing has nothing.
        feather: millimetres of skin over which it fades out beyond its border.
        mirror: whether it also lies on the other side of the face.
        inverted: whether everything but the place is meant.
    """

    regions: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()
    mask: MaskPictures = None
    feather: Annotated[float, Field(strict=True, ge=0.0, le=WIDEST_FEATHER)] = 0.0
    mirror: StrictBool = False
    inverted: StrictBool = False


@dataclass(frozen=True)
class EditEntry:
    """One edit of an artist's stack, in the order in which they are laid over the skin.

    Attributes:
        id: unique among the face's edits.
        kind: what it is made from.
        label: what artists read.
        strength: 0..`MOST_STRENGTH`; 1 is what it means to be, above is more of it.
        visible: False hides it without forgetting its strength.
        place: where it lies; None: everywhere. Words without a place change the whole face.
        traits: what words say of the person there, or who the other face is.
        parameters: what its kind takes beside them; see `edits`.
        pictures: SHA-256 of PNG pictures by name: of a sketch, what was drawn in each texture tile; of diffusion and of
            photographs, what was made of each, so that neither is needed to lay it on.
    """

    id: Annotated[str, Field(min_length=1, max_length=200)]
    kind: EditKind
    label: Annotated[str, Field(max_length=500)] = ""
    strength: Annotated[float, Field(strict=True, ge=0.0, le=MOST_STRENGTH)] = 1.0
    visible: StrictBool = True
    place: Place | None = None
    traits: TraitsField = field(default_factory=Traits)
    parameters: Parameters = field(default_factory=dict)
    pictures: Mapping[Annotated[str, Field(min_length=1, max_length=100)], Digest] = field(default_factory=dict)

    @property
    def digests(self) -> tuple[str, ...]:
        """SHA-256 of all pictures that it refers to."""
        mask = self.place.mask if self.place is not None else None
        return (*(mask or {}).values(), *self.pictures.values())


def _check_edits(edits: tuple[EditEntry, ...]) -> tuple[EditEntry, ...]:
    if len({edit.id for edit in edits}) != len(edits):
        raise ValueError("every edit needs an id of its own")
    if len(edits) > MOST_EDITS:
        raise ValueError(f"a face has at most {MOST_EDITS} edits")
    return edits


EditsField = Annotated[tuple[EditEntry, ...], AfterValidator(_check_edits)]


TurnKind = Literal["change", "undo", "redo", "hold", "release", "question", "nothing"]
"""What one turn of a conversation was."""

MOST_TURNS: Final = 100
"""That a face keeps of what was said to it; the oldest go first."""

_Entries = Annotated[tuple[EditEntry, ...], Field(exclude_if=lambda entries: not entries)]
_Parts = Annotated[tuple[Annotated[str, Field(max_length=100)], ...], Field(exclude_if=lambda parts: not parts)]


@dataclass(frozen=True)
class Turn:
    """One thing that was said to a face, what was answered, and what it did to the stack of edits.

    Attributes:
        said: as it was typed; empty where one text asked for several things and this is a later one of them.
        answer: a sentence or two.
        did: what it was.
        old: edits that it has changed or taken off, as they were.
        new: edits that it has changed or added, as they became.
        places: id of an edit of either -> its number from below.
        parts: names of the parts that it holds or releases.
        undone: 0, or the number of the step back that took it back; a later step forward sets it to 0 again.
    """

    said: Annotated[str, Field(max_length=2000)]
    answer: Annotated[str, Field(max_length=4000)]
    did: TurnKind
    old: _Entries = ()
    new: _Entries = ()
    places: Annotated[
        Mapping[str, Annotated[int, Field(ge=0, le=MOST_EDITS)]], Field(exclude_if=lambda places: not places)
    ] = field(default_factory=dict)
    parts: _Parts = ()
    undone: Annotated[int, Field(ge=0, le=10**9, exclude_if=lambda number: not number)] = 0


TalkField = Annotated[
    tuple[Turn, ...],
    AfterValidator(lambda turns: turns[-MOST_TURNS:]),
    Field(exclude_if=lambda turns: not turns),
]


@dataclass(frozen=True)
class Correction:
    """What an artist made of words of the prompt that were understood otherwise.

    Attributes:
        words: of the prompt.
        traits: what they mean instead.
        without: traits that they do not give after all.
    """

    words: Annotated[str, Field(min_length=1, max_length=2000)]
    traits: TraitsField = field(default_factory=Traits)
    without: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = ()

    def apply(self, traits: Traits) -> Traits:
        """Return traits as they are with this correction: for the words that they were read because of.

        >>> man = Traits({"gender": TraitValue(1.0, 0.5, "fisherman")})
        >>> Correction("fisherman", Traits({"gender": -1.0})).apply(man)
        Traits({'gender': -1.0})
        """
        own = {name: entry for name, entry in traits.items() if entry.because.casefold() == self.words.casefold()}
        if not own:
            return traits
        kept = Traits({name: entry for name, entry in traits.items() if name not in own or name not in self.without})
        return kept.under({name: TraitValue(entry.value, 1.0, self.words) for name, entry in self.traits.items()})


def _check_corrections(corrections: tuple[Correction, ...]) -> tuple[Correction, ...]:
    if len(corrections) > MOST_CORRECTIONS:
        raise ValueError(f"a face has at most {MOST_CORRECTIONS} corrections")
    for correction in corrections:
        try:
            check_names(correction.without)
        except BadRequest as error:
            raise ValueError(str(error)) from error
    return corrections


MOST_CORRECTIONS: Final = 100
"""Of one face."""

CorrectionsField = Annotated[
    tuple[Correction, ...],
    AfterValidator(_check_corrections),
    Field(exclude_if=lambda corrections: not corrections),
]


def corrected(traits: Traits, corrections: Iterable[Correction]) -> Traits:
    """Return traits that words were read as, with an artist's corrections of the same words.

    Args:
        traits: as they were read.
        corrections: of words; those of other words change nothing.
    """
    for correction in corrections:
        traits = correction.apply(traits)
    return traits


@dataclass(frozen=True)
class Alignment:
    """How a face was made to fit its words by looking at portraits of it; its traits say what was moved.

    Attributes:
        strength: 0..1 how far traits were let go from what the seed drew.
        scorer: the model that looked.
        drawn: the moved traits as the seed drew them.
        before: score -1..1 of the portrait as the seed drew it.
        after: score of the portrait with the moved traits.
        renders: portraits that were looked at.
        notes: what kept looking from being as good as it can be, each a sentence or two.
    """

    strength: Strength
    scorer: Annotated[str, Field(max_length=200)]
    drawn: TraitsField
    before: Annotated[float, Field(allow_inf_nan=False)]
    after: Annotated[float, Field(allow_inf_nan=False)]
    renders: Annotated[StrictInt, Field(ge=0)]
    notes: Annotated[tuple[Annotated[str, Field(max_length=2000)], ...], Field(exclude_if=lambda notes: not notes)] = ()


AlignmentField = Annotated[Alignment | None, Field(exclude_if=lambda alignment: alignment is None)]


@dataclass(frozen=True)
class FaceRecord:
    """What a face came from and what was done to it: all that an edit needs, without the arrays.

    The one place that lists this: `to_json` and `from_json` serve the face folder and the service, field by field. A
    field that has a default may be missing in what older versions wrote.

    Attributes:
        face_id: stable identity through edits.
        prompt: as the artist typed it, without control characters.
        seed: what every random choice was drawn from.
        resolution: side of the skin tile's maps in pixels; the other tiles may be smaller.
        head: name of the head model, such as "anny".
        traits: all of them, with confidence 0 where the seed drew them.
        not_understood: words of the prompt that changed nothing.
        history: what was done to the face, oldest first; plain data.
        candidate: which of the seed's candidates the person began as, so that it stays the same person when traits
            change; None on built-in heads from before they had one.
        layers: of the skin, from below; a built-in layer that is missing has strength 1.
        edits: the artist's, from below; on top of the layers.
        talk: what was said to it since, the oldest first.
        corrections: of how the prompt was understood, by the artist.
        alignment: how its portrait was made to fit the words; None where nobody looked.
    """

    face_id: FaceId
    prompt: str
    seed: StrictInt
    resolution: StrictInt
    head: str
    traits: TraitsField
    not_understood: tuple[str, ...] = ()
    history: tuple[Mapping[str, Any], ...] = ()
    candidate: Annotated[StrictInt, Field(ge=0, lt=2**32)] | None = None
    layers: LayersField = ()
    edits: EditsField = ()
    talk: TalkField = ()
    corrections: CorrectionsField = ()
    alignment: AlignmentField = None

    @property
    def strengths(self) -> dict[str, float]:
        """Strength 0..1 of every layer by id; 0 for hidden ones."""
        return {entry.id: entry.strength if entry.visible else 0.0 for entry in self.layers}

    @property
    def from_photograph(self) -> bool:
        """Whether there is something of photographs in it: it was made from them, or wears the skin of who was."""
        made = any(entry.get("from") == PHOTOGRAPH for entry in self.history)
        return made or any(entry.kind == PHOTOGRAPH for entry in self.edits)

    @property
    def pictures(self) -> tuple[str, ...]:
        """SHA-256 of all pictures that layers and edits refer to, each once."""
        of_layers = (digest for entry in self.layers for digest in (entry.mask or {}).values())
        return tuple(dict.fromkeys((*of_layers, *(digest for edit in self.edits for digest in edit.digests))))

    def to_json(self) -> dict[str, Any]:
        """Plain data, as `from_json` reads it."""
        data: dict[str, Any] = _ADAPTER.dump_python(self, mode="json")
        return data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FaceRecord:
        """The record that `to_json` wrote, here or in an older version; other keys of `data` are not read.

        Raises:
            BadRequest: a field is missing or of the wrong kind, or a trait is unknown or out of range.
        """
        try:
            return _ADAPTER.validate_python(data)
        except ValidationError as error:
            where, what = _first_problem(error)
            raise BadRequest(f"The face's record is damaged ({where}: {what}): import its folder again.") from error
        except UnicodeEncodeError as error:
            raise BadRequest(f"The face's record is damaged ({_HALVES}): import its folder again.") from error


def _first_problem(error: ValidationError) -> tuple[str, str]:
    """Return where the first problem lies, as a dotted path, and what it is, without a full stop."""
    problem = error.errors()[0]
    return ".".join(map(str, problem["loc"])), problem["msg"].removeprefix("Value error, ").rstrip(".")


_HALVES: Final = "a name in it has halves of characters"
"""JSON may have them, as "\\ud800"; no file and no terminal can."""


def read_edits(data: Any) -> tuple[EditEntry, ...]:
    """Return the stack of edits that JSON has.

    Raises:
        BadRequest: a field is missing or of the wrong kind, two have the same id, or there are too many.
    """
    try:
        return _EDITS.validate_python(data)
    except ValidationError as error:
        where, what = _first_problem(error)
        place = f"{where}: " if where else ""
        raise BadRequest(f"The edits can't be read ({place}{what}): send them as face.json has them.") from error
    except UnicodeEncodeError as error:
        raise BadRequest(f"The edits can't be read ({_HALVES}): send them as face.json has them.") from error


def write_edits(edits: tuple[EditEntry, ...]) -> list[dict[str, Any]]:
    """Return plain data, as `read_edits` reads it."""
    data: list[dict[str, Any]] = _EDITS.dump_python(edits, mode="json")
    return data


def read_talk(data: Any) -> tuple[Turn, ...]:
    """Return the conversation that JSON has.

    Raises:
        BadRequest: a field is missing or of the wrong kind.
    """
    try:
        return _TALK.validate_python(data)
    except (ValidationError, UnicodeEncodeError) as error:
        raise BadRequest("The conversation can't be read: send it as face.json has it, or none.") from error


def write_talk(talk: tuple[Turn, ...]) -> list[dict[str, Any]]:
    """Return plain data, as `read_talk` reads it."""
    data: list[dict[str, Any]] = _TALK.dump_python(talk, mode="json")
    return data


RECORD_FIELDS: Final = tuple(one.name for one in fields(FaceRecord))
"""Names of the fields, in order."""

_ADAPTER: Final = TypeAdapter(FaceRecord)
_TALK: Final[TypeAdapter[tuple[Turn, ...]]] = TypeAdapter(TalkField)
_EDITS: Final[TypeAdapter[tuple[EditEntry, ...]]] = TypeAdapter(EditsField)
_CORRECTIONS: Final[TypeAdapter[tuple[Correction, ...]]] = TypeAdapter(CorrectionsField)


def read_corrections(data: Any) -> tuple[Correction, ...]:
    """Return the corrections that JSON has.

    Raises:
        BadRequest: a field is missing or of the wrong kind, or there are too many.
    """
    try:
        return _CORRECTIONS.validate_python(data)
    except (ValidationError, UnicodeEncodeError) as error:
        where = _first_problem(error)[0] if isinstance(error, ValidationError) else _HALVES
        raise BadRequest(f"The corrections can't be read ({where}): send them as face.json has them.") from error


def pictures_in(record: Any) -> tuple[str, ...]:
    """Return the SHA-256 of the pictures that a record's layers and edits refer to, each once, from unchecked JSON.

    What can't be read is passed over: the JSON may be another version's.
    """
    edits = _entries(record, "edits")
    masks = [entry.get("mask") for entry in _entries(record, "layers")]
    masks += [place.get("mask") for entry in edits if isinstance(place := entry.get("place"), dict)]
    masks += [entry.get("pictures") for entry in edits]
    return tuple(dict.fromkeys(str(digest) for mask in masks if isinstance(mask, dict) for digest in mask.values()))


def _entries(record: Any, name: str) -> list[dict[str, Any]]:
    entries = record.get(name) if isinstance(record, dict) else None
    return [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []


def record_schema() -> dict[str, Any]:
    """JSON Schema of what `FaceRecord.from_json` reads."""
    return _ADAPTER.json_schema()
