"""What every iris has, as tables: its sizes, its layers of tissue, its colours. `iris.py` draws from them.

Radii are fractions of the iris' radius: 1 is where the iris seems to end. Places across the stroma, the iris' visible
tissue, are 0 at the pupil's edge and 1 at the limbus, where iris meets white. Colours are linear Rec. 709.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

Span = tuple[float, float]
"""Where something fades in: 0 up to the first value, 1 from the second on, smooth between."""

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Noise:
    """Smooth noise on the iris.

    Attributes:
        spokes: independent values around the iris.
        rings: steps between independent values from the pupil to the limbus; 0 where it only varies around.
        amplitude: standard deviation, in the unit of what it is added to.
    """

    spokes: int
    rings: int = 0
    amplitude: float = 1.0


# ------------------------------------------------------------------------------------------------------- relief


@dataclass(frozen=True)
class CollaretteLook:
    """The crest between the inner part of the iris, around the pupil, and the outer (ciliary) part.

    Attributes:
        place: across the stroma.
        wander: of that place, in wide windings. Contraction furrows follow them.
        ripple: of that place, in small windings.
        half_width: across the stroma.
        ciliary: distances from the crest over which the outer part begins.
        brightness: how much lighter the crest is.
    """

    place: float = 0.27
    wander: Noise = Noise(spokes=26, amplitude=0.035)
    ripple: Noise = Noise(spokes=70, amplitude=0.018)
    half_width: float = 0.045
    ciliary: Span = (-0.04, 0.05)
    brightness: float = 0.22


@dataclass(frozen=True)
class BundleLook:
    """A family of fibres: lines that meet and part.

    Attributes:
        noise: the fibres lie where it passes through zero.
        width: of a fibre, in deviations of that noise.
        bend: factor on `FibreLook.bends`.
        height: 0..1.
    """

    noise: Noise
    width: float
    bend: float = 0.0
    height: float = 1.0


@dataclass(frozen=True)
class FibreLook:
    """Fibres of the stroma, 0 between them and 1 on their crests.

    Attributes:
        bends: how far fibres are bent around the iris, in columns of a chart of `bend_columns`.
        bundles: of the outer part; the highest one counts.
        fine: unevenness of single fibres, around `fine_mean`.
        outer_bundles, outer_fine: weights in the outer part.
        inner_bundle: of the inner part.
        inner_ground, inner_height, inner_fine: height between the fibres there, and weights.
    """

    bends: tuple[Noise, ...] = (Noise(spokes=17, rings=2, amplitude=5.0), Noise(spokes=55, rings=3, amplitude=2.4))
    bend_columns: float = 1024.0
    bundles: tuple[BundleLook, ...] = (
        BundleLook(Noise(spokes=74, rings=2), width=0.50, bend=1.0),
        BundleLook(Noise(spokes=120, rings=3), width=0.42, bend=-0.8, height=0.8),
    )
    fine: Noise = Noise(spokes=310, rings=2, amplitude=0.30)
    fine_mean: float = 0.5
    outer_bundles: float = 0.66
    outer_fine: float = 0.46
    inner_bundle: BundleLook = BundleLook(Noise(spokes=84, rings=1), width=0.6)
    inner_ground: float = 0.15
    inner_height: float = 0.45
    inner_fine: float = 0.45


@dataclass(frozen=True)
class CryptLook:
    """Holes in the stroma, just outside the collarette.

    Attributes:
        noise: holes lie where it is high.
        opens: values of the noise over which a hole opens.
        begins: distances from the collarette over which holes appear.
        ends: places across the stroma over which they vanish.
        shallower_fibres: fraction of the fibres' height that is missing in a hole.
        darkness: fraction of the light that a hole swallows.
    """

    noise: Noise = Noise(spokes=34, rings=3)
    opens: Span = (1.25, 2.1)
    begins: Span = (0.0, 0.07)
    ends: Span = (0.62, 0.85)
    shallower_fibres: float = 0.55
    darkness: float = 0.55


@dataclass(frozen=True)
class FurrowLook:
    """Contraction furrows: arcs around the pupil, where the iris folds when it widens.

    Attributes:
        places: across the stroma, one for each arc.
        wander: how much of the collarette's wide windings an arc follows.
        half_width: across the stroma.
        spokes: independent values around the iris of the noise that breaks arcs.
        appears: values of that noise over which an arc appears, in the young.
        earlier_with_age: how much lower the first of these values is in the very old.
        darkness, darkness_of_dark: fraction of the light that a furrow swallows, and what dark irises add to that.
    """

    places: tuple[float, ...] = (0.52, 0.68, 0.82)
    wander: float = 0.012
    half_width: float = 0.016
    spokes: int = 7
    appears: Span = (0.0, 1.0)
    earlier_with_age: float = 0.5
    darkness: float = 0.18
    darkness_of_dark: float = 0.14


@dataclass(frozen=True)
class ReliefLook:
    """Height of the iris' surface.

    Attributes:
        height_m: metres for a height of 1.
        fibres, collarette, crypts, furrows: heights.
        begins: places across the stroma over which there is any relief.
        ends: radii over which the relief vanishes.
    """

    height_m: float = 16e-6
    fibres: float = 0.6
    collarette: float = 0.9
    crypts: float = -1.3
    furrows: float = -0.7
    begins: Span = (0.0, 0.05)
    ends: Span = (0.88, 1.0)


# ------------------------------------------------------------------------------------------------------- colour


@dataclass(frozen=True)
class PigmentLook:
    """How the tissue's colours follow from the iris' colour, which is what people see.

    Attributes:
        pale: luminances over which an iris counts as pale: little pigment, so that fibres are white threads.
        cool: (red - blue) / (red + blue) over which an iris counts as blue or grey.
        hazel: green / red over which a warm iris counts as hazel: neither brown nor green.
        tissue: brightness of the tissue over that of the iris: the trait contains the cornea's gleam.
        greyness: of blue and grey irises, which are less colourful than their names.
        hazel_tint: factor on the colour of the outer part of hazel irises.
        epithelium: the brown layer behind the stroma. It shows at the pupil's edge and in flecks.
        brown, brown_luminance: brightness of the inner part's brown over the epithelium's, and what it gains for each
            unit of the iris' luminance.
        inner_cool, inner_hazel, inner_brown: fraction of that brown in the inner part of irises of each kind.
        spread: where the inner part's colour ends, from the collarette outwards.
        spread_hazel: how much further that is in hazel irises.
        spread_uneven: how much further it is where `uneven` is 1.
        uneven: its unevenness around the iris.
    """

    pale: Span = (0.04, 0.18)
    cool: Span = (0.5, -0.2)
    hazel: Span = (0.46, 0.60)
    tissue: float = 0.58
    greyness: float = 0.36
    hazel_tint: Colour = (0.72, 1.02, 1.15)
    epithelium: Colour = (0.090, 0.036, 0.012)
    brown: float = 0.5
    brown_luminance: float = 6.0
    inner_cool: float = 0.10
    inner_hazel: float = 0.80
    inner_brown: float = 0.15
    spread: Span = (-0.10, 0.22)
    spread_hazel: float = 0.22
    spread_uneven: float = 0.10
    uneven: tuple[Noise, ...] = (Noise(spokes=9, amplitude=0.16), Noise(spokes=40, amplitude=0.10))


@dataclass(frozen=True)
class FleckLook:
    """Brown freckles of the iris; most irises have none.

    Attributes:
        most: how many there are at most.
        count: the number is random between these, rounded down; below 1 there are none.
        place, place_spread: across the stroma of the innermost, and from there to the outermost.
        radius, radius_spread: of the smallest, and from there to the largest.
        stretch: length over width; they are longer across the stroma than around.
        strength: fraction of the tissue's colour that they hide.
    """

    most: int = 5
    count: tuple[float, float] = (-4.0, 5.0)
    place: float = 0.35
    place_spread: float = 0.5
    radius: float = 0.02
    radius_spread: float = 0.045
    stretch: float = 1.6
    strength: float = 0.75


@dataclass(frozen=True)
class ThreadLook:
    """Colour of fibres: they scatter all light alike, most where little pigment covers them.

    Attributes:
        white: what their grey is lighter than the tissue's.
        greyness: of the fibres in pale irises.
        greyness_warm: fraction of that in warm ones.
        ground, ground_of_dark: brightness between fibres over the tissue's, and what dark irises add.
        crest, crest_of_dark: brightness on fibres, and what dark irises add.
    """

    white: float = 0.03
    greyness: float = 0.45
    greyness_warm: float = 0.25
    ground: float = 0.42
    ground_of_dark: float = 0.16
    crest: float = 1.95
    crest_of_dark: float = -0.45


@dataclass(frozen=True)
class ShadeLook:
    """Light and dark over the whole stroma.

    Attributes:
        patches: unevenness of the outer part's brightness.
        inside: brightness near the pupil.
        loss: brightness that is lost on the way to the limbus.
        falls: places across the stroma over which it is lost.
    """

    patches: Noise = Noise(spokes=7, rings=2, amplitude=0.13)
    inside: float = 1.06
    loss: float = 0.22
    falls: Span = (0.45, 1.0)


@dataclass(frozen=True)
class VeilLook:
    """A thin layer of melanin over the stroma, here and there.

    Attributes:
        colour: of thin melanin over grey.
        brightness, ground: the veil's brightness for each unit of the iris' luminance, and without any.
        strength, strength_cool: of the veil, and what it gains in blue and grey irises.
        noise: where the veil is, around `mean`.
        below_fibres: fraction of the veil that is missing on fibres.
    """

    colour: Colour = (1.25, 0.98, 0.72)
    brightness: float = 0.55
    ground: float = 0.02
    strength: float = 0.08
    strength_cool: float = 0.16
    noise: Noise = Noise(spokes=11, rings=2, amplitude=0.5)
    mean: float = 0.5
    below_fibres: float = 0.5


# ------------------------------------------------------------------------------------------------------- borders


@dataclass(frozen=True)
class PupilLook:
    """The pupil and its edge.

    Attributes:
        radii: with `pupil.size` 0 and 1: about 2.6 to 7 mm across (Watson and Yellott 2012).
        colour: of the pupil.
        opens: places across the stroma over which the pupil gives way to the iris.
        edge: unevenness of that.
        ruff, ruff_half_width: place across the stroma and half width of the ruff, the epithelium's brown edge.
        ruff_brightness: over the epithelium's.
        ruff_strength: fraction of the stroma that it hides.
        ruff_beads: its unevenness, around `ruff_mean`.
    """

    radii: tuple[float, float] = (0.22, 0.60)
    colour: Colour = (0.0025, 0.0022, 0.0022)
    opens: Span = (-0.022, 0.012)
    edge: Noise = Noise(spokes=60, amplitude=0.006)
    ruff: float = 0.02
    ruff_half_width: float = 0.028
    ruff_brightness: float = 0.35
    ruff_strength: float = 0.85
    ruff_beads: Noise = Noise(spokes=90, amplitude=0.2)
    ruff_mean: float = 0.8


@dataclass(frozen=True)
class RimLook:
    """The dark ring around the iris, which fades with age.

    Attributes:
        brightness, ground: its brightness over the iris', and what is added to that.
        greyness: of its colour.
        radii: over which it darkens, in the young.
        radius_with_age: how much further out it begins in the very old.
        sharpness: exponent of its rise.
        strength, fading: fraction of the stroma that it hides, and what of that age takes away.
        wobble: unevenness of its radius.
    """

    brightness: float = 0.19
    ground: float = 0.008
    greyness: float = 0.55
    radii: Span = (0.72, 0.975)
    radius_with_age: float = 0.05
    sharpness: float = 1.3
    strength: float = 0.90
    fading: float = 0.22
    wobble: Noise = Noise(spokes=34, amplitude=0.012)


@dataclass(frozen=True)
class ArcusLook:
    """Arcus senilis, the greyish ring of old age. It is never sharp, and few have much of it.

    Attributes:
        colour: of the ring.
        begins, ends: radii over which it appears and vanishes.
        ages: values of `IrisLook.old` over which it grows.
        strength, strength_spread: of the faintest, and from there to the strongest.
        amount: of the ring at the sides.
        above_and_below: what the ring has more above and below, where it begins.
        uneven: its unevenness around the iris.
    """

    colour: Colour = (0.33, 0.34, 0.335)
    begins: Span = (0.78, 0.93)
    ends: Span = (0.92, 1.05)
    ages: Span = (0.55, 1.0)
    strength: float = 0.22
    strength_spread: float = 0.26
    amount: float = 0.62
    above_and_below: float = 0.30
    uneven: Noise = Noise(spokes=8, amplitude=0.16)


@dataclass(frozen=True)
class BorderLook:
    """The border between iris and white, the limbus.

    Attributes:
        radii: over which white takes over: about 1 mm, of which half is plain to see.
        shade: factor on the white at its border, where the iris shines through.
        shade_ends: radii over which that shade vanishes.
    """

    radii: Span = (0.95, 1.13)
    shade: Colour = (0.84, 0.87, 0.90)
    shade_ends: Span = (1.05, 1.36)


COLLARETTE: Final = CollaretteLook()
FIBRES: Final = FibreLook()
CRYPTS: Final = CryptLook()
FURROWS: Final = FurrowLook()
RELIEF: Final = ReliefLook()
PIGMENT: Final = PigmentLook()
FLECKS: Final = FleckLook()
THREADS: Final = ThreadLook()
SHADE: Final = ShadeLook()
VEIL: Final = VeilLook()
PUPIL: Final = PupilLook()
RIM: Final = RimLook()
ARCUS: Final = ArcusLook()
BORDER: Final = BorderLook()
