"""Landmarks and regions of ICT-FaceKit's mesh. Needs the archive; skips where it is not."""

from __future__ import annotations

import pytest
import torch

from dreamface.head import load_model
from dreamface.head.ict.parts import PAPER
from dreamface.head.measure import Points, measure_raw
from dreamface.traits import SHAPE_TRAITS

pytestmark = pytest.mark.usefixtures("with_ict")


@pytest.fixture
def topology(ict_head):
    return ict_head.topology


@pytest.fixture
def neutral():
    from dreamface.head.ict.source import load_source

    return load_source().neutral


def test_landmarks_have_the_built_in_heads_names(topology) -> None:
    assert set(topology.landmarks) == set(load_model("anny").topology.landmarks)


def test_landmarks_lie_on_the_face_and_mirror(topology, neutral) -> None:
    middle = 0
    for name, vertex in topology.landmarks.items():
        assert vertex < PAPER, name
        x, y, z = neutral[vertex].tolist()
        if name.endswith("_l"):
            other = neutral[topology.landmarks[f"{name[:-2]}_r"]]
            assert x > 0.002, name
            assert torch.allclose(other, torch.tensor([-x, y, z]), atol=1e-4), name
        elif not name.endswith("_r") and "multipie" not in name:
            middle += 1
            assert abs(x) < 1e-4, name
    assert middle >= 20


def test_landmarks_are_in_anatomical_order(topology, neutral) -> None:
    at = {name: neutral[vertex] for name, vertex in topology.landmarks.items()}
    down = (
        "crown", "trichion", "metopion", "glabella", "nasion", "rhinion", "pronasale", "subnasale", "labrale_superius",
        "stomion_superius", "stomion_inferius", "labrale_inferius", "sublabiale", "pogonion", "menton",
        "cervical_point", "jugular_notch",
    )  # fmt: skip
    heights = torch.stack([at[name][2] for name in down])
    assert bool((heights.diff() < 0.0).all())
    assert float(at["pronasale"][1]) < min(float(at[name][1]) for name in at if not name.startswith("multipie")) + 1e-3
    across = ("endocanthion_l", "lid_upper_inner_l", "lid_upper_l", "lid_upper_outer_l", "exocanthion_l", "zygion_l")
    assert bool((torch.stack([at[name][0] for name in across]).diff() > 0.0).all())
    assert at["ear_lobe_l"][2] < at["tragion_l"][2] < at["ear_top_l"][2]
    assert at["lid_lower_l"][2] < at["lid_upper_l"][2] < at["lid_crease_l"][2] < at["brow_arch_l"][2]


def test_points_are_the_most_prominent_of_their_kind(topology, neutral) -> None:
    """As anthropometry defines them, to within the mesh's spacing."""
    skin = neutral[:11248]  # face and back of the head
    at = {name: neutral[vertex] for name, vertex in topology.landmarks.items()}
    assert float(skin[:, 2].max() - at["crown"][2]) < 1e-3
    above_ears = skin[(skin[:, 2] > 0.045)]
    assert float(above_ears[:, 0].max() - at["euryon_l"][0]) < 1e-3
    assert float(skin[skin[:, 2] > 0.0][:, 1].max() - at["opisthocranion"][1]) < 2e-3
    middle = skin[(skin[:, 0].abs() < 1e-4) & (skin[:, 1] < -0.06)]
    nose = middle[(middle[:, 2] > -0.012) & (middle[:, 2] < 0.03)]
    assert float(at["pronasale"][1] - nose[:, 1].min()) < 1e-3
    root = middle[(middle[:, 2] > 0.03) & (middle[:, 2] < 0.05)]
    assert float(root[:, 1].max() - at["nasion"][1]) < 1e-3


def test_the_average_face_measures_like_the_built_in_one(topology, neutral) -> None:
    """In the built-in head's standard deviations; both are average adults, so nothing may lie far off."""
    raw = measure_raw(Points(neutral.double(), topology.landmarks))
    deviations = load_model("anny")._space.population.standardise(raw)
    for name, value in zip(SHAPE_TRAITS, deviations.tolist(), strict=True):
        if name != "asymmetry":  # both averages are even, people are not
            assert abs(value) < 2.7, (name, value)
    assert float(deviations.abs().median()) < 1.0


def test_regions_have_the_built_in_heads_names(topology) -> None:
    assert list(topology.regions) == list(load_model("anny").topology.regions)
    for name, weights in topology.regions.items():
        assert weights.shape == (26719,), name
        assert float(weights.min()) >= 0.0 and 0.9 < float(weights.max()) <= 1.0, name
        assert float(weights[PAPER:].abs().max()) == 0.0, name


def test_regions_are_where_their_landmarks_are(topology) -> None:
    inside = {
        "lips_upper": ("multipie_61", "multipie_62", "multipie_63"),
        "lips_lower": ("multipie_65", "multipie_66", "multipie_67"),
        "lids_upper": ("lid_upper_l", "lid_upper_r"),
        "lids_lower": ("lid_lower_l", "lid_lower_r"),
        "nose": ("pronasale", "tip_side_l", "tip_side_r"),
        "brows": ("brow_inner_l", "brow_arch_l", "brow_arch_r"),
        "ears": ("ear_back_l", "ear_behind_top_r"),
        "scalp": ("crown", "opisthocranion"),
        "chin": ("pogonion",),
        "neck": ("jugular_notch", "cervicale", "neck_side_l"),
    }
    for region, names in inside.items():
        for name in names:
            assert float(topology.regions[region][topology.landmarks[name]]) > 0.5, (region, name)
    for region in ("lips_upper", "lips_lower", "brows", "ears", "scalp"):
        assert float(topology.regions[region][topology.landmarks["upper_cheek_l"]]) < 0.01, region


def test_sockets_are_exactly_the_parts(topology) -> None:
    def rows(part):
        return slice(*topology.part(part).vertices)

    regions = topology.regions
    assert float(regions["mouth_inside"][rows("mouth_socket")].min()) == 1.0
    for side in ("left", "right"):
        assert float(regions["eye_sockets"][rows(f"{side}_eye_socket")].min()) == 1.0
    assert float(regions["mouth_inside"][rows("left_eye_socket")].max()) == 0.0


def test_regions_are_even(topology, neutral) -> None:
    from dreamface.head.ict.openings import mirror_map

    mirror = torch.from_numpy(mirror_map(neutral.double().numpy()))
    for name, weights in topology.regions.items():
        skin = weights[:PAPER]
        assert float((skin - skin[mirror]).abs().max()) < 0.01, name
