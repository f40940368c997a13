"""Faces of the prior as examples to train on: captions, texture maps, masks, labels, and pictures of the head."""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from torch.nn.functional import avg_pool2d

from dreamface.face import Head, Maps, Topology, pose
from dreamface.groom import Surface, grow, rooted_hairs, strands_on
from dreamface.head import load_model
from dreamface.images import encode_normal8, encode_srgb8, encode_unit8, png_bytes
from dreamface.pipeline import build_head
from dreamface.pipeline.people import shown_materials
from dreamface.render import Camera, preview
from dreamface.render.scene import Scene
from dreamface.skin import Painter, TopologyCache, WrinklePainter, atlas_of, materials, skin_tiles, wear_wrinkles
from dreamface.styles import find_style, root_density
from dreamface.training.captions import describe
from dreamface.training.labels import Labels, label
from dreamface.training.sittings import Sitting, camera_json, random_sitting, rounded, studio_json
from dreamface.training.snapshots import Light, Person, Picture, front_direction
from dreamface.training.splits import split_of
from dreamface.traits import ARKIT_SHAPES, VOCABULARY, Group, Traits

NOT_FACE: Final = ("scalp", "mouth_inside", "eye_sockets")
"""Regions of the skin's tile that no face shows; what lies between the islands is none either."""

_HAIRS: Final = 12_000  # of a portrait of `_USUAL_SIDE` pixels
_USUAL_SIDE: Final = 512
_FEWEST_HAIRS: Final = 0.35  # least share of them in smaller ones

_MASKS: Final = 4  # masks that are kept for the next person
_FINER: Final = 2  # rendered pixels a side for each pixel that is kept
_WIDEST: Final = math.radians(45.0)  # of a view, to either side
_STEEPEST: Final = math.radians(12.0)
_FIELD: Final = math.radians(16.0)
_SHOWN: Final = (0.21, 0.26)  # metres that a picture's height takes at the face
_BEHIND_NOSE: Final = 0.06  # metres from the nose's tip to what views turn about


@dataclass(frozen=True)
class Example:
    """A person that a model learns from.

    Attributes:
        number: which one; it is the seed, too.
        captions: what can be said.
        traits: of the person, skin, hair and make-up.
        maps: channel -> [R, R, 3] or [R, R] uint8 of the face's tile: albedo (sRGB), specular, normal.
        mask: [R, R] uint8, 255 on the face.
        pictures: [R, R, 3] uint8, the head from random sides in random light.
        views: of each picture: yaw and pitch in degrees.
        identity: the head model's coefficients; empty where pictures have no labels.
        labels: extension -> contents of what the pictures are labelled with.
    """

    number: int
    captions: tuple[str, ...]
    traits: Mapping[str, Any]
    maps: Mapping[str, Picture]
    mask: Picture
    pictures: tuple[Picture, ...]
    views: tuple[Mapping[str, float], ...]
    identity: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """Of who it is: two of the same would be duplicates."""
        return hashlib.sha256(json.dumps(self.traits, sort_keys=True).encode()).hexdigest()

    @property
    def split(self) -> str:
        """Which of `splits.SPLITS` the person belongs to."""
        return split_of(self.digest)

    def files(self) -> dict[str, bytes]:
        """Return extension -> contents, as a WebDataset sample has them."""
        told = {
            "captions": self.captions, "traits": self.traits, "seed": self.number, "views": self.views,
            "split": self.split,
        }  # fmt: skip
        if self.identity:
            told["identity"] = self.identity
        found = {f"{name}.png": png_bytes(image) for name, image in self.maps.items()}
        found |= {f"picture{number}.png": png_bytes(image) for number, image in enumerate(self.pictures)}
        return {**found, **self.labels, "mask.png": png_bytes(self.mask), "json": json.dumps(told).encode()}


def make_example(
    number: int, resolution: int, pictures: int = 2, model: str = "anny", labels: tuple[str, ...] = ()
) -> Example:
    """Return the person of a number; the same number always gives the same one.

    Args:
        number: 0 or more.
        resolution: side of maps and pictures, a multiple of 128.
        pictures: how many of the head.
        model: head model, which decides the UV layout.
        labels: some of `synthesising.LABELS`; with any, pictures are portraits with hair and expressions.
    """
    described = describe(number)
    traits = described.traits
    head = build_head(model, traits, number, 0)
    maps = Painter().paint(head, traits, resolution=resolution, seed=number)
    tile = skin_tiles(head.topology)[0]
    made = _labelled if labels else _plain
    taken = made(head, traits, maps, number, resolution, pictures, labels)
    return Example(
        number,
        described.captions,
        _labels(traits),
        {
            "albedo": encode_srgb8(maps[tile]["albedo"]),
            "specular": encode_unit8(maps[tile]["specular"])[..., 0],
            "normal": encode_normal8(maps[tile]["normal"]),
        },
        face_mask(head.topology, tile, resolution),
        tuple(one.image for one in taken),
        tuple(one.view for one in taken),
        {name: round(value, 6) for name, value in head.identity.items()} if labels else {},
        {f"picture{place}.{name}": data for place, one in enumerate(taken) for name, data in one.files.items()},
    )


def _labels(traits: Traits) -> dict[str, Any]:
    """Return what was painted, as plain data."""
    kept = (Group.PERSON, Group.SKIN, Group.HAIR, Group.MAKEUP)
    names = [name for name in traits if VOCABULARY[name].group in kept]
    values = {name: traits.value(name) for name in names}
    return {
        name: [round(number, 4) for number in value] if isinstance(value, tuple)
        else round(value, 4) if isinstance(value, float) else value
        for name, value in values.items()
    }  # fmt: skip


_masks: Final = TopologyCache[Picture](_MASKS)


def face_mask(topology: Topology, tile: str, resolution: int) -> Picture:
    """Return [R, R] uint8, 255 where a tile shows the face."""

    def made() -> Picture:
        atlas = atlas_of(topology, tile, resolution)
        shown = atlas.inside & (atlas.region(*NOT_FACE) < 0.5)
        mask: Picture = (255 * shown).to(torch.uint8).numpy()
        return mask

    return _masks.get(topology, (tile, resolution), made)


# ------------------------------------------------------------------------------------------------------------ pictures


@dataclass(frozen=True)
class _Taken:
    """A picture of a head.

    Attributes:
        image: [R, R, 3] uint8 sRGB.
        view: from where, degrees.
        files: extension -> contents of its labels.
    """

    image: Picture
    view: Mapping[str, float]
    files: Mapping[str, bytes] = field(default_factory=dict)


def _plain(
    head: Head, traits: Traits, maps: Maps, number: int, resolution: int, pictures: int, _: tuple[str, ...]
) -> list[_Taken]:
    """Return quick pictures without hair."""
    chance = random.Random(f"views of {number}")
    person = Person(head, torch.empty(0), dict(materials(head, traits)), maps)
    return [_Taken(*take_picture(person, resolution, chance)) for _ in range(pictures)]


def _labelled(
    head: Head, traits: Traits, maps: Maps, number: int, resolution: int, pictures: int, labels: tuple[str, ...]
) -> list[_Taken]:
    """Return portraits with hair, expressions and labels."""
    if not pictures:
        return []
    chance = random.Random(f"sittings of {number}")
    model, surface = load_model(head.model), Surface(head)
    shapes = model.shapes(head)
    groom = grow(head, traits, number, surface=surface)
    most = round(_HAIRS * min(max(resolution / _USUAL_SIDE, _FEWEST_HAIRS), 1.0))
    hairs = rooted_hairs(groom, traits, number, surface, most)
    named = dict(zip(model.shape_names, shapes, strict=True))
    folds = WrinklePainter().paint(head, named, traits, resolution=resolution, seed=number)
    folded = {tile: {**channels, **folds.get(tile, {})} for tile, channels in maps.items()}
    surfaces = shown_materials(materials(head, traits), groom)
    roots = {
        region: root_density(find_style(groom[region].style, region), head, traits, number)
        for region in ("scalp", "beard")
        if region in groom
    }
    found = []
    for _ in range(pictures):
        sitting = random_sitting(head, chance)
        posed = pose(head.vertices, shapes[: len(ARKIT_SHAPES)], sitting.weights)
        strands = strands_on(hairs, surface, posed)
        worn = wear_wrinkles(folded, dict(zip(ARKIT_SHAPES, sitting.weights.tolist(), strict=True)))
        image = preview(
            posed, head.topology, surfaces, worn, size=resolution, camera=sitting.camera, strands=strands,
            studio=sitting.studio,
        )  # fmt: skip
        scene = Scene(posed, head.topology, surfaces, worn, sitting.camera, resolution)
        files = _label_files(label(scene, head, strands, roots), scene, sitting, labels)
        found.append(_Taken((image * 255.0).round().to(torch.uint8).numpy(), sitting.angles, files))
    return found


def _label_files(seen: Labels, scene: Scene, sitting: Sitting, labels: tuple[str, ...]) -> dict[str, bytes]:
    """Return extension -> contents of what a picture is labelled with."""
    told: dict[str, Any] = {
        "camera": camera_json(sitting.camera, scene.size),
        "light": studio_json(sitting.studio),
        "view": sitting.angles,
        "expression": {"name": sitting.expression, "weights": rounded(sitting.weights)},
    }
    if "landmarks" in labels:
        told["landmarks"] = seen.landmarks
    return {**seen.files(labels), "json": json.dumps(told).encode()}


def take_picture(person: Person, size: int, chance: random.Random) -> tuple[Picture, dict[str, float]]:
    """Return a picture [size, size, 3] uint8 of a head from a random side within 45 degrees, and where that was.

    One lamp on the front hemisphere and light from everywhere (Zhang et al. 2023, "DreamFace", equation 5), before a
    grey of chance.
    """
    yaw, pitch = chance.uniform(-_WIDEST, _WIDEST), chance.uniform(-_STEEPEST, _STEEPEST)
    camera = _camera(person.head, yaw, pitch, chance.uniform(*_SHOWN))
    azimuth, height = chance.uniform(-1.2, 1.2), chance.uniform(-0.2, 1.0)
    warmth = chance.uniform(-0.08, 0.08)
    ambient = chance.uniform(0.35, 0.65)
    colour = torch.tensor((1.0 + warmth, 1.0, 1.0 - warmth))
    light = Light(front_direction(azimuth, height), chance.uniform(0.5, 0.8), ambient, colour)
    image = person.shaded(person.head.vertices, camera, size * _FINER, light, chance.uniform(0.02, 0.6))
    smaller = avg_pool2d(image.permute(2, 0, 1)[None], _FINER)[0].permute(1, 2, 0)
    return encode_srgb8(smaller), {"yaw": round(math.degrees(yaw), 1), "pitch": round(math.degrees(pitch), 1)}


def _camera(head: Head, yaw: float, pitch: float, shown: float) -> Camera:
    target = head.landmark("multipie_30") + torch.tensor((0.0, _BEHIND_NOSE, 0.02))
    distance = 0.5 * shown / math.tan(0.5 * _FIELD)
    x, y, z = target.tolist()
    return Camera.around((x, y, z), distance, yaw, pitch, _FIELD)
