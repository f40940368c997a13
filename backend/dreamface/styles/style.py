"""Hair styles as data: the JSON files of `presets/hair`, and of the artist's own folder.

A style is a base and sections laid over it. Each section says where it is (`Where`) and what is different there. All
lengths are millimetres and all angles degrees, as artists think of them; docs/hair.md describes every field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

from dreamface.errors import BadRequest
from dreamface.hair import Region
from dreamface.styles.face_parts import FacePart

NAME: Final = r"^[a-z][a-z0-9_]{0,39}$"
"""What a style may be called in files and traits."""

MOST_SECTIONS: Final = 40
MOST_TIES: Final = 12
MOST_GUIDES: Final = 800
"""Of a style: more would only be slower."""

LONGEST: Final = 1500.0
"""Millimetres: hair that is asked to be longer is refused."""

Share = Annotated[FiniteFloat, Field(ge=0.0, le=1.0)]
Millimetres = Annotated[FiniteFloat, Field(ge=0.0, le=LONGEST)]
Signed = Annotated[FiniteFloat, Field(ge=-LONGEST, le=LONGEST)]
Degrees = Annotated[FiniteFloat, Field(ge=-180.0, le=180.0)]
Span = tuple[FiniteFloat, FiniteFloat]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mark(_Strict):
    """A landmark of the head, and millimetres from it: upwards for heights, outwards for distances from the middle."""

    landmark: str
    mm: Signed = 0.0


class Where(_Strict):
    """A part of the head; all that is said has to hold.

    Attributes:
        azimuth: degrees around the skull, 0 in front and 180 behind, the same on both sides.
        elevation: degrees above the plane through the ears; 90 is the top.
        side: only this side of the person.
        parts: within one of these parts of a beard.
        near: within so many millimetres of one of the landmarks.
        above, below: heights.
        beyond, within: distances from the middle plane.
        soft_degrees, soft_mm: over which the border fades.
    """

    azimuth: Span | None = None
    elevation: Span | None = None
    side: Literal["left", "right", "both"] = "both"
    parts: tuple[FacePart, ...] = ()
    near: tuple[Mark, ...] = ()
    above: Mark | None = None
    below: Mark | None = None
    beyond: Mark | None = None
    within: Mark | None = None
    soft_degrees: Annotated[FiniteFloat, Field(gt=0.0, le=90.0)] = 10.0
    soft_mm: Annotated[FiniteFloat, Field(gt=0.0, le=100.0)] = 8.0

    @model_validator(mode="after")
    def _check_spans(self) -> Where:
        for name in ("azimuth", "elevation"):
            span = getattr(self, name)
            if span is not None and span[0] >= span[1]:
                raise ValueError(f"{name} goes from the smaller to the larger number")
        return self


class Cut(_Strict):
    """Scissors: hair ends where it comes below a plane.

    Attributes:
        landmark: at whose height the plane is, in the middle of the head.
        mm: how much higher.
        back_rises: degrees by which the plane rises towards the back of the head.
        ragged: millimetres by which hairs are cut unevenly.
    """

    landmark: str
    mm: Signed = 0.0
    back_rises: Degrees = 0.0
    ragged: Millimetres = 4.0


class Section(_Strict):
    """What hair does in one part of the head. What is None is as in the sections before.

    Attributes:
        where: which part; None is everywhere.
        density: 0..1, how many of the hairs grow; 0 is shaved.
        length: millimetres at the style's own `hair.length`.
        flow: weights of named directions in which hair is combed: "away" from the whorl of the crown, "side" away from
            the parting, "back", "forward", "down", "up", "out" of the skin, "middle" towards the middle plane, "left",
            "swirl" around the crown, "across" to the parting's other side.
        lift: degrees between the skin and a hair's root.
        rise: millimetres over which a hair keeps the way it left the skin.
        follow: millimetres over which hair is combed; beyond, it falls.
        stiff: millimetres over which a hair turns to where it is pulled.
        gravity: 0..1, how much it falls.
        volume: millimetres between the skin and the hair that lies on it.
        layers: millimetres by which hair from the crown lies above hair from below.
        curl: 0..1, from straight to coiled.
        radius, pitch: millimetres of the curl at the style's own `hair.curl`; 0 takes what goes with `curl`.
        curl_from: share of the length at which it starts.
        flat: 0..1, from a helix to a wave in the plane of the skin.
        unruly: degrees by which neighbouring locks go different ways.
        face: 0..1, how far hair may fall over the face; 0 sweeps it to the sides.
        turn: degrees by which the last third bends, above 0 towards the head.
        twirl: degrees by which the outer half bends upwards, as a waxed moustache does.
        gather: 0..1, how far the hair of one side of the face draws together into one lock.
        cut: scissors.
        uncut: True takes away the scissors of the sections before.
        loose: True keeps it out of ties: a fringe, or strands that frame the face.
    """

    where: Where | None = None
    density: Share | None = None
    length: Millimetres | None = None
    flow: Mapping[str, Annotated[FiniteFloat, Field(ge=-10.0, le=10.0)]] | None = None
    lift: Degrees | None = None
    rise: Millimetres | None = None
    follow: Millimetres | None = None
    stiff: Annotated[FiniteFloat, Field(gt=0.0, le=LONGEST)] | None = None
    gravity: Share | None = None
    volume: Millimetres | None = None
    layers: Millimetres | None = None
    curl: Share | None = None
    radius: Millimetres | None = None
    pitch: Millimetres | None = None
    curl_from: Share | None = None
    flat: Share | None = None
    unruly: Annotated[FiniteFloat, Field(ge=0.0, le=90.0)] | None = None
    turn: Degrees | None = None
    face: Share | None = None
    twirl: Annotated[FiniteFloat, Field(ge=-720.0, le=720.0)] | None = None
    gather: Share | None = None
    cut: Cut | None = None
    uncut: bool = False
    loose: bool = False

    @model_validator(mode="after")
    def _check_flow(self) -> Section:
        unknown = set(self.flow or ()) - FLOWS
        if unknown:
            raise ValueError(f"hair can't flow {sorted(unknown)[0]!r}; it can {', '.join(sorted(FLOWS))}")
        return self


FLOWS: Final = frozenset(("away", "side", "back", "forward", "down", "up", "out", "middle", "left", "swirl", "across"))
"""Directions that a section's flow may name."""


class Parting(_Strict):
    """A line over the head from which hair falls to both sides.

    Attributes:
        side: -1..1 at the style's own `hair.parting`; 0 in the middle, 1 over the person's left eye.
        back: degrees of elevation, behind the crown, to which it goes; 90 ends at the top.
        width: millimetres of bare skin.
        zigzag: millimetres by which it wanders.
    """

    side: Annotated[FiniteFloat, Field(ge=-1.0, le=1.0)] = 0.0
    back: Annotated[FiniteFloat, Field(ge=-90.0, le=90.0)] = 75.0
    width: Millimetres = 1.5
    zigzag: Millimetres = 2.0


class Hairline(_Strict):
    """How the border of the hair differs from the head's own.

    Attributes:
        recede: 0..1, bare temples.
        raise_mm: by how much the forehead is higher.
        crown: 0..1, how bare the crown is.
        peak: millimetres by which it comes down in the middle: a widow's peak.
        soft: millimetres over which hair gets dense.
        baby: share of hairs near the border that are fine and short.
        sideburn: the height at which hair before the ear ends: 0 at the tragion, 1 at the brow's outer end, -1 as far
            below the tragion.
    """

    recede: Share = 0.0
    raise_mm: Signed = 0.0
    crown: Share = 0.0
    peak: Millimetres = 0.0
    soft: Millimetres = 10.0
    baby: Share = 0.35
    sideburn: Annotated[FiniteFloat, Field(ge=-1.0, le=1.0)] = 0.25


class Place(_Strict):
    """A place around the skull: degrees, and millimetres off the skin."""

    azimuth: Degrees
    elevation: Degrees
    out: Millimetres = 0.0


class Tie(_Strict):
    """Hair that is gathered and goes on together.

    Attributes:
        where: which hair.
        at: where it is held. On the person's left; `mirrored` makes another one on the right.
        mirrored: whether there are two.
        form: a tail hangs, a bun is wound up, a braid is plaited of three tresses, a rope of two.
        along: places that a braid or rope follows on the head before it hangs; none hangs at once.
        picks_up: millimetres that hair runs along a braid or rope from where it is nearest, as in a crown braid; 0
            gathers it all at the beginning.
        radius: millimetres of the whole tail, bun or braid.
        length: millimetres of what hangs; of a bun, how thick its coil is wound.
        pitch: millimetres of one turn of a braid or rope.
        tail: millimetres of loose hair at the end of a braid.
        flare: 0..2, how far a tail opens; 1 is as wide as `radius` all along.
        tight: millimetres off the skin at which hair runs to the tie.
        sag: 0..1, how much it hangs on its way there.
    """

    where: Where | None = None
    at: Place
    mirrored: bool = False
    form: Literal["tail", "bun", "braid", "rope"] = "tail"
    along: tuple[Place, ...] = ()
    picks_up: Millimetres = 0.0
    radius: Annotated[FiniteFloat, Field(gt=0.0, le=200.0)] = 15.0
    length: Millimetres = 200.0
    pitch: Annotated[FiniteFloat, Field(gt=0.0, le=500.0)] = 40.0
    tail: Millimetres = 40.0
    flare: Annotated[FiniteFloat, Field(ge=0.0, le=3.0)] = 1.0
    tight: Millimetres = 3.0
    sag: Share = 0.1


class Rows(_Strict):
    """Hair that is parted into rows or boxes, each a braid, twist or lock of its own.

    Attributes:
        form: "cornrow" is plaited along the skin; "lock" hangs or stands from a box of the scalp.
        size: millimetres between neighbours.
        radius: millimetres of one.
        pitch: millimetres of one turn of its plait or twist; 0 has none.
        strands: how many guides make a lock: three are plaited, two twisted, one is felted; a cornrow has three.
        gap: share of the size that is bare between them.
    """

    form: Literal["cornrow", "lock"] = "lock"
    size: Annotated[FiniteFloat, Field(gt=2.0, le=100.0)] = 16.0
    radius: Annotated[FiniteFloat, Field(gt=0.1, le=30.0)] = 3.5
    pitch: Millimetres = 12.0
    strands: Annotated[int, Field(ge=1, le=3)] = 2
    gap: Share = 0.25


class LookSpec(_Strict):
    """`HairLook` in millimetres; what is left out is as there."""

    hairs: Annotated[int, Field(ge=0, le=500_000)] = 80_000
    radius: Annotated[FiniteFloat, Field(gt=0.0, le=1.0)] = 0.04
    tip: Share = 0.4
    guides_each: Annotated[int, Field(ge=1, le=4)] = 3
    clump: Share = 0.3
    clump_from: Share = 0.1
    lock: Millimetres = 0.0
    twist: Annotated[FiniteFloat, Field(ge=-200.0, le=200.0)] = 0.0
    strand_clump: Share = 0.3
    strand_size: Annotated[int, Field(ge=1, le=200)] = 8
    frizz: Millimetres = 0.5
    frizz_scale: Annotated[FiniteFloat, Field(gt=0.0, le=500.0)] = 20.0
    flyaways: Share = 0.02
    scatter: Share = 0.08


class BrowShape(_Strict):
    """A pair of brows. Lengths are millimetres, angles degrees; three numbers are inner end, middle and outer end.

    Attributes:
        height: of the band that hairs grow in.
        length: of the hairs.
        angle: of the hairs above the direction of the brow, outwards.
        spread: by which hairs at the lower edge point further up, and those at the upper edge further down.
        bend: by which hairs turn outwards from root to tip.
        density: 0..1.
        flat: 0..1, how far the face's own arch is taken away; below 0 there is more of it.
        arch: millimetres by which the brow is lifted where it is highest.
        arch_at: share of the way to the outer end where that is.
        peak: 0..1, from a round arch to an angle.
        tail: millimetres by which the outer end is lifted.
        lift: degrees between skin and hair.
        unruly: degrees by which neighbours go different ways.
        tufts: degrees by which tufts of neighbours do.
        soft: share of the band's height over which it thins out to its edges.
        inner, outer: millimetres by which the ends reach further.
    """

    height: tuple[Millimetres, Millimetres, Millimetres] = (8.0, 9.0, 3.0)
    length: tuple[Millimetres, Millimetres, Millimetres] = (8.0, 9.5, 6.0)
    angle: tuple[Degrees, Degrees, Degrees] = (72.0, 22.0, -2.0)
    spread: tuple[Degrees, Degrees, Degrees] = (10.0, 26.0, 14.0)
    bend: Degrees = 24.0
    density: tuple[Share, Share, Share] = (0.55, 1.0, 0.7)
    flat: Annotated[FiniteFloat, Field(ge=-1.0, le=1.0)] = 0.15
    arch: Signed = 0.0
    arch_at: Share = 0.62
    peak: Share = 0.3
    tail: Signed = 0.0
    lift: Degrees = 16.0
    unruly: Degrees = 9.0
    tufts: Degrees = 9.0
    soft: Share = 0.5
    inner: Signed = 0.0
    outer: Signed = 0.0


class BeardShape(_Strict):
    """How unevenly a beard grows.

    Attributes:
        border: millimetres by which its border wanders.
        patches: 0..1, how much of it is bare in patches.
        patch_size: millimetres from patch to patch.
        thin: 0..1, how much sparser it is between patches.
    """

    border: Millimetres = 3.0
    patches: Share = 0.0
    patch_size: Annotated[FiniteFloat, Field(gt=0.5, le=200.0)] = 11.0
    thin: Share = 0.25


class LashShape(_Strict):
    """Lashes of both lids. Lengths are millimetres; three numbers are inner corner, middle and outer corner.

    Attributes:
        upper, lower: lengths.
        count_upper, count_lower: lashes of one lid.
        curl: degrees by which a lash bends up from root to tip.
        fan: degrees by which lashes at the corners lean outwards.
        clump: 0..1, how far neighbours draw together.
    """

    upper: tuple[Millimetres, Millimetres, Millimetres] = (5.0, 7.8, 9.0)
    lower: tuple[Millimetres, Millimetres, Millimetres] = (3.0, 4.5, 5.0)
    count_upper: Annotated[int, Field(ge=0, le=400)] = 90
    count_lower: Annotated[int, Field(ge=0, le=400)] = 45
    curl: Degrees = 66.0
    fan: Degrees = 42.0
    clump: Share = 0.4


class Curves(_Strict):
    """Guides as an artist left them in Blender, in the frame of the skull, so that they fit every head.

    Attributes:
        azimuth, elevation: [N] degrees of each root.
        points: [N][P][3]: positions, in lengths of half the skull, in the frame of the skull at the root.
    """

    azimuth: tuple[Degrees, ...]
    elevation: tuple[Degrees, ...]
    points: tuple[tuple[tuple[FiniteFloat, FiniteFloat, FiniteFloat], ...], ...]

    @model_validator(mode="after")
    def _check_counts(self) -> Curves:
        counts = {len(guide) for guide in self.points}
        if len(self.points) > MOST_GUIDES:
            raise ValueError(f"there are {len(self.points):,} curves, and at most {MOST_GUIDES} can be kept")
        if not len(self.azimuth) == len(self.elevation) == len(self.points) or not self.points or len(counts) != 1:
            raise ValueError("curves need a root each, and all of them as many points")
        return self


class Style(_Strict):
    """One hair style; see the module.

    Attributes:
        name: of the file without its ending, and of the trait's value.
        label: what artists read.
        region: what it is for.
        summary: one sentence.
        length, curl, volume, parting, fringe: the values of `hair.length` and so on (`beard.length` of a beard) at
            which it is as drawn here; other values shape it.
        shortest, longest: factors on the length within which it stays that style.
        guides: how many; more are sharper and slower.
        points: of each guide.
        sections: the first is everywhere and says everything that is not as usual.
    """

    name: Annotated[str, Field(pattern=NAME)]
    label: Annotated[str, Field(min_length=1, max_length=60)]
    region: Region = "scalp"
    summary: Annotated[str, Field(max_length=200)] = ""
    length: Share = 0.3
    curl: Share = 0.0
    volume: Share = 0.5
    fringe: Share = 0.0
    shortest: Annotated[FiniteFloat, Field(gt=0.0, le=1.0)] = 0.4
    longest: Annotated[FiniteFloat, Field(ge=1.0, le=10.0)] = 2.5
    guides: Annotated[int, Field(ge=0, le=MOST_GUIDES)] = 500
    points: Annotated[int, Field(ge=4, le=96)] = 20
    look: LookSpec = LookSpec()
    hairline: Hairline = Hairline()
    parting: Parting | None = None
    sections: Annotated[tuple[Section, ...], Field(max_length=MOST_SECTIONS)] = ()
    ties: Annotated[tuple[Tie, ...], Field(max_length=MOST_TIES)] = ()
    rows: Rows | None = None
    beard: BeardShape | None = None
    brows: BrowShape | None = None
    lashes: LashShape | None = None
    curves: Curves | None = None


def parse_style(data: Any) -> Style:
    """Return the style that plain data describes.

    Raises:
        BadRequest: a field is unknown, missing or out of range.
    """
    try:
        return Style.model_validate(data)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the whole"
        what = problem["msg"].removeprefix("Value error, ").rstrip(".")
        raise BadRequest(f"This hair style can't be read ({where}: {what}): mend that field.") from error
