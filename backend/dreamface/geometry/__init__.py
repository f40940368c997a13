"""Mathematics of meshes that knows no faces."""

from dreamface.geometry.grids import disc_grid, lattice_quads, ways_around
from dreamface.geometry.mesh import fit_sphere, folded_pairs, pieces
from dreamface.geometry.pose_transfer import PoseTransfer
from dreamface.geometry.steps import smoothstep, soft_edge
from dreamface.geometry.subdivision import catmull_clark, linear_subdivision, unique_edges
from dreamface.geometry.transforms import Similarity, fit_similarity, rotation_about

__all__ = [
    "PoseTransfer",
    "Similarity",
    "catmull_clark",
    "disc_grid",
    "fit_similarity",
    "fit_sphere",
    "folded_pairs",
    "lattice_quads",
    "linear_subdivision",
    "pieces",
    "rotation_about",
    "smoothstep",
    "soft_edge",
    "unique_edges",
    "ways_around",
]
