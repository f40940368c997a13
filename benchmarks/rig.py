"""Bones and levels of detail: how long a rig takes, how near its jaw is to jawOpen, what each level of detail costs.

Run with: python -m benchmarks.rig [PEOPLE]
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from dreamface.bones import BONES
from dreamface.face import Face, Head
from dreamface.geometry import fit_similarity
from dreamface.head import HeadModel, HeadSource, load_model
from dreamface.prior import complete
from dreamface.random_streams import stream
from dreamface.record import FaceRecord
from dreamface.rig import LEVELS, make_rig, reduced
from dreamface.rigging import Rig, bend
from dreamface.traits import Traits

MODELS = ("anny", "ict")
PLACES = ("pogonion", "gnathion", "menton", "labrale_inferius", "cheilion_l", "cervical_point")
JAW = BONES.index("jaw")


@dataclass(frozen=True)
class Person:
    """A head with its shapes and its rig."""

    model: HeadModel
    head: Head
    shapes: Tensor
    rig: Rig
    seconds: float


def make_person(model: HeadModel, seed: int) -> Person:
    """Return a random person, and how many seconds of one core the rig took."""
    head = model.build(HeadSource(complete(Traits({}), seed), stream(seed, "head")))
    shapes = model.shapes(head)
    start = time.process_time()
    rig = make_rig(head, shapes, model.shape_names)
    return Person(model, head, shapes, rig, time.process_time() - start)


def jaw_errors(person: Person) -> tuple[dict[str, float], float]:
    """Millimetres between the jaw's bone and jawOpen at landmarks, and on the skin on average.

    The bone is turned as far as the lower teeth are.
    """
    head, rig = person.head, person.rig
    opened = person.shapes[person.model.shape_names.index("jawOpen")]
    hard = torch.zeros(len(head.vertices), dtype=torch.bool)
    for part in head.topology.parts:
        if part.name.endswith("teeth"):
            hard[slice(*part.vertices)] = True
    lower = hard & (rig.weights[:, JAW] == 1.0)
    arm = head.vertices[lower] - rig.joints(head.vertices)[JAW]
    moved = arm + opened[lower]
    turn = fit_similarity(torch.cat((arm, -arm)), torch.cat((moved, -moved))).rotation
    off = 1e3 * (bend(head.vertices, rig, {"jaw": turn}) - head.vertices - opened).norm(dim=1)
    skin = slice(*head.topology.part("skin").vertices)
    at = {name: float(off[head.topology.landmarks[name]]) for name in PLACES}
    return {**at, "lower teeth": float(off[lower].max())}, float(off[skin].mean())


def level_errors(person: Person, level: int) -> tuple[int, float, float]:
    """Triangles of a level, and millimetres from the skin's vertices to it: 99 of 100, neutral and with all shapes."""
    record = FaceRecord("", "nobody", 0, 512, person.head.model, Traits({}))
    picture = torch.zeros(1, 1, 3)
    names = person.model.shape_names
    face = Face(record, person.head, person.shapes, {}, {}, picture, names, rig=person.rig)
    coarse = reduced(face, level)
    topology = coarse.head.topology
    count = len(topology.triangles) - int((topology.faces[:, 2] == topology.faces[:, 3]).sum())
    farthest = [_distance(person.head.vertices, coarse.head.vertices, face, coarse)]
    for name in ("jawOpen", "mouthSmileLeft", "eyeBlinkLeft", "mouthPucker", "browInnerUp"):
        index = person.model.shape_names.index(name)
        before = person.head.vertices + person.shapes[index]
        farthest.append(_distance(before, coarse.head.vertices + coarse.shapes[index], face, coarse))
    return count, farthest[0], max(farthest[1:])


def _distance(before: Tensor, after: Tensor, face: Face, coarse: Face) -> float:
    """Millimetres: 99 of 100 of the skin's vertices are nearer to the coarse surface, which is sampled densely."""
    group = next(group for group in coarse.head.topology.objects if group.name == "skin")
    corners = after[coarse.head.topology.faces[slice(*group.faces), :3]]
    steps = torch.linspace(0.0, 1.0, 9)
    grid = torch.stack([torch.stack((a, b, 1.0 - a - b)) for a in steps for b in steps if a + b <= 1.0 + 1e-6])
    surface = cKDTree((grid @ corners).reshape(-1, 3).numpy())
    whole = next(group for group in face.head.topology.objects if group.name == "skin")
    return 1e3 * float(np.quantile(surface.query(before[slice(*whole.vertices)].numpy())[0], 0.99))


def main(people: int) -> None:
    """Print the figures."""
    torch.set_num_threads(1)
    for name in MODELS:
        model = load_model(name)
        crowd = [make_person(model, seed) for seed in range(people)]
        errors = [jaw_errors(person) for person in crowd]
        print(f"{name}: a rig takes {1e3 * float(np.median([person.seconds for person in crowd])):.0f} ms")
        for place in errors[0][0]:
            values = [at[place] for at, _ in errors]
            print(f"  jaw's bone against jawOpen, {place}: {np.mean(values):.2f} mm, at most {max(values):.2f} mm")
        print(f"  and on the face on average: {np.mean([mean for _, mean in errors]):.2f} mm")
        for level in range(LEVELS):
            found = [level_errors(person, level) for person in crowd[:2]]
            print(
                f"  level {level}: {found[0][0]:,} triangles, 99 of 100 vertices within "
                f"{max(each[1] for each in found):.2f} mm at rest, {max(each[2] for each in found):.2f} mm in motion"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
