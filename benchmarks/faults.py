"""Counts visible faults of geometry: what is inside a head and shows through its skin, over many people and poses.

    python benchmarks/faults.py [--head anny|ict] [--people 36] [--first 0] [--worst 12]

Rays look at the mouth and at both eyes from the front and from one more side. A fault is a ray that meets

- the back of the mouth's lining, teeth, gums or tongue, and skin right behind that: they came through the lips or chin;
- an eyeball, and right behind it the lid that should cover it: the lid cuts into the cornea;
- an eyeball between lids that are shut.

Poses are the 52 shapes at 0.5 and 1, every pair of jawOpen with another, and half-shut lids with each gaze. People are
drawn by the prior; every other one has an extreme asked for: lips, age, weight, ancestry, eyes, chin. Interrupted, it
reports on those that it has looked at.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from dreamface import pipeline
from dreamface.face import Head, Topology
from dreamface.head import load_model
from dreamface.head.ict.openings import LID_CONTOUR, LIP_CONTACT, PAPER_FACES, lid_levels, mouth_loops
from dreamface.prior import complete
from dreamface.render.raster import RayMesh
from dreamface.skin.parts.dentition import mouth_of
from dreamface.traits import ARKIT_SHAPES, Traits, TraitValue

MM = 1e-3
EXTREMES: tuple[Mapping[str, float], ...] = (
    {"lips.upper": 2.5, "lips.lower": 2.5, "gender": -1.0},
    {"lips.upper": -2.5, "lips.lower": -2.5},
    {"age": 5.0},
    {"age": 92.0},
    {"body.weight": 1.0},
    {"body.weight": 0.0, "age": 60.0},
    {"ancestry.african": 1.0, "ancestry.european": 0.0, "ancestry.east_asian": 0.0, "ancestry.south_asian": 0.0},
    {"ancestry.african": 0.0, "ancestry.european": 0.0, "ancestry.east_asian": 1.0, "ancestry.south_asian": 0.0},
    {"eyes.size": 2.5},
    {"eyes.size": -2.5, "eyes.depth": 2.0},
    {"eyes.depth": -2.5, "eyes.openness": 2.0},
    {"chin.prominence": -2.5, "chin.height": -2.0},
    {"mouth.width": 2.5, "lips.lower": 2.0},
    {"mouth.width": -2.5, "jaw.width": -2.0},
    {"age": 10.0, "lips.lower": 2.0},
    {"eyes.tilt": 2.5, "eyes.fold": 2.0},
)
SKIN, INSIDE, LINING, TEETH, TONGUE, EYE = range(6)
LABELS = {
    "teeth": TEETH, "gums": TEETH, "gums_and_tongue": TEETH, "tongue": TONGUE, "sclera": EYE, "iris": EYE,
    "cornea": EYE, "mouth_socket": LINING, "eye_socket": INSIDE,
}  # fmt: skip
CLEAR = ("lashes", "lacrimal_fluid", "eye_blend", "eye_occlusion")
BEHIND = {"mouth": 12.0 * MM, "eye": 4.0 * MM}  # along a ray: how far behind what shows the skin may lie
LEAST = {"mouth": 0.15 * MM, "eye": 0.25 * MM}  # along a ray: what shows by less cannot be seen
RAYS = {"mouth": 2, "eye": 3}  # fewer see nothing that a person would
IN_LIP = 1.5 * MM  # a tongue that lies on a lip presses into it, by less
STEP = {"mouth": 1.2 * MM, "eye": 0.5 * MM}  # between rays
SIDES = {"right": (0.45, 0.0), "left": (-0.45, 0.0), "above": (0.0, 0.3), "below": (0.0, -0.3)}  # yaw, pitch
RAYS_FROM = 0.12  # metres before the face
LAYERS = 5  # surfaces that a ray is followed through
HALF = ("eyeLookDown", "eyeLookUp", "eyeLookIn", "eyeLookOut", "eyeSquint", "eyeWide")
STILL = 0.05 * MM


@dataclass
class Findings:
    """What was seen on all people.

    Attributes:
        people: by kind of fault, how many people have one.
        poses: by kind and pose, how many people.
        worst: (metres, rays, kind, pose, person).
    """

    people: Counter[str] = field(default_factory=Counter)
    poses: Counter[tuple[str, str]] = field(default_factory=Counter)
    worst: list[tuple[float, int, str, str, str]] = field(default_factory=list)


def main() -> None:
    """Print the counts, by head model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--head", default="anny,ict")
    parser.add_argument("--people", type=int, default=36)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--look", default="mouth,eye", help="at which of the places")
    parser.add_argument("--worst", type=int, default=12)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for model in options.head.split(","):
        start = time.perf_counter()
        found = Findings()
        eyes = Eyewitness(load_model(model).topology, options.look.split(","))
        seen = 0
        with suppress(KeyboardInterrupt):  # what was seen until then is reported
            for number in range(options.first, options.first + options.people):
                said = EXTREMES[number // 2 % len(EXTREMES)] if number % 2 else {}
                asked = Traits({name: TraitValue(value) for name, value in said.items()})
                head = pipeline.build_head(model, complete(asked, number), number)
                eyes.look_over(head, number, f"{number} {dict(said) or ''}", found)
                seen += 1
        report(model, found, seen, options.worst)
        print(f"{time.perf_counter() - start:.0f} s", flush=True)


def report(model: str, found: Findings, people: int, worst: int) -> None:
    """Print what was found."""
    print(f"\n{model}: {people} people")
    for kind, count in sorted(found.people.items()):
        print(f"  {kind:28} {count:4} people")
        by_pose = [(pose, number) for (what, pose), number in found.poses.most_common() if what == kind]
        print("    " + ", ".join(f"{pose} {number}" for pose, number in by_pose[:14]))
    for depth, rays, kind, pose, person in sorted(found.worst, reverse=True)[:worst]:
        print(f"  {depth / MM:5.2f} mm {rays:4} rays  {kind:24} {pose:34} {person}")


def poses() -> Iterator[tuple[str, dict[str, float]]]:
    """Name and weights of all poses."""
    yield "rest", {}
    for name in ARKIT_SHAPES:
        yield name, {name: 1.0}
        yield f"{name} 0.5", {name: 0.5}
        if name != "jawOpen":
            yield f"jawOpen + {name}", {"jawOpen": 1.0, name: 1.0}
    for side in ("Left", "Right"):
        for weight in (0.25, 0.75):
            yield f"eyeBlink{side} {weight}", {f"eyeBlink{side}": weight}
        for name in HALF:
            yield f"eyeBlink{side} 0.5 + {name}", {f"eyeBlink{side}": 0.5, f"{name}{side}": 1.0}
        yield f"eyeBlink{side} + eyeLookDown", {f"eyeBlink{side}": 1.0, f"eyeLookDown{side}": 1.0}


class Eyewitness:
    """Rays against the heads of one topology."""

    def __init__(self, topology: Topology, places: list[str]) -> None:
        """Note what each triangle is."""
        labels = torch.full((len(topology.faces),), -1)
        for part in topology.parts:
            name = part.material.removeprefix("left_").removeprefix("right_")
            labels[slice(*part.faces)] = -1 if name in CLEAR else LABELS.get(name, SKIN)
        labels[self._lid_faces(topology) & (labels == SKIN)] = INSIDE
        labels[self._lip_faces(topology) & (labels == SKIN)] = INSIDE
        if "mouth_inside" in topology.regions:
            labels[(topology.regions["mouth_inside"][topology.faces] > 0.99).all(dim=1)] = LINING
        self._lips = topology.regions["lips_upper"], topology.regions["lips_lower"]
        self._parts = labels
        both = labels.repeat_interleave(2)
        self._places = places
        self._label = both[both >= 0]
        self._triangles = topology.triangles[both >= 0]

    def _find_tongue(self, head: Head) -> None:
        """Note which triangles are the tongue's, where it shares a part with the gums."""
        on_tongue = mouth_of(head).tongue > 0.5
        self._tongue = torch.nonzero(on_tongue)[:, 0]
        self._label[on_tongue[self._triangles].all(dim=1)] = TONGUE

    @staticmethod
    def _lip_faces(topology: Topology) -> Tensor:
        """[F] bool: the lips behind where they touch."""
        found = torch.zeros(len(topology.faces), dtype=torch.bool)
        if "mouth_inside" in topology.regions:
            return (topology.regions["mouth_inside"][topology.faces] > 0.3).any(dim=1)
        loops = mouth_loops(topology.faces.numpy(), topology.multipie.numpy())
        hidden = torch.from_numpy(np.concatenate([loops.ring(step) for step in range(LIP_CONTACT)]))
        found[:PAPER_FACES] = torch.isin(topology.faces[:PAPER_FACES], hidden).any(dim=1)
        return found

    @staticmethod
    def _lid_faces(topology: Topology) -> Tensor:
        """[F] bool: the lids' margins and what lies behind them."""
        if "eye_sockets" in topology.regions:
            hidden = topology.regions["eye_sockets"] + topology.regions["lids_margin"]
            return (hidden[topology.faces] > 0.9).all(dim=1)
        found = torch.zeros(len(topology.faces), dtype=torch.bool)
        for side in ("left", "right"):
            level = torch.from_numpy(lid_levels(topology.faces.numpy(), side))
            found[:PAPER_FACES] |= (level[topology.faces[:PAPER_FACES]] <= LID_CONTOUR).all(dim=1)
        return found

    def look_over(self, head: Head, number: int, person: str, found: Findings) -> None:
        """Look at one person in all poses."""
        model = load_model(head.model)
        self._find_tongue(head)
        shapes = dict(zip(model.shape_names, model.shapes(head), strict=True))
        mesh = RayMesh(head.vertices, self._triangles)
        windows = self._windows(head, number)
        kinds: set[str] = set()
        for pose, weights in poses():
            moved = sum((weight * shapes[name] for name, weight in weights.items()), torch.zeros_like(head.vertices))
            vertices, ready = head.vertices + moved, False
            for where, near, origins, directions in windows:
                if weights and float(moved[near].abs().max()) < STILL:
                    continue
                if not ready:
                    mesh.move(vertices)
                    ready = True
                shut = where.startswith("eye") and any(
                    name.startswith("eyeBlink") and name.lower().endswith(where[4:]) and weight >= 1.0
                    for name, weight in weights.items()
                )
                for kind, depth, rays in self._faults(mesh, vertices, where, origins, directions, shut, pose):
                    kinds.add(kind)
                    found.poses[kind, pose] += 1
                    found.worst.append((depth, rays, kind, pose, person))
        for kind in kinds:
            found.people[kind] += 1
        found.people["any"] += bool(kinds)

    def _windows(self, head: Head, number: int) -> list[tuple[str, Tensor, Tensor, Tensor]]:
        """Place, [N] vertices near it, and rays [R, 3], [R, 3]: each place from the front and from one side more."""
        corner = {index: head.landmark(f"multipie_{index:02d}") for index in (8, 33, 36, 39, 42, 45, 48, 54)}
        places = {
            "mouth": (
                0.5 * (corner[33] + corner[8]),
                1.5 * float((corner[54] - corner[48]).norm()),
                1.9 * float((corner[33] - corner[8]).norm()),
            ),
            "eye right": (0.5 * (corner[36] + corner[39]), 1.5 * float((corner[36] - corner[39]).norm()), 22 * MM),
            "eye left": (0.5 * (corner[42] + corner[45]), 1.5 * float((corner[42] - corner[45]).norm()), 22 * MM),
        }
        names = list(SIDES)
        found = []
        for where, (middle, width, height) in places.items():
            if where == "mouth":
                middle = middle - torch.tensor([0.0, 0.0, 0.25 * height])
            kind = where.split()[0]
            if kind not in self._places:
                continue
            near = torch.nonzero(
                ((head.vertices - middle).abs() < torch.tensor([0.5 * width, 0.05, 0.5 * height])).all(dim=1)
            )[:, 0]
            side = names[number % 4] if kind == "mouth" else names[2 + number % 2]
            rays = [_grid(middle, width, height, STEP[kind], *angles) for angles in ((0.0, 0.0), SIDES[side])]
            found.append((where, near, torch.cat([ray[0] for ray in rays]), torch.cat([ray[1] for ray in rays])))
        return found

    def _faults(
        self, mesh: RayMesh, vertices: Tensor, where: str, origins: Tensor, directions: Tensor, shut: bool, pose: str
    ) -> Iterator[tuple[str, float, int]]:
        """Kind, metres by which it shows, and by how many rays."""
        kind = where.split()[0]
        seen = mesh.cast(origins, directions)
        hit = torch.nonzero(seen.triangle >= 0)[:, 0]
        label = self._label[seen.triangle[hit]]
        back = self._facing(vertices, seen.triangle[hit], directions[hit]) > 0.0
        if kind == "mouth":
            through = {"lining": (label == LINING) & back, "teeth": label == TEETH}
            through["tongue"] = label == TONGUE
        else:
            through = {"eyeball": label == EYE}
            gap = label == EYE
            if shut and int(gap.sum()) > 2:
                yield "gap of shut lids", float(gap.sum()) * STEP["eye"] ** 2 / 10.0, int(gap.sum())
        if kind == "mouth" and "tongueOut" in pose:
            yield from self._tongue_in_lips(mesh, vertices)
        for what, mask in through.items():
            first = hit[mask]
            depth, upper = self._skin_behind(mesh, vertices, origins[first], directions[first], seen.depth[first], kind)
            if what == "tongue" and "tongueOut" in pose:  # it lies over the lower lip then
                depth = depth[upper]
            depth = depth[depth > LEAST[kind]]
            if len(depth) >= RAYS[kind]:
                yield f"{what} through skin", float(depth.max()), len(depth)

    def _tongue_in_lips(self, mesh: RayMesh, vertices: Tensor) -> Iterator[tuple[str, float, int]]:
        """How deep the tongue's vertices before the teeth lie in the flesh of the lips: rays up and down leave it."""
        front = vertices[self._triangles[self._label == TEETH].unique()][:, 1].min()
        points = vertices[self._tongue]
        points = points[points[:, 1] < front]
        depth = torch.full((len(points),), torch.inf)
        for way in (1.0, -1.0):
            direction = torch.tensor([0.0, 0.0, way]).expand_as(points).contiguous()
            away, waiting = torch.zeros(len(points)), torch.arange(len(points))
            for _ in range(LAYERS):
                if len(waiting) == 0:
                    break
                away[waiting] += 1e-5
                seen = mesh.cast(points[waiting] + away[waiting, None] * direction[waiting], direction[waiting])
                away[waiting] += seen.depth
                skin = (seen.triangle >= 0) & (self._label[seen.triangle.clamp(min=0)] <= LINING)
                leaves = skin & (self._facing(vertices, seen.triangle.clamp(min=0), direction[waiting]) > 0.0)
                away[waiting[(seen.triangle < 0) | (skin & ~leaves)]] = 0.0
                waiting = waiting[(seen.triangle >= 0) & ~skin]
            away[waiting] = 0.0
            depth = torch.minimum(depth, away)
        deep = depth[depth > IN_LIP]
        if len(deep) > 2:
            yield "tongue in the lips", float(deep.max()), len(deep)

    def _facing(self, vertices: Tensor, triangles: Tensor, directions: Tensor) -> Tensor:
        """[N] above 0 where a ray meets the triangle's back."""
        corners = vertices[self._triangles[triangles]]
        normal = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        return (normal * directions).sum(dim=1)

    def _skin_behind(
        self, mesh: RayMesh, vertices: Tensor, origins: Tensor, directions: Tensor, start: Tensor, kind: str
    ) -> tuple[Tensor, Tensor]:
        """[N] metres from where rays began to the skin right behind it, or 0; [N] whether that is the upper lip."""
        found, upper = torch.zeros(len(origins)), torch.zeros(len(origins), dtype=torch.bool)
        depth, waiting = start.clone(), torch.arange(len(origins))
        for _ in range(LAYERS):
            if len(waiting) == 0:
                break
            depth[waiting] += 1e-5
            seen = mesh.cast(origins[waiting] + depth[waiting, None] * directions[waiting], directions[waiting])
            depth[waiting] += seen.depth
            near = (seen.triangle >= 0) & (depth[waiting] - start[waiting] < BEHIND[kind])
            waiting, triangle = waiting[near], seen.triangle[near]
            front = self._facing(vertices, triangle, directions[waiting]) < 0.0
            skin = (self._label[triangle] == SKIN) & front
            found[waiting[skin]] = depth[waiting[skin]] - start[waiting[skin]]
            upper[waiting[skin]] = (self._lips[0][self._triangles[triangle[skin]]] > 0.2).all(dim=1)
            # Flesh that a ray goes into by another way is no skin in front of which something stands.
            waiting = waiting[~skin & ~((self._label[triangle] <= LINING) & front)]
        return found, upper


def _grid(middle: Tensor, width: float, height: float, step: float, yaw: float, pitch: float) -> tuple[Tensor, Tensor]:
    """[R, 3] origins and [R, 3] unit directions of parallel rays onto a window around a place."""
    forward = torch.tensor([np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), -np.sin(pitch)]).float()
    right = torch.tensor([np.cos(yaw), -np.sin(yaw), 0.0]).float()
    up = torch.linalg.cross(right, forward)
    across = torch.arange(-0.5 * width, 0.5 * width, step)
    along = torch.arange(-0.5 * height, 0.5 * height, step)
    u, v = torch.meshgrid(across, along, indexing="ij")
    origins = middle - RAYS_FROM * forward + u.reshape(-1, 1) * right + v.reshape(-1, 1) * up
    return origins, forward.expand_as(origins).contiguous()


if __name__ == "__main__":
    main()
