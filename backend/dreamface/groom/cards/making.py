"""From a groom to its cards, and how cards follow the skin."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from dreamface.face import Head
from dreamface.groom.cards.atlas import Look, Strip, bake, strips_of
from dreamface.groom.cards.plan import LEVELS, Plan, Waves, plan
from dreamface.groom.cards.ribbons import Mesh, Skin, mesh, rooted
from dreamface.hair import REGIONS, Cards, Groom, Region, Roots
from dreamface.random_streams import stream

_STILL: Final = 1e-6  # metres: corners that a shape moves by less stay where they are
_HIGHEST_WAVE: Final = 0.45  # of a strip's half width
_MOST_TURNS: Final = 24.0  # of waves on a strip
_MOST_FRIZZ: Final = 0.12  # of a strip's half width
_FRIZZY: Final = 0.1  # metres of hair from which it has all its frizz


def make_cards(groom: Groom, head: Head, *, seed: int, level: int = 0, resolution: int = 1024) -> Cards:
    """Return the cards of a head's hair; none where it has no hair.

    Args:
        groom: guides by region.
        head: that they grow on.
        seed: of what is uneven.
        level: of detail: 0 has at most 15,000 triangles on the scalp, 1 about 6,000, 2 about 2,000.
        resolution: texels a side of the maps.
    """
    level = min(max(level, 0), LEVELS - 1)
    plans = {}
    for region in REGIONS:
        if region in groom and (planned := plan(groom[region], level, stream(seed, f"cards/{region}"))):
            plans[region] = planned
    if not plans:
        return _none(resolution)
    strips = {
        region: strips_of(region, planned.length, _has_ropes(planned), resolution) for region, planned in plans.items()
    }
    skin, pieces = Skin(head), []
    for region, planned in plans.items():
        generator = stream(seed, f"cards/{region}/mesh")
        for ribbons in planned.layers:
            shown = [strip for strip in strips[region] if strip.kind in ribbons.layer.kinds]
            made = mesh(ribbons, planned, region, head, skin, shown, generator)
            pieces.append((region, made, rooted(ribbons, planned), ribbons.lock))
    looks = {region: _look(groom, region, planned) for region, planned in plans.items()}
    every: list[Strip] = [strip for of_region in strips.values() for strip in of_region]
    return _joined(pieces, bake(every, looks, resolution, stream(seed, "cards/atlas")))


def _has_ropes(planned: Plan) -> bool:
    return any(ribbons.layer.name == "ropes" for ribbons in planned.layers)


def _look(groom: Groom, region: Region, planned: Plan) -> Look:
    """What is drawn on a region's strips, in the measure of its cards."""
    hair, half = groom[region], max(0.5 * planned.width, 1e-4)
    waves: Waves = planned.waves
    wave = (min(waves.height / half, _HIGHEST_WAVE), min(waves.turns, _MOST_TURNS))
    # Frizz is a way that hairs are pushed over their length: short ones have hardly any.
    frizz = min(1.0, planned.length / _FRIZZY) * min(hair.look.frizz / half, _MOST_FRIZZ)
    return Look(hair, wave, frizz)


def _none(resolution: int) -> Cards:
    """No cards, and maps on which nothing is seen."""
    nothing, none = torch.zeros(0, 3), torch.zeros(0, dtype=torch.int64)
    maps = {name: torch.zeros(resolution, resolution, 1) for name in ("opacity", "root_to_tip", "id", "depth")}
    maps |= {name: torch.zeros(resolution, resolution, 3) for name in ("albedo", "normal", "flow")}
    maps["normal"][..., 2] = 1.0
    maps["flow"][..., 1] = -1.0
    faces = torch.zeros(0, 4, dtype=torch.int64)
    return Cards(nothing, faces, torch.zeros(0, 2), nothing, none, Roots(none, nothing), none, none, maps)


def _joined(pieces: list[tuple[Region, Mesh, Roots, Tensor]], maps: dict[str, Tensor]) -> Cards:
    """The cards of all layers as one mesh."""
    vertices = [0, *(len(made.vertices) for _, made, _, _ in pieces)]
    cards = [0, *(len(lock) for _, _, _, lock in pieces)]
    first, card = torch.tensor(vertices).cumsum(0).tolist(), torch.tensor(cards).cumsum(0).tolist()
    meshes = [made for _, made, _, _ in pieces]
    return Cards(
        vertices=torch.cat([made.vertices for made in meshes]),
        faces=torch.cat([made.faces + start for made, start in zip(meshes, first, strict=False)]),
        uv=torch.cat([made.uv for made in meshes]),
        normals=torch.cat([made.normals for made in meshes]),
        card=torch.cat([made.card + start for made, start in zip(meshes, card, strict=False)]),
        roots=Roots(
            torch.cat([roots.triangle for _, _, roots, _ in pieces]),
            torch.cat([roots.barycentric for _, _, roots, _ in pieces]),
        ),
        region=torch.cat([torch.full((len(lock),), REGIONS.index(region)) for region, _, _, lock in pieces]),
        lock=torch.cat([lock for _, _, _, lock in pieces]),
        maps=maps,
    )


def card_shapes(cards: Cards, head: Head, shapes: Tensor) -> Tensor:
    """Return [S, N, 3] how blend shapes move the cards: each goes and turns with the skin that it is rooted in.

    Args:
        cards: of the head.
        head: neutral.
        shapes: [S, V, 3] deltas of the head's vertices, metres.
    """
    triangles = head.topology.triangles
    corners = triangles[cards.roots.triangle]
    found = torch.zeros(len(shapes), len(cards.vertices), 3)
    rest = cards.roots.frames(head.vertices, triangles)
    place = cards.roots.on(head.vertices, triangles)
    moved = shapes[:, corners].abs().amax(dim=(2, 3)) > _STILL
    for number in torch.nonzero(moved.any(dim=1))[:, 0].tolist():
        which = torch.nonzero(moved[number])[:, 0]
        some, posed = cards.roots.of(which), head.vertices + shapes[number]
        turn = some.frames(posed, triangles) @ rest[which].mT
        goal = some.on(posed, triangles)
        slot = torch.full((len(cards.roots),), -1)
        slot[which] = torch.arange(len(which))
        vertices = torch.nonzero(moved[number][cards.card])[:, 0]
        own = cards.card[vertices]
        away = cards.vertices[vertices] - place[own]
        turned = torch.einsum("nij,nj->ni", turn[slot[own]], away) + goal[slot[own]]
        found[number, vertices] = turned - cards.vertices[vertices]
    return found
