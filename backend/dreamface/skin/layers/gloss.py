"""How skin shines: roughness and specular by region, and how much light travels below.

That gloss differs between a face's regions, with oil and sweat, is measured (Weyrich et al. 2006, "Analysis of Human
Faces Using a Measurement-Based Skin Reflectance Model"); the values here were chosen by eye in renderings, with nose,
forehead and chin the smoothest of the dry skin. The specular is 0.5 where skin mirrors as its index of refraction says.
What pores and wrinkles keep of it is taken off in `compose`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import smoothstep
from dreamface.skin.canvas.atlas import ramp
from dreamface.skin.canvas.layer import Ground, Layer
from dreamface.skin.canvas.shared_noises import BLOTCHES, MOTTLING, PATCHES
from dreamface.skin.canvas.subject import Subject
from dreamface.skin.layers.complexion import inner


@dataclass(frozen=True)
class _Shine:
    """How a region shines.

    Attributes:
        roughness: of skin that is neither dry nor oily.
        oil: roughness that full oil takes.
        specular: 0.5 is what skin's index of refraction gives.
    """

    roughness: float
    oil: float
    specular: float


_USUAL_OIL: Final = 0.4  # of `skin.oiliness`
_SKIN: Final = _Shine(roughness=0.535, oil=0.12, specular=0.50)
_REGIONS: Final[Mapping[tuple[str, ...], _Shine]] = {
    ("scalp",): _Shine(roughness=0.55, oil=0.12, specular=0.42),
    ("neck",): _Shine(roughness=0.585, oil=0.07, specular=0.44),
    ("ears",): _Shine(roughness=0.50, oil=0.10, specular=0.48),
    ("cheeks",): _Shine(roughness=0.55, oil=0.13, specular=0.48),
    ("forehead",): _Shine(roughness=0.475, oil=0.19, specular=0.54),
    ("chin",): _Shine(roughness=0.49, oil=0.16, specular=0.52),
    ("under_eyes",): _Shine(roughness=0.60, oil=0.06, specular=0.32),
    ("lids_upper", "lids_lower"): _Shine(roughness=0.56, oil=0.08, specular=0.36),
    ("nose",): _Shine(roughness=0.425, oil=0.20, specular=0.57),
    ("nostrils",): _Shine(roughness=0.56, oil=0.06, specular=0.28),
    ("lips_upper", "lips_lower"): _Shine(roughness=0.395, oil=0.05, specular=0.46),
    ("lids_margin",): _Shine(roughness=0.22, oil=0.0, specular=0.60),
}
"""From below: later ones lie on earlier ones."""
_RIM: Final = (0.45, 0.95)  # weight of the lids' margin over which it gets wet
# The mouth's lining and the eye sockets. More specular ones, or a smoother rim, glint white in the corner of an eye,
# where a mesh folds more sharply than flesh does.
_WET: Final = _Shine(roughness=0.16, oil=0.0, specular=0.52)


@dataclass(frozen=True)
class _Unevenness:
    """Oil and sweat lie in patches: roughness that three noises add, and the specular for each step of roughness."""

    blotches: float
    patches: float
    mottling: float
    specular: float


_UNEVENNESS: Final = _Unevenness(blotches=0.018, patches=0.022, mottling=0.018, specular=-0.9)
_LEAST_ROUGHNESS: Final = 0.05
DARK_SKIN: Final = (0.35, 0.95)  # melanin over which skin gets dark for what shines on it and through it
_DARK_ROUGHER: Final = 0.05  # roughness that the darkest dry skin has more: its gloss is all that is seen in hard light
_DARK_FAINTER: Final = 0.06  # of the specular that it has less

_THICK: Final = 0.55  # how much light travels below skin that lies on flesh
_THIN: Final[Mapping[tuple[str, ...], float]] = {
    ("scalp",): 0.40, ("forehead",): 0.50, ("neck",): 0.52, ("cheeks",): 0.58, ("nose",): 0.62,
    ("lids_upper", "lids_lower"): 0.72, ("nostrils",): 0.80, ("ears",): 0.82,
    ("lips_upper", "lips_lower"): 0.82, ("lids_margin",): 0.85,
}  # fmt: skip
_LINING: Final = 0.8  # the same of the mouth's lining and the eye sockets
_STIFFER: Final = (34.0, 80.0)  # years over which skin's fibres are linked to each other, and scatter light sooner
_DARKER: Final = 0.25  # fraction of the light that travels below which the darkest skin loses to its melanin
_LESS: Final = 0.6  # fraction of the light that travels below which old skin loses by that
_FARTHEST: Final = -20.0  # exponent of e below which nothing is seen; smaller numbers take many times as long
_WINGS: Final = 8e-3  # metres around the nose's wings that are thin, too


def _gloss(subject: Subject, ground: Ground) -> Ground:
    oil = subject.traits.number("skin.oiliness") - _USUAL_OIL
    broad, middle, small = (subject.noise(noise, "gloss") for noise in (BLOTCHES, PATCHES, MOTTLING))
    shine = torch.tensor([_SKIN.roughness - oil * _SKIN.oil, _SKIN.specular])[:, None, None]
    for names, here in _REGIONS.items():
        value = torch.tensor([here.roughness - oil * here.oil, here.specular])[:, None, None]
        weight = subject.region(*names)
        # The wet rim is a line: what the region has of a slope must not make the skin around it shine.
        shine = torch.lerp(shine, value, smoothstep(weight, *_RIM) if names == ("lids_margin",) else weight)
    dry = _UNEVENNESS.blotches * broad + _UNEVENNESS.patches * middle + _UNEVENNESS.mottling * small
    uneven = torch.stack((dry, _UNEVENNESS.specular * dry))
    dark = ramp(subject.traits.number("skin.melanin"), *DARK_SKIN)
    shine = shine + dark * torch.tensor([_DARK_ROUGHER, -_DARK_FAINTER])[:, None, None]
    wet = torch.tensor([_WET.roughness, _WET.specular])[:, None, None]
    roughness, specular = torch.lerp(shine + uneven, wet, inner(subject)).unbind(0)
    return replace(ground, roughness=roughness.clamp(_LEAST_ROUGHNESS, 1.0), specular=specular.clamp(0.0, 1.0))


def _translucency(subject: Subject, ground: Ground) -> Ground:
    """Let light travel below the skin; less in old and in dark skin, whose relief is therefore the crisper."""
    weight = torch.full_like(ground.subsurface, _THICK)
    for names, value in _THIN.items():
        weight = torch.lerp(weight, torch.tensor(value), subject.region(*names))
    if (wings := _wings(subject)) is not None:
        weight = torch.lerp(weight, torch.tensor(_THIN[("nostrils",)]), wings)
    weight = torch.lerp(weight, torch.tensor(_LINING), inner(subject))
    number = subject.traits.number
    kept = (1.0 - _LESS * ramp(number("age"), *_STIFFER)) * (1.0 - _DARKER * ramp(number("skin.melanin"), *DARK_SKIN))
    return replace(ground, subsurface=weight * kept)


def _wings(subject: Subject) -> Tensor | None:
    """Return 0..1 [S, S]: 1 at the wings of the nose, 0 further away; None where they lie in another tile."""
    names = [name for name in ("alare_l", "alare_r") if subject.surface.atlas.landmark(name) is not None]
    if not names:
        return None
    away = [subject.surface.position - subject.head.landmark(name)[:, None, None] for name in names]
    square = torch.stack([(way * way).sum(dim=0) for way in away]).amin(dim=0)
    return square.mul_(-0.5 / _WINGS**2).clamp_min_(_FARTHEST).exp_()


GLOSS: Final = Layer(
    "gloss", "oily forehead and nose, wet lids and lips", ("skin.oiliness", "skin.melanin"), stain=_gloss
)
TRANSLUCENCY: Final = Layer(
    "translucency", "light that shines through ears, nose and lips", ("age", "skin.melanin"), stain=_translucency
)
