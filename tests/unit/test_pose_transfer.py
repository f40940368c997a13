"""Deformation transfer on a plain grid, and what it makes of both head models' expressions."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from scipy.sparse.linalg import spsolve
from torch import Tensor

from dreamface.face import Head
from dreamface.geometry import PoseTransfer, lattice_quads
from dreamface.head import HeadSource, load_model
from dreamface.head.anny.identity import mean_adult_person
from dreamface.head.anny.model import AnnyHead
from dreamface.traits import ARKIT_SHAPES, Traits

MM = 1e-3
SIDE = 21  # vertices a side of the grid: 1 mm apart
ONE = torch.tensor(1.0)


def grid(side: int = SIDE) -> tuple[Tensor, Tensor]:
    """[V, 3] and [F, 4]: a square of 20 mm around the origin."""
    steps = torch.linspace(-10 * MM, 10 * MM, side)
    x, y = torch.meshgrid(steps, steps, indexing="xy")
    return torch.stack((x, y, torch.zeros_like(x)), dim=-1).reshape(-1, 3), torch.from_numpy(lattice_quads(side, side))


def bump(points: Tensor, radius: float) -> Tensor:
    """[V, 3] 2 mm up in the middle, still from `radius` on."""
    away = torch.linalg.vector_norm(points[:, :2], dim=1) / radius
    height = 2 * MM * (1.0 - away.square()).clamp(min=0.0).square()
    return torch.stack((torch.zeros_like(height), torch.zeros_like(height), height), dim=1)


def sides(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """[T, 3, 3] two sides and the normal of each triangle as columns, as Sumner and Popović have them."""
    one, other = (points[triangles[:, k]] - points[triangles[:, 0]] for k in (1, 2))
    normal = np.cross(one, other)
    return np.stack((one, other, normal / np.sqrt(np.linalg.norm(normal, axis=1, keepdims=True))), axis=2)


def by_the_paper(template: Tensor, faces: Tensor, pose: Tensor, shape: Tensor) -> np.ndarray:
    """[V, 3] offsets of the shape: every triangle's sides least squares, weighted by its area; what stays is fixed."""
    points, target = template.double().numpy(), shape.double().numpy()
    triangles = faces.numpy()[:, [(0, 1, 2), (1, 2, 3), (2, 3, 0), (3, 0, 1)]].reshape(-1, 3)
    before = sides(points, triangles)
    gradients = sides(points + pose.double().numpy(), triangles) @ np.linalg.inv(before)
    of_target = sides(target, triangles)
    planes = np.linalg.pinv(of_target[:, :, :2])  # [T, 2, 3]: the gradient of a function on each triangle
    areas = np.linalg.norm(np.cross(of_target[..., 0], of_target[..., 1]), axis=1)
    slopes = np.stack((-planes.sum(axis=1), planes[:, 0], planes[:, 1]), axis=1)  # [T, 3 corners, 3 axes]
    rows = np.arange(3 * len(triangles)).reshape(-1, 1, 3)
    at = np.broadcast_to(rows, slopes.shape), np.broadcast_to(triangles[..., None], slopes.shape)
    system = sp.csr_matrix((slopes.ravel(), (at[0].ravel(), at[1].ravel())), shape=(rows.size, len(points)))
    wanted = np.einsum("tij,tjk,tkl->tli", gradients - np.eye(3), of_target[:, :, :2], planes).reshape(-1, 3)
    moving = torch.linalg.vector_norm(pose, dim=1).numpy() > 0.0
    weighted = system[:, moving].T @ sp.diags(np.repeat(areas, 3))
    found = np.zeros((len(points), 3))
    found[moving] = spsolve((weighted @ system[:, moving]).tocsc(), weighted @ wanted)
    return found


def test_a_template_keeps_its_poses() -> None:
    points, faces = grid()
    transfer = PoseTransfer(points, faces, bump(points, 8 * MM)[None])
    assert float(transfer.corrections(points, ONE).abs().max()) == 0.0
    assert float(transfer.corrections(points + 0.3, ONE).abs().max()) < 1e-6  # wherever it stands
    assert float(transfer.corrections(2.0 * points, torch.tensor(2.0)).abs().max()) < 1e-9


def test_a_pose_grows_with_what_it_moves() -> None:
    """A mouth twice as wide takes twice the way; with a scale of 1, all of it is the transfer's."""
    points, faces = grid()
    pose = bump(points, 9 * MM)
    moved = pose + PoseTransfer(points, faces, pose[None]).corrections(2.0 * points, ONE)[0]
    assert float(moved[:, 2].max()) == pytest.approx(4 * MM, rel=0.1)
    assert float(moved[:, :2].abs().max()) < 0.4 * MM


def test_it_agrees_with_the_papers_least_squares() -> None:
    points, faces = grid(61)
    pose = bump(points, 9 * MM)
    x, y = (points / (10 * MM))[:, :2].unbind(1)
    other = points.clone()
    other[:, 0] += 5.0 * MM * x * (1.0 + 0.5 * y)
    other[:, 2] += 3.0 * MM * torch.cos(1.2 * x) * torch.cos(y)
    moved = pose + PoseTransfer(points, faces, pose[None]).corrections(other, ONE)[0]
    paper = torch.from_numpy(by_the_paper(points, faces, pose, other)).float()
    changed = torch.linalg.vector_norm(paper - pose, dim=1)
    apart = torch.linalg.vector_norm(moved - paper, dim=1)
    assert float(changed.max()) > 0.25 * MM
    assert float(apart.max()) < 0.25 * float(changed.max())


def test_mirrored_poses_of_a_symmetric_shape_are_mirrored() -> None:
    points, faces = grid()
    flip = torch.tensor([-1.0, 1.0, 1.0])
    index = torch.arange(SIDE * SIDE).view(SIDE, SIDE).flip(1).reshape(-1)
    right = bump(points + torch.tensor([3 * MM, 0.0, 0.0]), 6 * MM)
    left = right[index] * flip
    shape = points * torch.tensor([1.5, 1.2, 1.0])
    shape[:, 2] += 2 * MM * (points[:, 0] / (10 * MM)).square()
    one, other = PoseTransfer(points, faces, torch.stack((right, left))).corrections(shape, ONE)
    assert float(one.norm(dim=1).max()) > 0.3 * MM
    assert float((one - other[index] * flip).abs().max()) < 1e-3 * MM


def test_what_stays_in_the_template_stays() -> None:
    points, faces = grid()
    poses = torch.stack((bump(points, 5 * MM), bump(points, 9 * MM)))
    found = PoseTransfer(points, faces, poses).corrections(2.0 * points, ONE)
    still = torch.linalg.vector_norm(points, dim=1) > 7.5 * MM
    assert float(found[0, still].abs().max()) == 0.0
    assert float(found[1, still].abs().max()) > 0.0


# ---------------------------------------------------------------------------------------------------- the built-in head


def built(person: dict[str, float], offset: Tensor | None = None) -> tuple[AnnyHead, Head]:
    """The symmetric head of a person, all sliders at 0."""
    model = load_model("anny")
    assert isinstance(model, AnnyHead)
    return model, model.build(HeadSource(Traits(), identity=mean_adult_person() | person, offset=offset))


def test_a_child_opens_its_mouth_less_than_a_pasted_shape_would() -> None:
    """Its face is short below the eyes, which the size of the whole face does not say."""
    model, child = built({"age": 5.0})
    _, adult = built({})
    shapes = model.shapes(child), model.shapes(adult)
    chin = child.topology.landmarks["menton"]
    opened = [float(of[ARKIT_SHAPES.index("jawOpen"), chin].norm()) for of in shapes]
    cages = [
        float(model._face_size(model._space.cage_vertices(model._space.from_mapping(h.identity))))
        for h in (child, adult)
    ]
    assert opened[0] / opened[1] < 0.93 * cages[0] / cages[1]


def test_symmetric_heads_have_symmetric_expressions() -> None:
    """As symmetric as MakeHuman's own actions, which are not quite."""
    model, child = built({"age": 5.0, "body.weight": 0.9})
    shapes = model.shapes(child)
    mirror = torch.from_numpy(model._bank.cage.mirror)
    flipped = torch.tensor([-1.0, 1.0, 1.0])
    actions = torch.from_numpy(model._bank.actions)
    for left, right in (("eyeBlinkLeft", "eyeBlinkRight"), ("mouthSmileLeft", "mouthSmileRight"), ("jawOpen",) * 2):
        uneven = []
        for of in (shapes, actions):
            one, other = (of[ARKIT_SHAPES.index(name), : len(mirror)] for name in (left, right))
            uneven.append(float((one - other[mirror] * flipped).norm(dim=1).max()))
        assert uneven[0] < 1.3 * uneven[1] + 0.15 * MM, left


def test_a_sculpted_face_moves_as_it_is_sculpted() -> None:
    """A mouth that was pulled wide smiles wider; teeth and lashes that were moved stay so in every expression."""
    model, plain = built({})
    rest = plain.vertices
    middle = plain.landmark("stomion_superius")
    near = torch.exp(-((rest - middle) / 0.03).square().sum(dim=1))
    offset = torch.zeros_like(rest)
    offset[:, 0] = 0.6 * near * (rest[:, 0] - middle[0])
    _, sculpted = built({}, offset)
    shapes = model.shapes(plain), model.shapes(sculpted)
    corner = plain.topology.landmarks["cheilion_l"]
    smile = [float(of[ARKIT_SHAPES.index("mouthSmileLeft"), corner].norm()) for of in shapes]
    assert smile[1] > 1.04 * smile[0]
    blink = shapes[1][ARKIT_SHAPES.index("eyeBlinkLeft")]
    for part in ("lower_teeth", "lower_gums", "right_lashes"):
        assert float(blink[slice(*plain.topology.part(part).vertices)].abs().max()) == 0.0, part


def test_a_sculpted_eyeball_turns_about_where_it_is() -> None:
    model, plain = built({})
    rows = slice(plain.topology.part("left_sclera").vertices[0], plain.topology.part("left_cornea").vertices[1])
    offset = torch.zeros_like(plain.vertices)
    offset[rows] = torch.tensor([0.0, -4 * MM, 2 * MM])
    _, moved = built({}, offset)
    shapes = model.shapes(plain), model.shapes(moved)
    for name in ("eyeLookOutLeft", "eyeLookUpLeft"):
        one, other = (of[ARKIT_SHAPES.index(name), rows] for of in shapes)
        assert float((one - other).abs().max()) < 0.01 * MM


def test_the_mean_adult_keeps_the_template() -> None:
    model, _ = built({})
    cage = model._space.mean_adult()
    skin = model._cut(cage, "skin")
    assert float(model._transfer.corrections(skin, ONE).abs().max()) == 0.0
