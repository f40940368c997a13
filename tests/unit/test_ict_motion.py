"""ICT-FaceKit's blend shapes on people: lids, lips, eyeballs and tongue do what their names say on everybody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from dreamface.face import Topology
from dreamface.geometry import folded_pairs
from dreamface.head.ict.model import IctHead
from dreamface.head.ict.motion import EXTRAS, SHAPE_NAMES, Motion
from dreamface.head.ict.openings import Loops, loops
from dreamface.head.ict.source import IctSource, load_source
from dreamface.render import Camera, rasterise
from dreamface.traits import ARKIT_SHAPES, Traits

MM = 1e-3
CROSSING = 0.35 * MM  # what lids and lips may at most be in each other
SIDES = ("left", "right")
PEOPLE = range(5)  # 0 is the average
HIDDEN_BY_LIDS = ("lacrimal_fluid", "eye_blend", "eye_occlusion", "lashes")


@dataclass(frozen=True)
class Person:
    vertices: Tensor
    shapes: dict[str, Tensor]

    def posed(self, *names: str) -> Tensor:
        return self.vertices + sum(self.shapes[name] for name in names)


class Model:
    """The model, and people drawn from it."""

    def __init__(self, source: IctSource, topology: Topology) -> None:
        self.source, self.topology = source, topology
        self.motion = Motion(source, topology)
        self.loops = loops(topology.faces.numpy(), topology.multipie.numpy())
        self.person = cache(self._person)

    def drawn(self, seed: int) -> Tensor:
        """[V, 3] a person as the modes give one."""
        if seed == 0:
            return self.source.neutral
        beta = torch.randn(len(self.source.modes), generator=torch.Generator().manual_seed(seed))
        return self.source.neutral + torch.einsum("m,mvx->vx", beta, self.source.modes)

    def _person(self, seed: int) -> Person:
        vertices = self.drawn(seed)
        vertices = vertices + self.motion.settle(vertices)
        return Person(vertices, dict(zip(SHAPE_NAMES, self.motion.shapes(vertices), strict=True)))

    def rows(self, name: str) -> slice:
        return slice(*self.topology.part(name).vertices)


@pytest.fixture(scope="module")
def model(ict_models: Path, ict_head: IctHead) -> Model:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DREAMFACE_MODELS", str(ict_models))
        return Model(load_source(), ict_head.topology)


# ---------------------------------------------------------------------------------------------------------- measuring


def profile(vertices: np.ndarray, ring_columns: np.ndarray, x: float) -> np.ndarray:
    """[R, 2] depth (Y) and height (Z) where each ring's way along one lip passes a place."""
    found = []
    for ring in vertices[ring_columns]:
        order = np.argsort(ring[:, 0])
        found.append([np.interp(x, ring[order, 0], ring[order, axis]) for axis in (1, 2)])
    return np.array(found)


def surface_heights(line: np.ndarray, depths: np.ndarray, lowest: bool) -> np.ndarray:
    """[D] the lowest or highest point of a polyline [R, 2] at each depth; infinite where it isn't."""
    found = np.full(len(depths), np.inf if lowest else -np.inf)
    for start, end in pairwise(line):
        low, high = sorted((start[0], end[0]))
        inside = (depths >= low) & (depths <= high)
        if high > low and inside.any():
            height = start[1] + (depths[inside] - start[0]) / (end[0] - start[0]) * (end[1] - start[1])
            found[inside] = (np.minimum if lowest else np.maximum)(found[inside], height)
    return found


def lip_openings(vertices: Tensor, mouth: Loops) -> np.ndarray:
    """[23] metres that the lips stand apart at places from corner to corner; below 0 they cross. In plain numpy."""
    points = vertices.double().numpy()
    rings = np.stack([mouth.ring(step) for step in range(-4, 16)])
    lips = [rings[:, np.concatenate(([0], columns, [mouth.left]))] for columns in (mouth.upper, mouth.lower)]
    right, left = points[mouth.ring(7)[[0, mouth.left]], 0]
    found = []
    for x in np.linspace(right, left, 25)[1:-1]:
        upper, lower = (profile(points, lip, x) for lip in lips)
        depths = np.linspace(max(upper[:, 0].min(), lower[:, 0].min()), min(upper[:, 0].max(), lower[:, 0].max()), 60)
        found.append((surface_heights(upper, depths, True) - surface_heights(lower, depths, False)).min())
    return np.array(found)


def seen_parts(model: Model, vertices: Tensor, target: Tensor, pitch: float, hidden: tuple[str, ...]) -> dict[str, int]:
    """Pixels of each part seen in a close look at a place, without the parts named."""
    kept = torch.cat([
        torch.arange(*part.faces)
        for part in model.topology.parts
        if not part.name.removeprefix("left_").removeprefix("right_").startswith(hidden)
    ])  # fmt: skip
    position = target + 0.5 * torch.tensor([0.0, -np.cos(pitch), np.sin(pitch)], dtype=torch.float32)
    camera = Camera(tuple(position.tolist()), tuple(target.tolist()), fov=0.09)
    triangles = model.topology.triangles.reshape(-1, 2, 3)[kept].reshape(-1, 3)
    hit = rasterise(vertices, triangles, camera, 200).triangle
    faces = kept[hit[hit >= 0] // 2]
    return {
        part.name: count
        for part in model.topology.parts
        if (count := int(((faces >= part.faces[0]) & (faces < part.faces[1])).sum()))
    }


def eye(model: Model, vertices: Tensor, side: str) -> Tensor:
    """[3] the middle between the eye's corners."""
    return vertices[model.topology.multipie[[42, 45] if side == "left" else [36, 39]]].mean(dim=0)


# ------------------------------------------------------------------------------------------------------ names, meaning


def test_names_are_arkits_then_the_extras(model: Model) -> None:
    assert SHAPE_NAMES == ARKIT_SHAPES + EXTRAS
    shapes = model.motion.shapes(model.source.neutral)
    assert shapes.shape == (60, 26719, 3)
    assert torch.isfinite(shapes).all()
    reach = torch.linalg.vector_norm(shapes, dim=-1).amax(dim=1)
    assert float(reach.min()) > 2 * MM
    assert float(reach.max()) < 60 * MM
    small = shapes[(shapes != 0.0)].abs().min()
    assert float(small) >= 1e-7
    assert float((shapes == 0.0).float().mean()) > 0.6  # what a shape doesn't move is exactly still


def test_halves_make_a_whole(model: Model) -> None:
    shapes = model.person(0).shapes
    forehead = model.topology.multipie[17:27]
    halves = shapes["browInnerUp_L"] + shapes["browInnerUp_R"]
    assert torch.allclose(shapes["browInnerUp"][forehead], halves[forehead], atol=1e-6)
    assert float(halves[forehead].abs().max()) > 3 * MM


@pytest.mark.parametrize("name", [name for name in SHAPE_NAMES if re.search(r"(Left|Right|_L|_R)$", name)])
def test_left_is_the_persons_left(model: Model, name: str) -> None:
    """+X is the person's left. A shape of one side moves that side; jaw and mouth move towards it."""
    sign = 1.0 if name.endswith(("Left", "_L")) else -1.0
    x, moved = model.source.neutral[:, 0], model.person(0).shapes[name]
    if name in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        lips = model.topology.multipie[48:68]
        assert sign * float(moved[lips, 0].mean()) > 3 * MM
    else:
        amount = torch.linalg.vector_norm(moved, dim=1)
        assert float(amount[sign * x > 0].sum()) > 4.0 * float(amount[sign * x < 0].sum())


@pytest.mark.parametrize(("name", "points", "axis", "sign"), [
    ("browDownLeft", [22, 24, 26], 2, -1), ("browOuterUpLeft", [25, 26], 2, 1), ("browInnerUp", [21, 22], 2, 1),
    ("eyeBlinkLeft", [43, 44], 2, -1), ("eyeWideLeft", [43, 44], 2, 1), ("eyeSquintLeft", [46, 47], 2, 1),
    ("jawOpen", [57, 8], 2, -1), ("jawForward", [57, 8], 1, -1), ("mouthFunnel", [51, 57], 1, -1),
    ("mouthPucker", [51, 57], 1, -1), ("mouthSmileLeft", [54], 2, 1), ("mouthSmileLeft", [54], 0, 1),
    ("mouthFrownLeft", [54], 2, -1), ("mouthStretchLeft", [54], 0, 1), ("mouthDimpleLeft", [54], 0, 1),
    ("mouthUpperUpLeft", [52, 63], 2, 1), ("mouthLowerDownLeft", [56, 65], 2, -1), ("mouthShrugUpper", [62], 2, 1),
    ("mouthShrugLower", [57], 2, 1), ("noseSneerLeft", [35], 2, 1), ("mouthRollLower", [57], 1, 1),
])  # fmt: skip
def test_shapes_do_what_they_are_called(model: Model, name: str, points: list[int], axis: int, sign: int) -> None:
    moved = model.person(0).shapes[name][model.topology.multipie[points]]
    assert sign * float(moved[:, axis].mean()) > 0.5 * MM


def test_jaw_carries_lower_teeth_and_tongue_only(model: Model) -> None:
    shapes = model.person(1).shapes
    upper, lower = slice(17039, 19247), slice(19247, 21451)
    assert float(shapes["jawOpen"][lower, 2].mean()) < -15 * MM
    assert float(shapes["jawOpen"][upper].abs().max()) < 0.1 * MM
    for name in ("mouthSmileLeft", "eyeBlinkLeft", "browDownRight", "mouthStretchRight"):
        assert float(shapes[name][17039:21451].abs().max()) == 0.0, name


# ---------------------------------------------------------------------------------------------------------------- eyes


@pytest.mark.parametrize(("name", "axis", "sign", "angle"), [
    ("eyeLookUpLeft", 2, 1, 25), ("eyeLookDownLeft", 2, -1, 25), ("eyeLookOutLeft", 0, 1, 30),
    ("eyeLookInLeft", 0, -1, 30), ("eyeLookUpRight", 2, 1, 25), ("eyeLookDownRight", 2, -1, 25),
    ("eyeLookOutRight", 0, -1, 30), ("eyeLookInRight", 0, 1, 30),
])  # fmt: skip
def test_eyeballs_turn_about_their_centre(model: Model, name: str, axis: int, sign: int, angle: float) -> None:
    side = "left" if name.endswith("Left") else "right"
    for seed in (0, 2):
        person = model.person(seed)
        rows = slice(model.rows(f"{side}_sclera").start, model.rows(f"{side}_iris").stop)
        before, after = person.vertices[rows].double(), person.posed(name)[rows].double()
        # A rigid motion keeps all distances; its angle and its fixed points tell the rest.
        middle = before.mean(dim=0)
        u, _, v = torch.linalg.svd((before - middle).T @ (after - after.mean(dim=0)))
        turn = (u @ v).T
        found = torch.rad2deg(torch.arccos(((torch.trace(turn) - 1.0) / 2.0).clamp(-1.0, 1.0)))
        assert float(found) == pytest.approx(angle, abs=0.2)
        assert float((before @ turn.T - before.mean(0) @ turn.T + after.mean(0) - after).abs().max()) < 0.01 * MM
        assert sign * float((after - before)[model.rows(f"{side}_iris").start - rows.start :, axis].mean()) > 1 * MM
        white = before[:770]
        centre = 0.5 * (white.amin(dim=0) + white.amax(dim=0))
        stay = centre @ turn.T - before.mean(0) @ turn.T + after.mean(0) - centre
        assert float(stay.norm()) < 1.0 * MM


def test_both_eyes_look_the_same_way_at_rest(model: Model) -> None:
    """Drawn people squint: every scan's eyes looked somewhere."""

    def directions(vertices: Tensor) -> list[Tensor]:
        return [
            torch.nn.functional.normalize(
                vertices[model.rows(f"{side}_iris")].mean(0) - vertices[model.rows(f"{side}_sclera")].mean(0), dim=0
            )
            for side in SIDES
        ]

    average = directions(model.source.neutral)
    for seed in PEOPLE:
        for found, wanted in zip(directions(model.person(seed).vertices), average, strict=True):
            assert float(torch.rad2deg(torch.arccos((found * wanted).sum().clamp(-1.0, 1.0)))) < 1.5


@pytest.mark.parametrize("seed", PEOPLE)
@pytest.mark.parametrize("side", SIDES)
def test_shut_lids_leave_no_gap(model: Model, seed: int, side: str) -> None:
    person = model.person(seed)
    target = eye(model, person.vertices, side)
    shut = person.posed(f"eyeBlink{side.capitalize()}")
    balls = {f"{side}_{name}" for name in ("sclera", "iris", "cornea")}
    assert seen_parts(model, person.vertices, target, 0.0, HIDDEN_BY_LIDS).keys() & balls
    for pitch in (-0.4, 0.0, 0.4):
        seen = seen_parts(model, shut, target, pitch, HIDDEN_BY_LIDS)
        assert sum(seen.get(name, 0) for name in balls) <= 4, seen  # of 40,000 pixels
        wet = seen_parts(model, shut, target, pitch, ("lashes",))
        lining = [f"{side}_{name}" for name in ("eye_occlusion", "eye_blend")]
        assert sum(wet.get(name, 0) for name in lining) <= 20, wet


@pytest.mark.parametrize("side", SIDES)
def test_only_the_winking_eye_shuts(model: Model, side: str) -> None:
    other = SIDES[1 - SIDES.index(side)]
    moved = model.person(1).shapes[f"eyeBlink{side.capitalize()}"]
    for part in ("lashes", "lacrimal_fluid", "eye_occlusion"):
        assert float(moved[model.rows(f"{side}_{part}")].norm(dim=1).max()) > 5 * MM
        assert float(moved[model.rows(f"{other}_{part}")].abs().max()) == 0.0


@pytest.mark.parametrize("name", ["eyeBlink", "eyeLookDown", "eyeSquint", "eyeWide", "cheekSquint"])
def test_what_lies_on_the_lids_follows_them(model: Model, name: str) -> None:
    """Fluid, blend and lashes keep to the skin next to them."""
    person = model.person(2)
    edges = torch.from_numpy(np.unique(np.concatenate([model.loops["left_eye"].rings[-3:].ravel(),
                                                       model.loops["left_lids"].rings.ravel()])))  # fmt: skip
    posed = person.posed(f"{name}Left")
    for part in ("lacrimal_fluid", "eye_blend", "lashes"):
        own = torch.arange(*model.topology.part(f"left_{part}").vertices)
        before = torch.cdist(person.vertices[own], person.vertices[edges]).amin(dim=1)
        near = own[before < 1.2 * MM]
        assert len(near)
        after = torch.cdist(posed[near], posed[edges]).amin(dim=1)
        assert float(after.max()) < 3.2 * MM, part


@pytest.mark.parametrize("name", ["eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut", "eyeSquint", "eyeWide"])
def test_lids_stay_out_of_the_turning_eyeball(model: Model, name: str) -> None:
    """The whole lids' edge lies further out than the eyeball's surface along the same direction."""
    from dreamface.render import RayMesh

    faces = slice(model.topology.part("left_sclera").faces[0], model.topology.part("left_cornea").faces[1])
    ball = model.topology.triangles[2 * faces.start : 2 * faces.stop]
    edges = torch.from_numpy(np.unique(np.concatenate([model.loops["left_eye"].rings[-2:].ravel(),
                                                       model.loops["left_lids"].rings.ravel()])))  # fmt: skip
    for seed in (1, 2, 3):
        posed = model.person(seed).posed(f"{name}Left")
        shell = posed[model.rows("left_sclera")]
        centre = 0.5 * (shell.amin(dim=0) + shell.amax(dim=0))
        arms = posed[edges] - centre
        reach = RayMesh(posed, ball).cast(centre, arms).depth
        inside = (reach - 1.0) * torch.linalg.vector_norm(arms, dim=1)
        assert float(inside.max()) < 0.15 * MM


@pytest.mark.parametrize("weight", [0.25, 0.5, 0.75])
def test_lids_stay_out_of_the_eyeball_on_the_way(model: Model, weight: float) -> None:
    """A blend shape's way is straight and an eyeball round: it must not lead through the cornea."""
    for seed in PEOPLE:
        person = model.person(seed)
        for side in SIDES:
            ball = model.motion.eyeballs[side]
            posed = person.vertices + weight * person.shapes[f"eyeBlink{side.capitalize()}"]
            pose = ball.fit(posed)
            lid = posed[model.motion.lids[side].edge]
            assert float(ball.height(lid, pose, torch.eye(3)).min()) > -0.2 * MM, (seed, side)


@pytest.mark.parametrize("name", ["mouthLeft", "mouthRollUpper", "mouthPucker", "cheekPuff", "mouthShrugLower"])
def test_the_mouths_lining_stays_in_an_open_mouth(model: Model, name: str) -> None:
    """From the front nobody sees the lining's back, which would lie before the skin of lips or chin."""
    from dreamface.render import RayMesh

    welded = model.topology.objects[0].faces
    triangles = model.topology.triangles[2 * welded[0] : 2 * welded[1]]
    lining = model.topology.part("mouth_socket").faces
    for seed in PEOPLE:
        posed = model.person(seed).posed("jawOpen", name)
        middle = posed[model.topology.multipie[8]] + torch.tensor([0.0, -0.1, 0.02])
        across, up = torch.meshgrid(torch.arange(-0.03, 0.03, 1e-3), torch.arange(-0.03, 0.05, 1e-3), indexing="ij")
        origins = middle + torch.stack((across, torch.zeros_like(up), up), dim=-1).reshape(-1, 3)
        seen = RayMesh(posed, triangles).cast(origins, torch.tensor([0.0, 1.0, 0.0]).expand_as(origins))
        quads = seen.triangle // 2
        hit = (quads >= lining[0]) & (quads < lining[1])
        corners = posed[triangles[seen.triangle[hit]]]
        normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        assert int((normals[:, 1] > 0.0).sum()) <= 6, seed  # square millimetres


@pytest.mark.parametrize(("openness", "seen_at_most"), [(0.0, 0.01), (2.0, 0.04)])
def test_the_lids_lining_stays_behind_shut_lids(ict_head: IctHead, openness: float, seen_at_most: float) -> None:
    """From the front hardly any of the lining's back is seen before the skin of the lid, on large eyes either."""
    from dreamface.head import HeadSource
    from dreamface.render import RayMesh

    skin = ict_head.topology.part("skin").faces
    triangles = ict_head.topology.triangles[2 * skin[0] : 2 * skin[1]]
    for seed in (1, 2, 3):
        traits = Traits({"eyes.openness": openness, "eyes.size": 0.5 * openness})
        head = ict_head.build(HeadSource(traits, torch.Generator().manual_seed(seed)))
        posed = head.vertices + ict_head.shapes(head)[ict_head.shape_names.index("eyeBlinkLeft")]
        lid = posed[head.topology.landmarks["lid_upper_l"]] + torch.tensor([0.0, -0.1, 0.0])
        across, up = torch.meshgrid(torch.arange(-0.01, 0.01, 4e-4), torch.arange(0.0, 0.006, 4e-4), indexing="ij")
        origins = lid + torch.stack((across, torch.zeros_like(up), up), dim=-1).reshape(-1, 3)
        seen = RayMesh(posed, triangles).cast(origins, torch.tensor([0.0, 1.0, 0.0]).expand_as(origins))
        corners = posed[triangles[seen.triangle]]
        normals = torch.linalg.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        backs = (seen.triangle >= 0) & (normals[:, 1] > 0.0)
        assert float(backs.float().mean()) < seen_at_most, seed


@pytest.mark.parametrize("name", ["noseSneerLeft", "mouthSmileRight"])
def test_the_teeth_stay_behind_the_lips_of_an_open_mouth(model: Model, name: str) -> None:
    """From the front no tooth is seen that lies just before skin: canines came through the lip beside its corners."""
    from dreamface.render import RayMesh

    welded, teeth = model.topology.objects[0].faces, model.topology.part("teeth").faces
    skin = model.topology.triangles[2 * welded[0] : 2 * model.topology.part("skin").faces[1]]
    both = torch.cat((skin, model.topology.triangles[2 * teeth[0] : 2 * teeth[1]]))
    for seed in (*PEOPLE, 6, 7):
        posed = model.person(seed).posed("jawOpen", name)
        middle = posed[model.topology.multipie[62]] + torch.tensor([0.0, -0.1, 0.0])
        across, up = torch.meshgrid(torch.arange(-0.03, 0.03, 1e-3), torch.arange(-0.01, 0.01, 1e-3), indexing="ij")
        origins = middle + torch.stack((across, torch.zeros_like(up), up), dim=-1).reshape(-1, 3)
        ahead = torch.tensor([0.0, 1.0, 0.0]).expand_as(origins)
        first, behind = RayMesh(posed, both).cast(origins, ahead), RayMesh(posed, skin).cast(origins, ahead)
        close = (behind.depth - first.depth) < 12 * MM
        shown = (first.triangle >= len(skin)) & (behind.triangle >= 0) & close
        assert int(shown.sum()) <= 2, (seed, int(shown.sum()))  # square millimetres


# --------------------------------------------------------------------------------------------------------------- mouth


@pytest.mark.parametrize("seed", PEOPLE)
def test_lips_are_closed_at_rest(model: Model, seed: int) -> None:
    rest = model.person(seed).vertices
    found = lip_openings(rest, model.loops["mouth"])
    assert found.min() > -CROSSING
    assert found[3:-3].max() < 0.05 * MM
    again = model.motion.settle(rest)
    assert float(again.norm(dim=1).max()) < 0.2 * MM  # settled is settled


def test_some_drawn_people_need_settling(model: Model) -> None:
    found = [lip_openings(model.drawn(seed), model.loops["mouth"]) for seed in PEOPLE]
    assert max(opening.max() for opening in found) > 0.5 * MM
    assert min(opening.min() for opening in found) < -0.5 * MM


@pytest.mark.parametrize("seed", PEOPLE)
def test_mouth_close_closes_an_open_jaw(model: Model, seed: int) -> None:
    person = model.person(seed)
    closed = person.posed("jawOpen", "mouthClose")
    for posed in (closed, 0.5 * (person.vertices + closed)):  # and on the way
        found = lip_openings(posed, model.loops["mouth"])
        assert found.min() > -0.45 * MM  # within a twelfth of the mouth from its corners
        assert found[2:-2].min() > -CROSSING
        assert found[2:-2].max() < 0.3 * MM
    assert lip_openings(model.person(seed).posed("jawOpen"), model.loops["mouth"])[8:-8].min() > 15 * MM


@pytest.mark.parametrize("name", [
    "mouthPucker", "mouthFunnel", "mouthPressLeft", "mouthPressRight", "mouthRollUpper", "mouthRollLower",
    "mouthShrugLower", "mouthLeft", "mouthSmileLeft", "mouthFrownRight",
])  # fmt: skip
def test_lips_do_not_cross(model: Model, name: str) -> None:
    for seed in PEOPLE:
        found = lip_openings(model.person(seed).posed(name), model.loops["mouth"])
        assert found[3:-3].min() > -CROSSING and found[1:-1].min() > -0.4 * MM, seed


def test_the_tongue_comes_out_over_the_lower_lip(model: Model) -> None:
    tongue = model.motion.tongue.vertices
    for seed in (0, 1, 3):
        person = model.person(seed)
        rest, out = person.vertices, person.posed("tongueOut")
        lip = out[model.topology.multipie[[56, 57, 58, 65, 66, 67]]]
        assert float(out[tongue, 1].min()) < float(lip[:, 1].min()) - 10 * MM
        assert float(rest[tongue, 1].min()) > float(rest[model.topology.multipie[66], 1])
        target = 0.5 * (out[model.topology.multipie[62]] + out[model.topology.multipie[66]])
        assert seen_parts(model, rest, target, 0.0, ()).get("gums_and_tongue", 0) < 20
        assert seen_parts(model, out, target, 0.0, ()).get("gums_and_tongue", 0) > 1500
        # It lies on the lip, not in it: over the lip's highest place it is higher.
        mouth = model.loops["mouth"]
        lower = out[torch.from_numpy(mouth.rings[16:30, mouth.lower[12:-12]].ravel())]
        top = lower[lower[:, 2].argmax()]
        over = out[tongue][(out[tongue, 0].abs() < 8 * MM) & ((out[tongue, 1] - top[1]).abs() < 2 * MM)]
        assert len(over)
        assert float(over[:, 2].min()) > float(top[2]) - 1.0 * MM, seed
        half = rest + 0.5 * person.shapes["tongueOut"]  # on a straight line, which leads over the lip, too
        lower = half[torch.from_numpy(mouth.rings[16:30, mouth.lower[12:-12]].ravel())]
        top = lower[lower[:, 2].argmax()]
        over = half[tongue][(half[tongue, 0].abs() < 5 * MM) & ((half[tongue, 1] - top[1]).abs() < 2 * MM)]
        assert len(over)
        assert float(over[:, 2].min()) > float(top[2]) - 3.0 * MM, seed


# ------------------------------------------------------------------------------------------------------------ surfaces


def folds(model: Model, before: Tensor, after: Tensor) -> int:
    """Pairs of neighbouring quads of the face's outside that faced alike and no longer do.

    Rings that lie in the seam of shut lids or closed lips, or behind it, are not outside.
    """
    inside = torch.zeros(len(before), dtype=torch.bool)
    inside[torch.from_numpy(np.unique(model.loops["mouth"].rings[:-2]))] = True
    for side in SIDES:
        for name in ("eye", "lids"):
            inside[torch.from_numpy(np.unique(model.loops[f"{side}_{name}"].rings))] = True
    faces = model.topology.faces[slice(*model.topology.part("skin").faces)]
    faces = faces[~inside[faces].any(dim=1)]
    return folded_pairs(faces, before, after)


@pytest.mark.parametrize("name", ["eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthPucker"])
def test_skin_does_not_fold_over(model: Model, name: str) -> None:
    for seed in PEOPLE:
        person = model.person(seed)
        assert folds(model, person.vertices, person.posed(name)) <= 2, seed


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 50, 10))
def test_fifty_people(model: Model, start: int) -> None:
    for seed in range(start + 1, start + 11):
        person = model._person(seed)
        for name in ("eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthPucker"):
            assert folds(model, person.vertices, person.posed(name)) <= 6, (seed, name)  # of 17,000
        rest = lip_openings(person.vertices, model.loops["mouth"])
        assert rest[1:-1].min() > -CROSSING and rest[4:-4].max() < 0.1 * MM, seed
        closed = lip_openings(person.posed("jawOpen", "mouthClose"), model.loops["mouth"])
        assert closed[2:-2].min() > -CROSSING, seed
