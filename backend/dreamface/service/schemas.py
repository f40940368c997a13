"""What goes over HTTP: requests, jobs and answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from dreamface.axes import LARGEST_PICTURE, SMALLEST_PICTURE, Axis, check_axes
from dreamface.bones import BoneNames
from dreamface.errors import BadRequest
from dreamface.limits import (
    LONGEST_WISH,
    MOST_GUIDANCE,
    MOST_PHOTOGRAPHS,
    MOST_STEPS,
    check_export,
    check_prompt,
    check_resolution,
    check_seed,
)
from dreamface.models import check_head, find, find_to_install
from dreamface.motion import TRACKERS, check_gains, check_source
from dreamface.record import (
    MOST_STRENGTH,
    RECORD_FIELDS,
    Digest,
    FaceId,
    FaceRecord,
    pictures_in,
    read_corrections,
    read_edits,
    record_schema,
)
from dreamface.traits import STYLE_NAME, Traits, TraitValue, check_names

Checked = TypeVar("Checked")

LANDMARKS: Final = 478
MOST_PINS: Final = 500
MOST_STEPS_OF_PINS: Final = 8


def _passes(check: Callable[[Any], object]) -> AfterValidator:
    """Pydantic's form of a function that raises BadRequest."""

    def validate(value: Checked) -> Checked:
        try:
            check(value)
        except BadRequest as error:
            raise ValueError(str(error)) from error
        return value

    return AfterValidator(validate)


def to_traits(data: Mapping[str, Any]) -> Traits:
    """Traits as JSON has them: bare values, or objects as `Traits.to_json` writes them.

    Raises:
        BadRequest: a name is not in the vocabulary, or a value is out of range.
    """
    return Traits({name: _trait_value(name, entry) for name, entry in data.items()})


def _trait_value(name: str, entry: Any) -> Any:
    if isinstance(entry, Mapping):
        try:
            entry = TraitEntry.model_validate(entry)
        except ValidationError as error:
            raise BadRequest(
                f"{name} takes a value, or an object with value, confidence (0 to 1) and because."
            ) from error
    return TraitValue(**entry.model_dump()) if isinstance(entry, TraitEntry) else entry


DEEPEST: Final = 64
"""Objects and lists within each other that a request may have. SQLite, pydantic and Python's own JSON can do more, but
each has an end of its own: what one of them stores the next could not read."""

TOO_DEEP: Final = f"The request is nested too deeply: send at most {DEEPEST} objects and lists within each other."


def is_deeper(data: object, deepest: int = DEEPEST) -> bool:
    """Return whether JSON has more objects and lists within each other than `deepest`."""
    level = [data]
    for _ in range(deepest + 1):
        held = [item for item in level if isinstance(item, dict | list)]
        if not held:
            return False
        level = [child for item in held for child in (item.values() if isinstance(item, dict) else item)]
    return True


class Strict(BaseModel):
    """A request: nothing is guessed, nothing unknown let through."""

    model_config = ConfigDict(extra="forbid", strict=True)

    @model_validator(mode="before")
    @classmethod
    def _can_be_written(cls, data: object) -> object:
        """Refuse what JSON lets in and nothing can write again: NaN, half a surrogate pair, and what is too deep."""
        if is_deeper(data):
            raise ValueError(TOO_DEEP)
        if isinstance(data, dict):
            try:
                json.dumps(data, allow_nan=False, ensure_ascii=False).encode()
            except (ValueError, RecursionError) as error:
                raise ValueError("The request holds a number or text that can't be stored: leave it out.") from error
        return data


class TraitEntry(Strict):
    """A trait's value, how sure it is that it was asked for (0: the seed drew it), and because of which words."""

    value: FiniteFloat | str | list[FiniteFloat]
    confidence: FiniteFloat = Field(default=1.0, ge=0.0, le=1.0)
    because: str = ""


ON_MACHINE: Final[dict[str, JsonValue]] = {"x-on-machine": True}
"""Of a field of a request that names a file, a folder or a camera of the backend's machine, in its JSON schema.

Users may name there only what is theirs; see `naming`."""


def named_on_machine(request: BaseModel) -> Iterator[str]:
    """Give everything on the backend's machine that a request names, however deep."""
    for name, field in type(request).model_fields.items():
        value, extra = getattr(request, name), field.json_schema_extra
        if isinstance(extra, dict) and extra.items() >= ON_MACHINE.items() and value is not None:
            yield value
        for nested in value if isinstance(value, list) else [value]:
            if isinstance(nested, BaseModel):
                yield from named_on_machine(nested)


Id = Annotated[str, Field(pattern="^[0-9a-f]{32}$", description="32 hexadecimal digits, such as uuid4().hex")]
Prompt = Annotated[str, _passes(check_prompt), Field(description="a face in words; 1 to 2000 characters")]
Seed = Annotated[int, _passes(check_seed), Field(description="0 to 4294967295")]
Resolution = Annotated[int, _passes(check_resolution), Field(description="side of the maps: 512, 1024, 2048 or 4096")]
Candidate = Annotated[
    int | None,
    Field(
        default=None,
        ge=0,
        lt=2**32,
        description="of the face's head in face.json, where it has one: keeps the person the same",
    ),
]
HeadName = Annotated[str, _passes(check_head), Field(description='a head model of GET /models, or "auto"')]
TraitValues = Annotated[
    dict[str, TraitEntry | FiniteFloat | str | list[FiniteFloat]],
    _passes(to_traits),
    Field(description="trait of GET /traits -> value, or an object with value, confidence and because"),
]
LayerStrengths = Annotated[
    dict[str, Annotated[FiniteFloat, Field(ge=0.0, le=1.0)]],
    Field(default={}, description="layer of a face's skin, as in its face.json -> how strongly it is laid on"),
]
TraitNames = Annotated[list[str], _passes(check_names)]
InstallName = Annotated[str, _passes(find), Field(description="an install_name of GET /models")]


# ------------------------------------------------------------------------------------------------------------ requests


CorrectionsData = Annotated[
    list[dict[str, Any]],
    _passes(read_corrections),
    Field(description="words of a prompt, the `traits` that they mean instead, and those that they do not give"),
]


class DetailData(Strict):
    """How a diffusion model carves a head and textures its skin, or a texture model makes the skin at once."""

    fast: bool = Field(default=False, description="sampled at once from the installed texture model; the shape stays")
    steps: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="of texturing, twice; carving takes half as many again; null is 200, or 30 if fast",
    )
    guidance: float | None = Field(
        default=None,
        ge=0.0,
        le=200.0,
        description="how far it is led towards the words; null is 100, or 2 if fast",
    )


class Wanted(Strict):
    """Somebody in words."""

    prompt: Prompt
    seed: Seed | None = Field(default=None, description="what is left open is drawn from it; null throws the dice")
    head: HeadName = "auto"
    traits: TraitValues = Field(default={}, description="laid over what the prompt says")
    without: TraitNames = Field(default=[], description="traits left open even though the prompt gives them")
    corrections: CorrectionsData = Field(
        default=[], description="of how words of the prompt are understood; a face keeps them"
    )
    anyway: bool = Field(
        default=False,
        description="make somebody also where nothing of the prompt is read; else the job fails with `nothing_read`",
    )


class Generate(Wanted):
    """A face from words."""

    resolution: Resolution = 1024
    align: Annotated[FiniteFloat, Field(ge=0.0, le=1.0)] = Field(
        default=0.0,
        description="how far traits that the words leave open are moved so that the portrait fits the words better; "
        "above 0 it needs the model clip-vit-l-14, else the job fails with a sentence",
    )
    face_id: FaceId | None = Field(default=None, description="of the face whose place it takes")
    detail: DetailData | None = Field(
        default=None, description="by diffusion, where a model is installed; null is quick: our own painter alone"
    )
    variation_of: Id | None = Field(
        default=None,
        description="names the variations that are made together; one that is not picked (POST /jobs/{job}/pick) is "
        "deleted after a week",
    )


def to_record(data: Mapping[str, Any]) -> FaceRecord:
    """A face's record as JSON has it; its traits may be bare values.

    Raises:
        BadRequest: a field is missing, unknown, of the wrong kind or out of range.
    """
    unknown = sorted(data.keys() - set(RECORD_FIELDS))
    if unknown:
        raise BadRequest(f"A face's record has no field {unknown[0]}: send the fields of its face.json.")
    traits = data.get("traits", {})
    if not isinstance(traits, Mapping):
        raise BadRequest("The face's traits must be an object with a value for each name.")
    record = FaceRecord.from_json({**data, "traits": to_traits(traits)} if "traits" in data else data)
    check_prompt(record.prompt)
    check_seed(record.seed)
    check_resolution(record.resolution)
    check_head(record.head)
    return record


RecordData = Annotated[
    dict[str, Any],
    _passes(to_record),
    WithJsonSchema(record_schema()),
    Field(description="what a face remembers: the fields of its face.json that an edit needs"),
]


EditsData = Annotated[
    list[dict[str, Any]],
    _passes(read_edits),
    Field(description="edits from below, as a record has them"),
]


Offset = Annotated[
    Digest | None,
    Field(
        default=None,
        description="an upload: .npz with vertex_count, offset_vertices [K] and offset_deltas [K, 3] in metres, which "
        "are added to the vertices on top of what the traits say",
    ),
]


def _check_place(place: Mapping[str, Any] | None) -> None:
    read_edits([{"id": "place", "kind": "words", "place": place}])


class Diffusion(Strict):
    """What a diffusion model should make on a place; it becomes one more edit on top of the stack.

    Why none can be used here, `POST /edits/read` says (`why_no_diffusion`); the job fails with the same sentence.
    """

    words: Annotated[str, Field(min_length=1, max_length=LONGEST_WISH, description="such as: gold cracks")]
    place: Annotated[dict[str, Any] | None, _passes(_check_place)] = Field(
        default=None, description="as an edit's; its masks' pictures are uploaded first. null: the words name one"
    )
    steps: Annotated[int, Field(ge=1, le=MOST_STEPS)] = 30
    guidance: Annotated[FiniteFloat, Field(ge=0.0, le=MOST_GUIDANCE)] = 7.5
    keep: Annotated[FiniteFloat, Field(ge=0.0, lt=1.0)] = Field(
        default=0.0, description="how much of the skin that is there is kept: 0 begins with noise alone"
    )
    seed: Seed | None = Field(default=None, description="of its noise; null is drawn from the face and the words")
    strength: Annotated[FiniteFloat, Field(ge=0.0, le=MOST_STRENGTH)] = 1.0
    sketch: dict[str, Digest] = Field(
        default={}, description="tile -> an upload: what was drawn in it, as a sketch has it, to begin with as paint"
    )


class Edit(Strict):
    """A face made again with some traits, layers of its skin or edits changed: the edits of its record are laid on.

    Pictures of its layers' and edits' masks, sketches and decals, and the offset, are uploaded first.
    """

    face: RecordData
    offset: Offset = None
    traits: TraitValues
    layers: LayerStrengths = {}
    resolution: Resolution | None = Field(default=None, description="null keeps the face's own")
    diffusion: Diffusion | None = Field(default=None, description="one more edit, which a diffusion model makes")


class ExploreAxis(Strict):
    """A direction in which a face's neighbours differ."""

    name: str = Field(max_length=80, description='a trait of GET /traits that is a number, or "identity"')
    step: Annotated[FiniteFloat, Field(gt=0.0)] | None = Field(
        default=None, description="between two neighbours, in the trait's unit; null is the usual one"
    )
    towards: Seed | None = Field(
        default=None, description="of an identity: seed of the person whom it leads to; null is the next after the face"
    )

    def to_axis(self) -> Axis:
        """Return it as the pipeline takes it."""
        return Axis(self.name, self.step, self.towards)


def _check_axes(axes: list[ExploreAxis]) -> None:
    check_axes([axis.to_axis() for axis in axes])


class Explore(Strict):
    """A face whose neighbours are wanted: 25 pictures, along two axes. No face is made.

    Pictures of its layers' and edits' masks, sketches and decals, and the offset, are uploaded first.
    """

    face: RecordData
    offset: Offset = None
    axes: Annotated[list[ExploreAxis], Field(min_length=2, max_length=2), _passes(_check_axes)] = Field(
        description="to the right, and upwards"
    )
    size: Annotated[int, Field(ge=SMALLEST_PICTURE, le=LARGEST_PICTURE)] = Field(
        default=160, description="side of the pictures in pixels"
    )
    keep: TraitNames = Field(default=[], description="shape traits that stay on an axis of identity, as if asked for")


class Glance(Wanted):
    """A small picture of the person whom a job `generate` of the same makes; no face is made."""

    size: Annotated[int, Field(ge=SMALLEST_PICTURE, le=LARGEST_PICTURE)] = Field(
        default=160, description="side of the picture in pixels"
    )


def needed_files(kind: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the SHA-256 of the uploads that a job needs; its request is as JSON has it."""
    if kind == "from_photo":
        sent = (one.get("upload") for one in request.get("photographs", ()) if isinstance(one, Mapping))
        return tuple(dict.fromkeys(digest for digest in sent if digest))
    if kind not in ("edit", "cards", "explore"):
        return ()
    diffusion = request.get("diffusion") or {}
    begun = {"place": diffusion.get("place"), "pictures": diffusion.get("sketch")}
    pictures = (*pictures_in(request["face"]), *pictures_in({"edits": [begun]}))
    return (*pictures, *(digest for name in ("offset", "hair") if (digest := request.get(name))))


class Cards(Strict):
    """Cards of a face's hair: flat strips of mesh with a texture, for games."""

    face: RecordData
    offset: Offset = None
    hair: Digest | None = Field(
        default=None,
        description="an upload: .npz with the arrays of groom.npz, where the hair is not as it grows, but was combed",
    )
    groom: list[dict[str, Any]] | None = Field(default=None, description="what face.json says of that hair")
    level: Annotated[int, Field(ge=0, le=2)] = Field(default=0, description="of detail; 0 is the finest")
    resolution: Resolution = Field(default=1024, description="side of the cards' texture")

    @model_validator(mode="after")
    def _check_hair(self) -> Cards:
        if (self.hair is None) != (self.groom is None):
            raise ValueError("Hair needs both hair, an upload, and groom: send both, or neither.")
        return self


class Export(Strict):
    """A face as a file for another program."""

    job: Id = Field(description="a done generate, from_photo or edit job")
    format: Literal["glb", "obj", "blend"]
    rig: BoneNames | None = Field(default=None, description="whose names its bones have; null leaves bones away")
    lod: Annotated[int, Field(ge=0, le=3)] = Field(
        default=0, description="level of detail of head and hair cards: 0 is the whole head, 3 a tenth of its triangles"
    )
    visemes: bool = Field(default=False, description="with the 15 visemes of lip sync as further blend shapes")

    @model_validator(mode="after")
    def _check_format(self) -> Export:
        try:
            check_export(f".{self.format}", self.rig is not None, self.lod, self.visemes)
        except BadRequest as error:
            raise ValueError(str(error)) from error
        return self


Gains = Annotated[
    dict[str, FiniteFloat],
    _passes(check_gains),
    Field(description="region (brows, eyes, jaw, mouth, cheeks, head, gaze), or one of ARKit's shapes -> 0 to 3"),
]
Smoothing = Annotated[FiniteFloat, Field(ge=0.0, le=1.0, description="0 is as it was tracked")]
WhichFace = Annotated[
    int | None,
    Field(default=None, ge=0, lt=100, description="which of several, counted from the left; null is the largest"),
]
Seconds = Annotated[FiniteFloat | None, Field(ge=0.0, le=1e6)]


def _check_tracker(tracker: str) -> None:
    if tracker not in TRACKERS:
        raise BadRequest(f"tracker is one of {', '.join(TRACKERS)}.")


def _check_path(path: str) -> None:
    if not _is_whole(path):
        raise BadRequest("source is the whole path of a file or folder on the backend's machine.")


def _is_whole(path: str) -> bool:
    return "\0" not in path and Path(path).is_absolute()


class Photograph(Strict):
    """A photograph: a file on the backend's machine, or one that was uploaded."""

    path: Annotated[str, Field(max_length=4096)] | None = Field(
        default=None,
        description="whole path of a file on the backend's machine; users send an upload instead",
        json_schema_extra=ON_MACHINE,
    )
    upload: Digest | None = Field(default=None, description="an upload; it is deleted when the job is over")
    name: str = Field(default="", max_length=255, description="what an upload's file is called")

    @model_validator(mode="after")
    def _check_source(self) -> Photograph:
        if (self.path is None) == (self.upload is None):
            raise ValueError("A photograph is either a path or an upload: send one of them.")
        if self.path is not None and not _is_whole(self.path):
            raise ValueError("path is the whole path of a photograph on the backend's machine.")
        return self


class FromPhoto(Strict):
    """A face from photographs of one person."""

    photographs: Annotated[list[Photograph], Field(min_length=1, max_length=MOST_PHOTOGRAPHS)] = Field(
        description="several of the same person show more"
    )
    words: str = Field(
        default="", max_length=2000, description="what is to be other than they show, such as: 20 years older"
    )
    seed: Seed | None = Field(default=None, description="what they do not show is drawn from it; null throws the dice")
    resolution: Resolution = 1024
    head: HeadName = "auto"
    traits: TraitValues = Field(default={}, description="laid over what they show, and the words")
    tracker: Annotated[str, _passes(_check_tracker)] = Field(
        default="auto", description="what finds landmarks: auto, face-mesh or face-landmarker"
    )
    face_id: FaceId | None = Field(default=None, description="of the face whose place it takes")
    keep: bool = Field(
        default=False, description="whether the face's folder gets copies of the photographs; otherwise nothing does"
    )


class Animate(Strict):
    """A performance from footage, or from a take that was recorded."""

    source: Annotated[str, _passes(_check_path)] = Field(
        max_length=4096,
        description="path on the backend's machine: a video, a folder of pictures, a CSV file of Live Link Face or a "
        "take (.npz); users name takes that they made",
        json_schema_extra=ON_MACHINE,
    )
    tracker: Annotated[str, _passes(_check_tracker)] = Field(
        default="auto", description="auto, face-mesh or face-landmarker"
    )
    face: WhichFace
    start: Seconds = Field(default=None, description="of the part that is read, seconds; null is its beginning")
    end: Seconds = Field(default=None, description="of the part that is read, seconds; null is its end")
    neutral: Seconds = Field(
        default=None, description="second in which the face is at rest; null is the first ones, in footage"
    )
    mirror: bool = Field(default=False, description="whether left and right are exchanged")
    smoothing: Smoothing = 0.5
    gains: Gains = {}

    @model_validator(mode="after")
    def _check_part(self) -> Animate:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError("end must come after start.")
        return self


class _NewJob(Strict):
    id: Id | None = Field(default=None, description="your choice: sending it twice gives the same job")


class GenerateJob(_NewJob):
    """Ask for a face from words."""

    kind: Literal["generate"]
    request: Generate


class EditJob(_NewJob):
    """Ask for a changed face."""

    kind: Literal["edit"]
    request: Edit


class CardsJob(_NewJob):
    """Ask for hair as cards."""

    kind: Literal["cards"]
    request: Cards


class ExploreJob(_NewJob):
    """Ask for pictures of a face's neighbours.

    While it runs they lie, as far as they are made, in the folder of the store that the job is staged in, as
    `<row>-<column>.png`: who shares the disk can show them already.
    """

    kind: Literal["explore"]
    request: Explore


class GlanceJob(_NewJob):
    """Ask for a small picture of somebody, to choose from several; it is deleted after a day."""

    kind: Literal["glance"]
    request: Glance


class ExportJob(_NewJob):
    """Ask for a file."""

    kind: Literal["export"]
    request: Export


class FromPhotoJob(_NewJob):
    """Ask for a face from photographs."""

    kind: Literal["from_photo"]
    request: FromPhoto


class AnimateJob(_NewJob):
    """Ask for a performance."""

    kind: Literal["animate"]
    request: Animate


class ModelName(Strict):
    """A model that is installed as files."""

    name: InstallName


class ModelSource(Strict):
    """A model to be installed."""

    name: str = Field(
        description="an install_name of GET /models; with a path also a new one, for a checkpoint of the artist's own"
    )
    path: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(
        default=None,
        description="a file or archive that was downloaded already, or a folder it was unpacked into, on the backend's "
        "machine; null downloads it",
        json_schema_extra=ON_MACHINE,
    )

    @model_validator(mode="after")
    def _check_name(self) -> ModelSource:
        try:
            (find if self.path is None else find_to_install)(self.name)
        except BadRequest as error:
            raise ValueError(str(error)) from error
        return self


class InstallModelJob(_NewJob):
    """Ask for a model: download it unless `path` has it, check it, and put it in the place of an older one.

    A download that was cut or stopped goes on with the next such job, where the server allows it.
    """

    kind: Literal["install_model"]
    request: ModelSource


class RemoveModelJob(_NewJob):
    """Ask for a model to be deleted."""

    kind: Literal["remove_model"]
    request: ModelName


class VerifyModelJob(_NewJob):
    """Ask whether an installed model is as it was installed; where it is not, the job fails and says what is wrong."""

    kind: Literal["verify_model"]
    request: ModelName


class ChooseModelJob(_NewJob):
    """Ask for diffusion to work with an installed model from now on."""

    kind: Literal["choose_model"]
    request: ModelName


NewJob = Annotated[
    GenerateJob
    | FromPhotoJob
    | EditJob
    | CardsJob
    | ExploreJob
    | GlanceJob
    | ExportJob
    | AnimateJob
    | InstallModelJob
    | RemoveModelJob
    | VerifyModelJob
    | ChooseModelJob,
    Field(discriminator="kind"),
]


# ------------------------------------------------------------------------------------------------------------- results


class FaceResult(BaseModel):
    """A face that was made; the answer adds the folder that it lies in."""

    face_id: str
    prompt: str
    seed: int
    resolution: int
    not_understood: list[str]
    notes: list[str] = Field(
        default=[], description="a sentence for whatever an artist should know of the prompt, or of the photographs"
    )
    moved: list[str] = Field(
        default=[], description="what looking has moved, in words, because the picture fits the words better"
    )
    looked: str = Field(default="", description="a sentence that says what looking has come to; empty where nobody did")


class ExportResult(BaseModel):
    """A file that was written; the answer gives its whole path."""

    file: str


class ExploreResult(BaseModel):
    """Neighbours of a face; the answer gives the file's whole path, and the pictures lie beside it.

    For each of the 25 neighbours the file has its row and column, its picture's name, the values of both axes there,
    the traits that make it, which go to a job `edit`, and all in which it differs from the face: what goes along, too.
    """

    file: str
    rows: int
    columns: int


class GlanceResult(BaseModel):
    """A picture of somebody; the answer gives its whole path. `glance.json` beside it has prompt, seed and traits."""

    file: str
    prompt: str
    seed: int


class AnimateResult(BaseModel):
    """A take that was made; the answer gives its whole path."""

    file: str
    source: str
    moments: int
    seconds: float
    seen: float = Field(description="share of the moments in which a face was seen, 0 to 1")
    rate: float = Field(description="moments a second")
    notes: list[str] = Field(description="a sentence for whatever an artist should know of it")


class ModelResult(BaseModel):
    """What was done to a model, in one sentence."""

    message: str


WorkerName = Literal["faces", "models"]


@dataclass(frozen=True)
class JobKind:
    """What the service knows of a kind of job.

    Attributes:
        request: what is asked.
        result: what a done job gives.
        folder: where in the store results lie; empty where they lie outside of it.
        worker: which does it. Each does one job at a time.
    """

    request: type[BaseModel]
    result: type[BaseModel]
    folder: Literal["faces", "exports", ""] = ""
    worker: WorkerName = "faces"


Kind = Literal[
    "generate", "from_photo", "edit", "cards", "explore", "glance", "export", "animate", "install_model",
    "remove_model", "verify_model", "choose_model",
]  # fmt: skip

JOB_KINDS: Final[Mapping[Kind, JobKind]] = {
    "generate": JobKind(Generate, FaceResult, "faces"),
    "from_photo": JobKind(FromPhoto, FaceResult, "faces"),
    "edit": JobKind(Edit, FaceResult, "faces"),
    "cards": JobKind(Cards, ExportResult, "exports"),
    "explore": JobKind(Explore, ExploreResult, "exports"),
    "glance": JobKind(Glance, GlanceResult, "exports"),
    "export": JobKind(Export, ExportResult, "exports"),
    "animate": JobKind(Animate, AnimateResult, "exports"),
    "install_model": JobKind(ModelSource, ModelResult, worker="models"),
    "remove_model": JobKind(ModelName, ModelResult, worker="models"),
    "verify_model": JobKind(ModelName, ModelResult, worker="models"),
    "choose_model": JobKind(ModelName, ModelResult, worker="models"),
}
"""All kinds of jobs. A new one needs a row here, a class in `NewJob` and a function in `tasks` or `model_tasks`."""


# --------------------------------------------------------------------------------------------------------------- calls


class Read(Strict):
    """A prompt to be understood."""

    prompt: Prompt


class Reshape(Strict):
    """A head to be shaped."""

    head: HeadName = "auto"
    seed: Seed
    traits: TraitValues = Field(description="all of the face's, with their confidence")
    candidate: Candidate = None
    offset: Offset = None
    shapes: bool = Field(default=False, description="also its blend shapes")
    edits: EditsData = Field(
        default=[],
        description="those of the face's edits that mix other shapes in, or change hair in places; pictures"
        " of their places are uploaded first",
    )


class PinAt(Strict):
    """A point of a head, and where a photograph shows it."""

    photograph: int = Field(ge=1, le=MOST_PHOTOGRAPHS, description="of the head, from 1")
    point: int = Field(ge=0, lt=LANDMARKS, description="a landmark of MediaPipe's face mesh")
    at: Annotated[list[FiniteFloat], Field(min_length=2, max_length=2)] = Field(
        description="fractions of the photograph's width and height from its upper left corner"
    )
    where: Annotated[list[FiniteFloat], Field(min_length=3, max_length=3)] = Field(
        description="metres on the head, with the expression in the photograph, as the history's newest step has it"
    )


class FollowPins(Strict):
    """Points of a head from photographs that are dragged to where these show them."""

    head: HeadName
    history: Annotated[list[dict[str, Any]], Field(max_length=MOST_STEPS_OF_PINS)] = Field(
        description="the steps of face.json's history that are from photographs or pins"
    )
    pins: Annotated[list[PinAt], Field(max_length=MOST_PINS)] | None = Field(
        default=None, description="all that there are to be; null gets ready, and tells what points there are"
    )


class Paint(Strict):
    """A head whose edits are changing: what differs in its textures.

    The pictures of all its edits, those that are shown too, and the offset are uploaded first.
    """

    face: RecordData
    shown: EditsData = Field(default=[], description="the edits that the viewport shows; those of `face` are the new")
    offset: Offset = None
    resolution: Resolution | None = Field(
        default=None, description="side of the maps that the viewport shows; null is the face's own"
    )

    @property
    def pictures(self) -> tuple[str, ...]:
        """SHA-256 of the uploads that it needs, beside the offset."""
        return tuple(dict.fromkeys((*pictures_in(self.face), *pictures_in({"edits": self.shown}))))


class EditWords(Strict):
    """Words that say what should be on the skin."""

    words: str = Field(max_length=2000, description="such as: a pale scar on the left cheek")
    place: bool = Field(default=False, description="whether a place is marked; if not, the words may say one")
    whole: bool = Field(default=False, description="whether the whole face is meant, whatever places are named")
    corrections: CorrectionsData = Field(default=[], description="of the face: how it understands words")
    traits: TraitValues = Field(default={}, description="of the face, which changes of all of it are measured from")


class OtherFace(Strict):
    """Another face that somebody may speak of."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    record: RecordData


class Talk(Strict):
    """Something that is said to a face."""

    said: str = Field(max_length=2000, description="an order, a step through the history or a question, in English")
    face: RecordData = Field(description="its record, with the conversation so far")
    others: Annotated[list[OtherFace], Field(max_length=50)] = Field(default=[], description="faces that may be named")
    folder: str | None = Field(
        default=None,
        max_length=4096,
        description="of the face as it was made last, on the backend's machine, to look at it for questions",
        json_schema_extra=ON_MACHINE,
    )


class TraitShift(BaseModel):
    """A trait that is otherwise now."""

    trait: str
    before: Any
    after: Any


class TalkReply(BaseModel):
    """What comes of something that was said. Nothing is made: the stack goes to a job `edit`, or to `POST /paint`."""

    answer: str = Field(description="a sentence or a few")
    changed: bool = Field(description="whether the stack is another one")
    understood: bool = Field(description="whether everything in it was followed or answered")
    edits: list[dict[str, Any]] = Field(description="the whole stack, from below")
    talk: list[dict[str, Any]] = Field(description="the whole conversation, for the face's record")
    changes: list[TraitShift]


class Carry(Strict):
    """Edits of one face that another one is to get. Their pictures are uploaded first."""

    model_config = ConfigDict(populate_by_name=True)

    edits: EditsData
    source: RecordData = Field(alias="from", description="of the face whose edits they are")
    target: RecordData = Field(alias="to", description="of the face that gets them")

    @property
    def pictures(self) -> tuple[str, ...]:
        """SHA-256 of the uploads that it needs."""
        return pictures_in({"edits": self.edits})


class EditPicture(Strict):
    """A picture that an edit is to have."""

    picture: Digest = Field(description="an upload: a file of any kind that pictures come in")
    kind: Literal["mask", "sketch", "picture"] = Field(description="a mask becomes grey")


class StartLive(Strict):
    """A face to be read while it moves."""

    source: Annotated[str, _passes(check_source)] = Field(
        max_length=4096,
        description='"camera", "camera:1" of GET /cameras, the path of a video that plays as a camera, or "udp:11111", '
        "the port that Live Link Face sends to; users have no cameras and videos there",
        json_schema_extra=ON_MACHINE,
    )
    face: WhichFace
    mirror: bool = False
    smoothing: Smoothing = 0.5
    gains: Gains = {}


class Adjust(Strict):
    """What is to be otherwise in a live session; null stays as it is."""

    mirror: bool | None = None
    smoothing: Smoothing | None = None
    gains: Gains | None = None


class Record(Strict):
    """Whether a take is to be recorded."""

    on: bool


Region = Literal["scalp", "beard", "brows", "lashes"]


class Groom(Strict):
    """A head whose hair is to be grown."""

    head: HeadName = "auto"
    seed: Seed
    traits: TraitValues = Field(description="all of the face's, with their confidence")
    candidate: Candidate = None
    offset: Offset = None
    regions: list[Region] | None = Field(default=None, description="only the hair of these; null is all")
    edits: EditsData = Field(
        default=[],
        description="those of the face's edits that mix other shapes in, or change hair in places; pictures"
        " of their places are uploaded first",
    )


def check_style_name(name: str) -> None:
    """Refuse what no hair style can be called.

    Raises:
        BadRequest: it is no such name.
    """
    if re.fullmatch(STYLE_NAME, name) is None:
        raise BadRequest("A hair style's name takes up to 40 small letters, digits and _, and begins with a letter.")


StyleName = Annotated[str, _passes(check_style_name)]
Coordinate = Annotated[FiniteFloat, Field(ge=-1000.0, le=1000.0)]
Point = Annotated[list[Coordinate], Field(min_length=3, max_length=3)]


class SaveStyle(Strict):
    """A hair style of the artist's own: a whole one as docs/hair.md has it, or guides that were combed on a head."""

    name: StyleName = Field(description="what the trait of its region, such as hair.style, is to call it")
    label: str = Field(min_length=1, max_length=60, description="what artists read")
    region: Region = "scalp"
    summary: str = Field(default="", max_length=200, description="one sentence")
    replace: bool = Field(default=False, description="whether it may take the place of a style of that name")
    style: dict[str, Any] | None = Field(default=None, description="a whole style; its name, label and region are ours")
    guides: list[list[Point]] | None = Field(
        default=None, description="of each its points from root to tip, metres, in the head's space"
    )
    record: RecordData | None = Field(default=None, description="of the face on whose head the guides are")
    offset: Offset = None
    like: StyleName | None = Field(
        default=None, description="a style whose hairs between the guides one of guides has, too"
    )

    @model_validator(mode="after")
    def _check_kind(self) -> SaveStyle:
        if (self.style is None) == (self.guides is None):
            raise ValueError("A hair style is saved from either style or guides: send one of them.")
        if (self.guides is None) != (self.record is None):
            raise ValueError("Guides need the record of the face on whose head they are: send both.")
        return self


# ------------------------------------------------------------------------------------------------------------- answers

State = Literal["queued", "running", "done", "failed", "cancelled"]


class Job(BaseModel):
    """One job. Times are ISO 8601 in UTC."""

    id: str
    kind: Kind
    state: State
    stage: str = Field(description="of the pipeline, such as skin")
    fraction: float = Field(description="0 to 1 of the whole job")
    message: str = Field(description="what is happening now, in plain words")
    eta: float | None = Field(description="seconds left, where there is anything to guess from")
    created: str
    started: str | None
    finished: str | None
    error: str | None = Field(description="a sentence that says what went wrong and what to do")
    error_code: str = Field(
        default="",
        description='what a program can tell the error by: "nothing_read" where nothing of a prompt was read, so that '
        "a face would be anybody; with `anyway` somebody is made all the same",
    )
    request: dict[str, Any] = Field(description="as sent, with the seed filled in")
    result: dict[str, Any] | None = Field(
        description="of a face: folder, face_id, prompt, seed, resolution, not_understood; of an export: file; "
        "of a take: file, source, moments, seconds, seen, rate, notes; of a model: message, one sentence"
    )
    attempts: int = Field(description="how often it was started")


class JobList(BaseModel):
    """Jobs, newest first."""

    jobs: list[Job]


class File(BaseModel):
    """One file of a job's result."""

    path: str = Field(description="relative to the result's folder, with /")
    size: int = Field(description="bytes")


class FileList(BaseModel):
    """All files of a job's result."""

    files: list[File]


class RoomItem(BaseModel):
    """What a done job takes of the disk."""

    job: str
    kind: Kind
    label: str = Field(description="what it is of: a prompt, or what else was asked for; may be empty")
    created: str = Field(description="ISO 8601 in UTC")
    size: int = Field(description="bytes")


class Room(BaseModel):
    """What somebody takes of the disk, and may take."""

    used: int = Field(description="bytes")
    allowed: int | None = Field(description="bytes; null: all there are")
    uploads: int = Field(description="bytes of `used` that were sent ahead of jobs")
    styles: int = Field(description="bytes of `used` that hair styles of one's own take; the owner's lie elsewhere")
    items: list[RoomItem] = Field(description="the largest first")


class ReadTrait(TraitEntry):
    """A trait that words gave."""

    said: str = Field(default="", description="its value in words, such as: very wide nose")
    spans: list[list[int]] = Field(
        default=[],
        description="where the words that caused it stand in `text`: first character, and one behind the last",
    )
    follows: bool = Field(default=False, description="whether nobody said it, and it follows: a fisherman's beard")


class MarkEntry(BaseModel):
    """Something that lies at one place on the skin."""

    words: str
    regions: list[str]
    effects: list[str] = []
    traits: list[str] = []


class NoteEntry(BaseModel):
    """Something that an artist should know."""

    kind: str = Field(description="unmade, name, profession, company, contradiction or place")
    words: str = Field(description="of the prompt, that it is about")
    text: str = Field(description="a sentence")


class OptionEntry(BaseModel):
    """Another meaning of some words."""

    said: str
    traits: dict[str, FiniteFloat | str | list[FiniteFloat]]


class Reading(BaseModel):
    """What a prompt says."""

    traits: dict[str, ReadTrait]
    not_understood: list[str] = Field(description="words that nothing was made of and no reason is known of")
    note: str = Field(default="", description="a sentence where nothing was read, as of a prompt in another language")
    nothing_read: bool = Field(default=False, description="whether a face of it would be anybody; see `anyway`")
    text: str = Field(default="", description="what was read: the prompt without what can't be seen")
    marks: list[MarkEntry] = Field(default=[], description="what lies at a place that the prompt names")
    notes: list[NoteEntry] = []
    alternatives: dict[str, list[OptionEntry]] = Field(
        default={}, description="words that caused traits -> what they could also mean, the likeliest first"
    )


class EffectEntry(BaseModel):
    """Something that words ask to be put on the skin, as an edit's `parameters.effects` has it."""

    name: str
    amount: float
    colour: list[float] | None = None
    variant: str = ""


class EditPart(BaseModel):
    """One thing that the words of an edit ask for, at its own place: an edit of its own."""

    words: str = Field(default="", description="the part of the words that says it")
    traits: dict[str, TraitEntry] = Field(description="what is to be otherwise there: an edit's `traits`")
    effects: list[EffectEntry] = Field(description="what is put on the skin: an edit's `parameters.effects`")
    region: str | None = Field(
        description="the first place that the words say, where none is marked; null where everything else is meant"
    )
    regions: list[str] = Field(default=[], description="all places that the words say")
    inverted: bool = Field(default=False, description="whether everything but the regions is meant")
    not_understood: list[str]
    contradiction: str = Field(
        description="a sentence where the words can't be followed: two things that can't both be, no place; else empty"
    )


class EditReading(EditPart):
    """What the words of an edit ask for: the first part, and all of them."""

    parts: list[EditPart] = Field(default=[], description="everything that is asked for, each with its own place")
    why_no_diffusion: str = Field(
        default="", description="why diffusion can't make the words that nothing is made of; empty where it can"
    )


class EditWord(BaseModel):
    """Something that words can ask for."""

    name: str
    description: str
    words: list[str] = Field(description="phrases that ask for it")
    variants: list[str] = Field(description="kinds of it, each also a word that asks for it")


class EditFamily(BaseModel):
    """What belongs together."""

    name: str
    words: list[EditWord]


class NamedPlace(BaseModel):
    """A region of the face by name."""

    name: str = Field(description="what an edit's place calls it")
    label: str = Field(description="what artists read")
    side: Literal["left", "right"] | None
    words: list[str] = Field(description="phrases that mean it")


class EditVocabulary(BaseModel):
    """Every word that works in an edit."""

    families: list[EditFamily]
    regions: list[NamedPlace]


class CarriedEdits(BaseModel):
    """Edits as the other face can have them."""

    edits: list[dict[str, Any]]
    pictures: dict[str, str] = Field(description="SHA-256 -> PNG in Base64, of all that they refer to")


class KeptPicture(BaseModel):
    """A picture that edits can refer to; it is among the uploads."""

    sha: str = Field(description="SHA-256 of its PNG")
    png: str = Field(description="the PNG, Base64")
    width: int
    height: int


class Health(BaseModel):
    """How the backend is."""

    name: str
    version: str
    api: int
    state: Literal["starting", "ready", "restarting", "stopped"] = Field(
        description="of the worker process; stopped: something has paused it"
    )
    problem: str = Field(description="a sentence where the worker does not start or was paused, else empty")
    store: str
    store_id: str = Field(description="also in the store's file store_id: who reads it there shares the disk")
    pid: int
    worker_pid: int | None
    model_worker_pid: int | None = Field(description="of the second worker, while a model is installed or removed")
    python: str
    device: Literal["cpu", "cuda"] | None
    active_jobs: int


class HeadInfo(BaseModel):
    """A head model."""

    name: str = Field(description="what it is asked for by")
    description: str
    licence: str
    stage: str = Field(description="of the pipeline that uses it")
    installed: bool
    install_name: str = Field(
        description="what install_model, verify_model and remove_model call it; empty where a package brings it"
    )
    title: str = Field(description="what people call it")
    source: str = Field(description="its web page, or empty")
    download_size: int = Field(description="bytes, about; 0 where it is not downloaded")
    installed_size: int = Field(description="bytes on disk; 0 where it is not installed as files")
    folder: str = Field(description="where it is, or would be; empty where a package brings it")
    diffuses: bool = Field(description="whether diffusion can work with it, so that choose_model takes it")
    chosen: bool = Field(description="whether diffusion works with it now")


class ModelInfo(HeadInfo):
    """A model that makes one stage better."""


class Models(BaseModel):
    """What there is to choose from."""

    heads: list[HeadInfo]
    models: list[ModelInfo]


class TraitInfo(BaseModel):
    """One word of the vocabulary, as `dreamface traits --json` has it."""

    name: str
    group: str
    kind: Literal["number", "colour", "tint", "choice"]
    description: str
    low: float
    high: float
    unit: str
    default: float | str | list[float]
    choices: list[str]
    open: bool = Field(description="whether the name of any style of GET /styles is a choice, too")
    more: list[str] = Field(description="phrases for a high value")
    less: list[str] = Field(description="phrases for a low value")
    measured: bool = Field(description="whether it is measured on the mesh")


class StyleInfo(BaseModel):
    """A hair style, as lists show it. Its numbers are the traits' values at which it is as it was drawn."""

    name: str = Field(description="of its file")
    value: str = Field(description="what the trait of its region, such as hair.style, calls it")
    label: str = Field(description="what artists read")
    region: Region
    summary: str
    own: bool = Field(description="whether it is the artist's own, and can be removed")
    length: float
    curl: float
    volume: float
    fringe: float
    parting: float | None = Field(description="-1 to 1, from over the right eye to over the left; null has none")
    picture: str | None = Field(description="a PNG on the backend's machine, where there is one")


class StyleList(BaseModel):
    """All hair styles."""

    styles: list[StyleInfo]
    problems: list[str] = Field(description="a sentence for each file that can't be read")


class Camera(BaseModel):
    """A camera of the backend's machine."""

    id: str = Field(description='what POST /live calls it: "camera:0"')
    name: str


class Live(BaseModel):
    """A live session."""

    id: str
    name: str = Field(description="of the source, for people")


class LiveMoment(BaseModel):
    """What a face does now."""

    time: float = Field(description="seconds since the source began")
    weights: list[float] = Field(description="of ARKit's 52 shapes, 0 to 1")
    head: list[float] = Field(description="yaw, pitch, roll in radians; positive is to the person's left, down, left")
    position: list[float] = Field(description="metres, seen from the camera")
    eyes: list[float] = Field(description="yaw and pitch of the left, then of the right eye, against the head")
    seen: bool = Field(description="whether a face is there; where not, the last one fades")
    rate: float = Field(description="moments a second, of late")
    latency_ms: float = Field(description="since the picture was there")
    dropped: int = Field(description="pictures that were not read, since the beginning")


class Take(BaseModel):
    """The take that a live session recorded last."""

    file: str | None = Field(description="a take (.npz) on the backend's machine; null where nothing was recorded")
    seconds: float
    moments: int


class Upload(BaseModel):
    """A file that was sent ahead of a job."""

    sha256: str = Field(description="what jobs call it")


class Problem(BaseModel):
    """Every answer that is not 2xx."""

    error: str = Field(description="one sentence that says what to do")
