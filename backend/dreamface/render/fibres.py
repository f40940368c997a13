"""How hair shines: what single fibres do with light, and what is left of it in a mass of them.

Light that a fibre mirrors (R) is white and leaves in a cone that its scales tilt towards the root; light that goes
through it (TT) comes out in front of a lamp behind; light that is mirrored inside (TRT) is coloured and tilted towards
the tip (Marschner et al. 2003, "Light scattering from human hair fibers"; separable and normalised as in d'Eon et al.
2011, "An energy-conserving hair reflectance model"). What goes on from fibre to fibre has lost its direction: it gives
the mass its colour, and shows the fibres' run only by the sine of the angle to the light (Kajiya and Kay 1989,
"Rendering fur with three dimensional textures"; Zinke et al. 2008, "Dual scattering approximation").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from dreamface.hair import Strands
from dreamface.render.raster import launch_in_slices, scalars, strand_kernels, vectors
from dreamface.render.shading import Light, dielectric_reflectance


@dataclass(frozen=True)
class Lobe:
    """One way that light takes through a fibre.

    Attributes:
        shift: degrees that its cone is tilted; below 0 towards the root.
        width: degrees, standard deviation along the fibre.
        azimuth: radians, standard deviation around the fibre; 0 for the mirrored light, which needs none.
    """

    shift: float
    width: float
    azimuth: float = 0.0


@dataclass(frozen=True)
class Fibre:
    """What a hair is made of.

    Attributes:
        mirrored: R. Marschner et al. 2003, table 1: shift -10 to -5 degrees, width 5 to 10; the tilt of human scales.
        through: TT: minus half the shift, half the width; wider here, as hairs are many and not quite parallel.
        inside: TRT: minus one and a half the shift, twice the width; around the fibre so wide that it never glints.
        ior: of keratin.
        absorption: over the squared logarithm of a mass's colour gives the optical depth of one way through a fibre:
            the form of Chiang et al. 2016, "A practical and controllable hair and fur model", section 4.2.
        forward: over the square root of the colour gives the share of light that goes on in its direction, from hair
            to hair, rather than being lost to what lies behind.
        diffuse: how much a mass reflects of light that has lost its direction, over its colour.
        facing: 0..1, by how much less of it goes on than comes back.
    """

    mirrored: Lobe = Lobe(shift=-5.0, width=5.0)
    through: Lobe = Lobe(shift=3.0, width=8.0, azimuth=0.8)
    inside: Lobe = Lobe(shift=9.0, width=14.0, azimuth=0.9)
    ior: float = 1.55
    absorption: float = 0.11
    forward: float = 0.65
    diffuse: float = 0.7
    facing: float = 0.5


HUMAN = Fibre()


@dataclass(frozen=True)
class Reaching:
    """Light that reaches N strands of P points.

    Attributes:
        passing: [N, P, L] share of each light that other hair lets pass.
        lit: [N, K, L] share of it that the head lets pass, at K knots evenly along each strand.
        around: [N, K, 3] radiance from all around, so that white hair looks like this.
    """

    passing: Tensor
    lit: Tensor
    around: Tensor


def shade_strands(
    strands: Strands, seen: Tensor, reaching: Reaching, lights: tuple[Light, ...], eye: Tensor, fibre: Fibre = HUMAN
) -> Tensor:
    """[N, P, 3] linear colour of points that are seen ([N, P] bool) or next to one; 0 elsewhere.

    Args:
        strands: what is shaded.
        seen: which of their points matter.
        reaching: the light.
        lights: where it comes from.
        eye: [3] metres, where it goes to.
        fibre: what hair is made of.
    """
    radiance = torch.zeros_like(strands.points)
    positions = torch.stack([light.position for light in lights]).contiguous()
    colours = torch.stack([light.colour for light in lights]).contiguous()
    radii = eye.new_tensor([light.radius for light in lights])
    module = strand_kernels()
    inputs = [
        vectors(strands.points), vectors(strands.colour), scalars(seen), scalars(reaching.passing),
        scalars(reaching.lit), vectors(reaching.around), vectors(positions), vectors(colours), scalars(radii),
        module.wp.vec3(*eye.tolist()), _constants(fibre),
    ]  # fmt: skip
    launch_in_slices(module.shade_points, seen.numel(), inputs, [vectors(radiance)], eye.device)
    return radiance


def _constants(fibre: Fibre) -> Any:
    """The fibre as the kernel wants it."""
    module = strand_kernels()
    lobes = (fibre.mirrored, fibre.through, fibre.inside)
    constants = module.Fibre()
    # The kernel adds the angles to the light and to the eye; Marschner's are half of that sum.
    constants.shift = module.wp.vec3(*(2.0 * math.radians(lobe.shift) for lobe in lobes))
    constants.width = module.wp.vec3(*(2.0 * math.radians(lobe.width) for lobe in lobes))
    constants.azimuth = module.wp.vec2(fibre.through.azimuth, fibre.inside.azimuth)
    constants.reflectance = dielectric_reflectance(fibre.ior)
    constants.absorption, constants.forward = fibre.absorption, fibre.forward
    constants.diffuse, constants.facing = fibre.diffuse, fibre.facing
    return constants
