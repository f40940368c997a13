"""The curl of upper lashes: ICT-FaceKit's cards stand straight out, so that from ahead one sees their edges only."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from dreamface.geometry import pieces
from dreamface.head.ict.openings import PARTS
from dreamface.head.ict.source import IctSource

_CURL: Final = math.radians(58.0)  # between a card's root and its tip


def with_curled_lashes(source: IctSource) -> IctSource:
    """Return the model with upper lashes that turn up towards their tips; their roots and lengths stay as they are."""
    neutral = source.neutral.clone()
    for side in ("left", "right"):
        for card in _upper_cards(source, side):
            neutral[card] = _curled(neutral[card])
    return replace(source, neutral=neutral)


def _upper_cards(source: IctSource, side: str) -> list[Tensor]:
    """Return [R, C] vertices of each card on the upper lid: rows from root to tip, columns along the lid."""
    faces = slice(*PARTS[f"{side}_lashes"].faces)
    ball = source.neutral[slice(*PARTS[f"{side}_sclera"].vertices)].mean(dim=0)
    island = torch.from_numpy(pieces(source.faces[faces].numpy()))
    found = []
    for number in range(int(island.max()) + 1):
        own = island == number
        card = _grid(source.faces[faces][own], source.uv[source.face_uvs[faces][own].reshape(-1)])
        ends = torch.linalg.vector_norm(source.neutral[card] - ball, dim=2).mean(dim=1)
        if ends[0] > ends[-1]:
            card = card.flip(0)
        if float(source.neutral[card[0], 2].mean() - ball[2]) > 0.0:
            found.append(card)
    return found


def _grid(faces: Tensor, uv: Tensor) -> Tensor:
    """[R, C] vertices of a card from its faces [F, 4] and their texture coordinates [4 F, 2], u being along the lid."""
    vertices, first = torch.unique(faces.reshape(-1), return_inverse=True)
    place = torch.zeros(len(vertices), 2)
    place[first] = uv
    rows = len(torch.unique((place[:, 1] * 1000.0).round()))
    by_row = place[:, 1].argsort(stable=True).reshape(rows, -1)
    order = place[by_row, 0].argsort(dim=1)
    return vertices[by_row.gather(1, order)]


def _curled(points: Tensor) -> Tensor:
    """Return [R, C, 3] points of a card, each row turned about the lid a little further than the one before."""
    axis = torch.nn.functional.normalize(torch.gradient(points[0], dim=0)[0], dim=1)
    steps = points.diff(dim=0)
    axis = axis * torch.linalg.cross(axis.expand_as(steps), steps)[..., 2].sum(dim=0).sign()[:, None]
    turn = (_CURL * (torch.arange(len(steps)) + 0.5) / len(steps))[:, None, None]
    axes = axis.expand_as(steps)
    along = (axes * steps).sum(dim=2, keepdim=True) * axes
    turned = along + turn.cos() * (steps - along) + turn.sin() * torch.linalg.cross(axes, steps)
    return torch.cat((points[:1], points[:1] + turned.cumsum(dim=0)))
