"""The kinds of rows in `wrinkles.json`, and how each is drawn.

Most wrinkles are a `Curve`: four points that hang on landmarks. Families whose members differ by a formula have a kind
of their own. Each draws its random numbers in the order of its fields, one member after the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Literal

from pydantic import Field, TypeAdapter

from dreamface.skin.layers.wrinkle_sketch import LEFT, MIDDLE, RIGHT, Point, Range, Row, Side, Sketch, Stroke

_KNOTS: Final = (0.0, 0.33, 0.67, 1.0)
"""Where along a curve the four points lie that it passes."""
_THIRDS: Final = (0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0)


class Step(Row):
    """A step away from the middle of the face, and up."""

    out: float = 0.0
    up: float = 0.0


class Anchor(Row):
    """A point of a curve.

    Attributes:
        at: a landmark; "*" stands for the side.
        out_mm, up_mm: from the landmark to the point, away from the middle of the face and up.
        towards, share: where given, the point hangs between two landmarks, at this share of the way to the second.
        varies: by name of a number, mm that the point moves when the number grows by 1.
    """

    at: str
    out_mm: float
    up_mm: float
    towards: str | None = None
    share: float = 0.0
    varies: Mapping[str, Step] = {}

    def point(self, sketch: Sketch, side: Side) -> Point:
        """Return where it is on one side."""
        out, up = self.out_mm, self.up_mm
        for name, step in self.varies.items():
            out, up = out + step.out * side.number(name), up + step.up * side.number(name)
        first = side.landmark(self.at)
        uv = sketch.between(first, side.landmark(self.towards), self.share) if self.towards else sketch.uv(first)
        return uv, side.sign * out, up


Four = Annotated[tuple[Anchor, ...], Field(min_length=4, max_length=4)]


class Curve(Row):
    """A crease through four points, or several of a family that differ by numbers.

    Attributes:
        variations: random numbers by name, drawn for each row. Points may move by them, and later curves of the same
            side know them too.
        strength: name of a number that the depths are multiplied with.
        through: the points.
        strokes: what is drawn along the curve.
        rows: numbers by name, one mapping for each crease of a family. `depth_mm`, `width_mm` stand for the strokes',
            and `start` is added to theirs.
    """

    kind: Literal["curve"]
    name: str
    variations: Mapping[str, Range] = {}
    strength: str | None = None
    through: Four
    strokes: tuple[Stroke, ...]
    rows: tuple[Mapping[str, float], ...] = ({},)

    def draw(self, sketch: Sketch, side: Side) -> Side:
        """Draw it on one side; gives the side with the numbers that were drawn."""
        for row in self.rows:
            side = side.knowing({name: sketch.rand(span) for name, span in self.variations.items()})
            own = side.knowing(row)
            points = [anchor.point(sketch, own) for anchor in self.through]
            for stroke in self.strokes:
                sketch.line(
                    points,
                    stroke,
                    strength=own.number(self.strength) if self.strength else 1.0,
                    start=row.get("start", 0.0),
                    depth_mm=row.get("depth_mm"),
                    width_mm=row.get("width_mm"),
                    sign=side.sign,
                )
        return side


class ForeheadRow(Row):
    """A line across the forehead: its height above the brows, and the amount of wrinkles at which it appears."""

    height_mm: float
    start: float


class ForeheadRows(Row):
    """Lines across the forehead. Each is a valley in two halves with three sharp lines in it, and a finer one above.

    Places along a line are counted in points of the brows: 0 to 9, from Multi-PIE 17 to 26.

    Attributes:
        depth, fine_depth: factors on the depths of the line and of the finer one above it.
        lift_mm, tilt_mm: how much higher the line runs, and how much higher on the left than in the middle.
        first, last: places of its ends.
        gap, middle: half of the places between its halves (below 0 they overlap), and the place between them.
        valley_gap: factor on the gap for the valleys.
        first_shift, last_shift: places from the ends of the valley to those of the sharp line.
        half_strength, bridge_strength: factors on the depths of the halves, and of the line that bridges them.
        bridge_first, bridge_last: places of the bridging line's ends.
        between_first, between_length: place where the finer line starts, and how long it is.
        between_mm: how far above the line the finer one runs.
        flattening: fraction of the height that is lost at the ends: the brows arch more than the lines above them.
        dip_mm: how much lower lines are in the middle than at the ends.
        wobble_mm: of each of a curve's points.
    """

    kind: Literal["forehead_rows"]
    name: str
    rows: tuple[ForeheadRow, ...]
    depth: Range
    fine_depth: Range
    lift_mm: Range
    tilt_mm: Range
    first: Range
    last: Range
    gap: Range
    middle: Range
    valley_gap: float
    first_shift: Range
    half_strength: Range
    last_shift: Range
    bridge_first: Range
    bridge_last: Range
    bridge_strength: Range
    between_first: Range
    between_mm: Range
    between_length: Range
    flattening: float
    dip_mm: float
    wobble_mm: Range
    valley: Stroke
    line: Stroke
    between: Stroke

    def draw(self, sketch: Sketch, side: Side) -> Side:
        """Draw all of them."""
        for row in self.rows:
            rand = sketch.rand
            depth, fine_depth = rand(self.depth), rand(self.fine_depth)
            height, tilt = row.height_mm + rand(self.lift_mm), rand(self.tilt_mm)
            first, last, gap, middle = rand(self.first), rand(self.last), rand(self.gap), rand(self.middle)
            valley_gap = self.valley_gap * gap
            for ends in ((first, middle - valley_gap), (middle + valley_gap, last)):
                points = self._points(sketch, height, tilt, *ends)
                sketch.line(points, self.valley, strength=depth, start=row.start)
            halves = (
                (first + rand(self.first_shift), middle - gap, rand(self.half_strength)),
                (middle + gap, last + rand(self.last_shift), rand(self.half_strength)),
                (rand(self.bridge_first), rand(self.bridge_last), rand(self.bridge_strength)),
            )
            for start, end, strength in halves:
                points = self._points(sketch, height, tilt, start, end)
                sketch.line(points, self.line, strength=depth * strength, start=row.start)
            start = rand(self.between_first)
            above = height + rand(self.between_mm)
            points = self._points(sketch, above, tilt, start, start + rand(self.between_length))
            sketch.line(points, self.between, strength=fine_depth, start=row.start)
        return side

    def _points(self, sketch: Sketch, height: float, tilt: float, first: float, last: float) -> list[Point]:
        """Return four points of a line `height` mm above the brows, from one place to another."""
        points: list[Point] = []
        for share in _THIRDS:
            place = first + (last - first) * share
            number = min(max(int(place), 0), _BROW_POINTS - 2)
            anchor = sketch.between(_multipie(_BROW + number), _multipie(_BROW + number + 1), place - number)
            out = (place - _BROW_MIDDLE) / _BROW_MIDDLE
            up = height * (1.0 - self.flattening * out * out) + self.dip_mm * abs(out) + tilt * out
            points.append((anchor, 0.0, up + sketch.rand(self.wobble_mm)))
        return points


_BROW, _BROW_POINTS = 17, 10
_BROW_MIDDLE: Final = 0.5 * (_BROW_POINTS - 1)


def _multipie(number: int) -> str:
    """Return the name of a landmark of the Multi-PIE scheme of 68 points."""
    return f"multipie_{number}"


class CrowsFoot(Row):
    """A line beside the eye: degrees above the horizontal, and the amount of wrinkles at which it appears."""

    degrees: float
    start: float


class CrowsFeet(Row):
    """Lines that spread from the outer corner of the eye.

    Attributes:
        at: the corner.
        turn_degrees: added to each line's direction.
        from_mm, length_mm: from the corner to where it starts, and how long it is.
        bend_mm, bend_below: how far its end hangs, and the factor on that for lines below the horizontal.
        depth: factor on the depth.
        line_width_mm: of the sharp line.
    """

    kind: Literal["crows_feet"]
    name: str
    at: str
    rows: tuple[CrowsFoot, ...]
    turn_degrees: Range
    from_mm: Range
    length_mm: Range
    bend_mm: Range
    bend_below: float
    depth: Range
    line_width_mm: Range
    line: Stroke
    valley: Stroke

    def draw(self, sketch: Sketch, side: Side) -> Side:
        """Draw all of them on one side."""
        corner = sketch.uv(side.landmark(self.at))
        for row in self.rows:
            turn = math.radians(row.degrees + sketch.rand(self.turn_degrees))
            begin, length = sketch.rand(self.from_mm), sketch.rand(self.length_mm)
            bend = sketch.rand(self.bend_mm) * (1.0 if row.degrees > 0.0 else self.bend_below)
            points: list[Point] = []
            for share in _KNOTS:
                away = begin + length * share
                points.append((corner, side.sign * away * math.cos(turn), away * math.sin(turn) - bend * share * share))
            depth, width = sketch.rand(self.depth), sketch.rand(self.line_width_mm)
            sketch.line(points, self.line, strength=depth, start=row.start, width_mm=width)
            sketch.line(points, self.valley, strength=depth, start=row.start)
        return side


class SmileArcs(Row):
    """Arcs around the corner of a smiling mouth, out to the ear.

    Attributes:
        at: the corner.
        count: how many.
        out_mm, step_mm, shift_mm: distance of the first, from one to the next, and what is added at random.
        top_mm, top_rise: height of its upper end, and mm that it gains for each mm of distance.
        bottom_mm, bottom_drop: the same of its lower end, which sinks.
        away_mm, away: from the corner to its ends, and mm that this gains for each mm of distance.
        bow_mm, bow: how far its middle lies within its ends, and mm that this gains for each mm of distance.
        tilt_mm: how much further out its lower end is than its upper one.
        first_start, later: the amount of wrinkles at which the innermost appears, and how much later each next one.
        start: added to that at random.
        depth, fading: factor on the depth, and fraction of it that is lost from one to the next.
    """

    kind: Literal["smile_arcs"]
    name: str
    at: str
    count: int
    out_mm: float
    step_mm: float
    shift_mm: Range
    top_mm: Range
    top_rise: float
    bottom_mm: Range
    bottom_drop: float
    away_mm: float
    away: float
    bow_mm: float
    bow: float
    tilt_mm: Range
    first_start: float
    later: float
    start: Range
    depth: Range
    fading: float
    valley: Stroke
    line: Stroke

    def draw(self, sketch: Sketch, side: Side) -> Side:
        """Draw all of them on one side."""
        corner = sketch.uv(side.landmark(self.at))
        for number in range(self.count):
            distance = self.out_mm + self.step_mm * number + sketch.rand(self.shift_mm)
            top = sketch.rand(self.top_mm) + self.top_rise * distance
            bottom = sketch.rand(self.bottom_mm) - self.bottom_drop * distance
            bow, tilt = self.bow_mm + self.bow * distance, sketch.rand(self.tilt_mm)
            points: list[Point] = []
            for share in _KNOTS:
                out = self.away_mm + self.away * distance + tilt * (share - 0.5) - bow * (2.0 * share - 1.0) ** 2
                points.append((corner, side.sign * out, top + (bottom - top) * share))
            start = self.first_start + self.later * number + sketch.rand(self.start)
            depth = sketch.rand(self.depth) * (1.0 - self.fading * number)
            sketch.line(points, self.valley, strength=depth, start=start)
            sketch.line(points, self.line, strength=depth, start=start)
        return side


class Scattered(Row):
    """Short creases at random places in a field beside a landmark.

    Attributes:
        at: the landmark.
        count: how many.
        out_mm, up_mm: from the landmark to a crease's middle.
        turn_radians: its direction, from the horizontal.
        half_length_mm: from its middle to its ends.
        knots: where its four points lie, -1 at one end and 1 at the other.
        later: how much later each appears than the one before.
        depth: factor on the depth.
    """

    kind: Literal["scattered"]
    name: str
    at: str
    count: int
    out_mm: Range
    up_mm: Range
    turn_radians: Range
    half_length_mm: Range
    knots: tuple[float, float, float, float]
    later: float = 0.0
    depth: Range
    strokes: tuple[Stroke, ...]

    def draw(self, sketch: Sketch, side: Side) -> Side:
        """Draw all of them on one side."""
        landmark = sketch.uv(side.landmark(self.at))
        for number in range(self.count):
            out, up = sketch.rand(self.out_mm), sketch.rand(self.up_mm)
            turn, length = sketch.rand(self.turn_radians), sketch.rand(self.half_length_mm)
            points: list[Point] = []
            for knot in self.knots:
                away = knot * length
                points.append((landmark, side.sign * (out + away * math.cos(turn)), up + away * math.sin(turn)))
            depth = sketch.rand(self.depth)
            for stroke in self.strokes:
                sketch.line(points, stroke, strength=depth, start=self.later * number)
        return side


class LipLines(Row):
    """Upright lines that spread from a lip's border.

    Attributes:
        first_point, last_point: the Multi-PIE points between which they start.
        count: how many.
        up: 1 where they run up, -1 where they run down.
        along: where each starts within its part of the border.
        fan_mm, lean_mm: how far the outermost ones lean out, and what is added at random.
        from_mm, length_mm: from the border to where it starts, and how long it is.
        shorter: fraction of the length that the outermost ones lack.
        start: the amount of wrinkles at which it appears.
        depth: factor on the depth.
        line_width_mm: of the sharp line.
        valley: what every other one lies in.
    """

    kind: Literal["lip_lines"]
    name: str
    first_point: int
    last_point: int
    count: int
    up: float
    along: Range
    fan_mm: float
    lean_mm: Range
    from_mm: Range
    length_mm: Range
    shorter: float
    start: Range
    depth: Range
    line_width_mm: Range
    line: Stroke
    valley: Stroke

    def draw(self, sketch: Sketch, side: Side) -> Side:
        """Draw all of them."""
        half = 0.5 * (self.last_point - self.first_point)
        for number in range(self.count):
            place = self.first_point + 2.0 * half * (number + sketch.rand(self.along)) / self.count
            below = min(int(place), self.last_point - 1)
            anchor = sketch.between(_multipie(below), _multipie(below + 1), place - below)
            out = (place - self.first_point - half) / half
            lean = self.fan_mm * out * self.up + sketch.rand(self.lean_mm)
            begin = sketch.rand(self.from_mm)
            length = sketch.rand(self.length_mm) * (1.0 - self.shorter * abs(out))
            points = [(anchor, lean * share * share, self.up * (begin + length * share)) for share in _KNOTS]
            start, depth, width = sketch.rand(self.start), sketch.rand(self.depth), sketch.rand(self.line_width_mm)
            sketch.line(points, self.line, strength=depth, start=start, width_mm=width)
            if number % 2:
                sketch.line(points, self.valley, strength=depth, start=start)
        return side


class NeckRing(Row):
    """A ring of the neck: its share of the way from the upper landmark to the lower, and when it appears."""

    share: float
    start: float


class NeckSpan(Row):
    """A piece of a ring: where it starts and ends, to the person's left of the middle."""

    from_mm: Range
    to_mm: Range


class NeckRings(Row):
    """Rings around the neck, each in pieces.

    Attributes:
        at, towards: the upper and the lower landmark.
        shift: added to each ring's share of the way.
        tilt_mm, rise_mm: how much higher it is on the left than in the middle, and at its ends, `half_width_mm` away.
        spans: its pieces.
        wobble_mm: of each of a curve's points.
        depth: factor on the depth of the sharp line.
    """

    kind: Literal["neck_rings"]
    name: str
    at: str
    towards: str
    rows: tuple[NeckRing, ...]
    shift: Range
    tilt_mm: Range
    rise_mm: Range
    half_width_mm: float
    spans: tuple[NeckSpan, ...]
    wobble_mm: Range
    depth: Range
    line: Stroke
    valley: Stroke

    def draw(self, sketch: Sketch, side: Side) -> Side:
        """Draw all of them."""
        for row in self.rows:
            anchor = sketch.between(self.at, self.towards, row.share + sketch.rand(self.shift))
            tilt, rise = sketch.rand(self.tilt_mm), sketch.rand(self.rise_mm)
            ends = [(sketch.rand(span.from_mm), sketch.rand(span.to_mm)) for span in self.spans]
            for first, last in ends:
                points: list[Point] = []
                for share in _THIRDS:
                    left = first + (last - first) * share
                    out = left / self.half_width_mm
                    points.append((anchor, left, tilt * out + rise * out * out + sketch.rand(self.wobble_mm)))
                sketch.line(points, self.line, strength=sketch.rand(self.depth), start=row.start)
                sketch.line(points, self.valley, start=row.start)
        return side


Wrinkle = Annotated[
    Curve | ForeheadRows | CrowsFeet | SmileArcs | Scattered | LipLines | NeckRings, Field(discriminator="kind")
]


class Group(Row):
    """Wrinkles that are drawn once, or on each side.

    Attributes:
        strengths: by name, factors on depths that are alike on both sides of a face.
    """

    sides: Literal["once", "each"]
    strengths: Mapping[str, Range] = {}
    creases: tuple[Wrinkle, ...]

    def draw(self, sketch: Sketch) -> None:
        """Draw all of them."""
        if self.sides == "once":
            self._draw_side(sketch, MIDDLE)
            return
        strengths = {name: sketch.rand_both_sides(span) for name, span in self.strengths.items()}
        for index, side in enumerate((LEFT, RIGHT)):
            self._draw_side(sketch, side.knowing({name: pair[index] for name, pair in strengths.items()}))

    def _draw_side(self, sketch: Sketch, side: Side) -> None:
        for wrinkle in self.creases:
            side = wrinkle.draw(sketch, side)


Areas = Mapping[str, Sequence[Group]]
"""What is drawn in each area of the face, in the order in which it is drawn."""


def read_areas(json: str | bytes) -> Areas:
    """Return the table of wrinkles. Raises pydantic's ValidationError where a row has a column that nobody knows."""
    areas: Areas = TypeAdapter(dict[str, tuple[Group, ...]]).validate_json(json)
    return areas
