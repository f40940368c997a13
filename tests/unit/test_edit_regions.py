"""Places by name and in words: the phrase that an artist writes means the place that they look at."""

from __future__ import annotations

import pytest
import torch

from dreamface.editing.reading import check_region
from dreamface.edits import REGIONS, needs_side, read_region, region_named
from dreamface.edits.regions import weights_of
from dreamface.errors import BadRequest
from dreamface.face import Head
from dreamface.head import HeadSource, load_model
from dreamface.traits import Traits

PHRASES: dict[str, tuple[tuple[str, ...], str]] = {
    "freckles on the left cheek": (("left_cheek",), "freckles"),
    "freckles on her right cheek": (("right_cheek",), "freckles"),
    "freckles on both cheeks": (("cheeks",), "freckles"),
    "freckles on the cheeks": (("cheeks",), "freckles"),
    "freckles across the nose and cheeks": (("nose", "cheeks"), "freckles"),
    "sunburn on the forehead, nose and chin": (("forehead", "nose", "chin"), "sunburn"),
    "wrinkles around the eyes": (("around_eyes",), "wrinkles"),
    "wrinkles around the left eye": (("around_left_eye",), "wrinkles"),
    "dark circles under both eyes": (("under_eyes",), "dark circles"),
    "a bruise under his left eye": (("under_left_eye",), "a bruise"),
    "a bruise below the right eye": (("under_right_eye",), "a bruise"),
    "his right temple": (("right_temple",), ""),
    "a vein on his right temple": (("right_temple",), "a vein"),
    "sweat everywhere": (("whole_head",), "sweat"),
    "mud all over": (("whole_head",), "mud"),
    "mud all over his face": (("whole_face",), "mud"),
    "a frown between the brows": (("between_brows",), "a frown"),
    "a mole between the eyebrows": (("between_brows",), "a mole"),
    "a pimple on the tip of her nose": (("nose_tip",), "a pimple"),
    "a scar on the bridge of the nose": (("nose_bridge",), "a scar"),
    "redness around the nostrils": (("nose_wings",), "redness"),
    "a scar through the left eyebrow": (("left_brow",), "a scar"),
    "a scar across the left brow": (("left_brow",), "a scar"),
    "gold on the eyelids": (("eyelids",), "gold"),
    "blue shadow on the upper lids": (("upper_eyelids",), "blue shadow"),
    "a cut on the lower lip": (("lower_lip",), "a cut"),
    "older around the mouth": (("around_mouth",), "older"),
    "sweat above the upper lip": (("moustache",), "sweat"),
    "a scar on the right side of the chin": (("right_chin",), "a scar"),
    "dirt along the jawline": (("jaw",), "dirt"),
    "a tattoo on the left side of the neck": (("left_neck",), "a tattoo"),
    "a rash on the throat": (("throat",), "a rash"),
    "sunburn on the ears": (("ears",), "sunburn"),
    "a piercing mark on the left ear": (("left_ear",), "a piercing mark"),
    "scales on the back of the head": (("back_of_head",), "scales"),
    "stubble on the scalp": (("scalp",), "stubble"),
    "silver on the top of the head": (("top_of_head",), "silver"),
    "left half of the face blue": (("left_half",), "blue"),
    "burnt on the right half": (("right_half",), "burnt"),
    "oily in the T-zone": (("t_zone",), "oily"),
    "red skin in the beard area": (("beard",), "red skin"),
    "rouge on the cheekbones": (("cheekbones",), "rouge"),
    "on the whole face": (("whole_face",), ""),
    "crow's feet at the corners of the eyes": (("eye_corners",), "crow's feet"),
    "left cheek: a scar": (("left_cheek",), "a scar"),
    "a scar, right cheek": (("right_cheek",), "a scar"),
    "a scar from the left eyebrow to the corner of the mouth": (("from_left_brow_to_left_mouth_corner",), "a scar"),
    "a cut running from the right temple all the way down to the chin": (("from_right_temple_to_chin",), "a cut"),
    "paint from ear to ear": (("from_left_ear_over_nose_to_right_ear",), "paint"),
    "paint from one ear to the other": (("from_left_ear_over_nose_to_right_ear",), "paint"),
    "paint from the right ear over the chin to the left ear": (("from_right_ear_over_chin_to_left_ear",), "paint"),
    "a bruise between the nose and the left cheek": (("between_nose_and_left_cheek",), "a bruise"),
    "dirt on the left half of the forehead": (("left_forehead",), "dirt"),
    "a scar above the right eyebrow": (("above_right_brow",), "a scar"),
    "glitter below the left eyebrow": (("left_brow_bone",), "glitter"),
    "a mole beside the left side of the nose": (("beside_nose_left",), "a mole"),
    "a cut under the jaw": (("under_jaw",), "a cut"),
    "a cut under the chin": (("under_chin",), "a cut"),
    "ink behind the left ear": (("behind_left_ear",), "ink"),
    "a scar in front of the right ear": (("front_of_right_ear",), "a scar"),
    "a pimple below the lower lip": (("below_lips",), "a pimple"),
    "gold in the inner corner of the right eye": (("inner_right_eye_corner",), "gold"),
    "sweat along the hairline": (("hairline",), "sweat"),
    "dirt on the left side of the scalp": (("left_scalp",), "dirt"),
    "a bruise to the left of the mouth": (("left_mouth_corner",), "a bruise"),
    "a stripe across the nose from cheek to cheek": (("from_left_cheek_over_nose_to_right_cheek",), "a stripe"),
    "Sommersprossen": ((), "Sommersprossen"),
    "a bigger nose": ((), "a bigger nose"),
    "red lips": ((), "red lips"),
    "a black eye": ((), "a black eye"),
    "": ((), ""),
}


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_phrase_means_its_place(phrase: str) -> None:
    assert read_region(phrase) == PHRASES[phrase]


def test_every_region_answers_to_its_own_words() -> None:
    for name, region in REGIONS.items():
        assert region.label
        assert read_region(f"a scar on {region.phrase}") == ((name,), "a scar"), name


@pytest.fixture(scope="module", params=["anny", "ict"])
def head(request: pytest.FixtureRequest) -> Head:
    model = load_model("anny") if request.param == "anny" else request.getfixturevalue("ict_head")
    return model.build(HeadSource(Traits({"age": 35.0}), torch.Generator().manual_seed(3)))


def weights_at(head: Head, name: str) -> dict[str, float]:
    """How much of a region lies at each landmark."""
    region = region_named(name)
    assert region is not None, name
    weights = weights_of(region, head)
    return {point: float(weights[vertex]) for point, vertex in head.topology.landmarks.items()}


HOLDS = {
    "forehead": ("metopion",), "left_cheek": ("cheek_l",), "right_temple": ("temple_r",),
    "nose_tip": ("pronasale",), "nose_bridge": ("rhinion",), "chin": ("pogonion",), "under_left_eye": ("eye_bag_l",),
    "between_brows": ("glabella",),
    "left_ear": ("ear_back_l", "ear_lobe_l", "ear_top_l"), "throat": ("cervical_point",), "scalp": ("crown",),
    "back_of_head": ("opisthocranion",), "jaw": ("gonion_l", "gonion_r"), "cheekbones": ("cheekbone_l", "cheekbone_r"),
    "moustache": ("subnasale",), "whole_face": ("glabella", "pronasale", "pogonion", "upper_cheek_l", "temple_r"),
    "upper_half": ("metopion", "glabella"), "nose_wings": ("alare_l", "alare_r"), "left_brow": ("brow_arch_l",),
    "lower_lip": ("labrale_inferius",), "t_zone": ("metopion", "pronasale", "pogonion"),
    "around_mouth": ("sublabiale",), "hairline": ("trichion",),
    "below_lips": ("sublabiale",), "left_upper_lip": ("multipie_52",),
    "from_left_brow_to_left_mouth_corner": ("brow_arch_l", "cheilion_l"),
    "from_left_ear_over_nose_to_right_ear": ("pronasale",), "from_right_temple_to_chin": ("pogonion",),
    "from_above_right_brow_over_right_eyelid_to_right_cheek": ("brow_arch_r", "eye_bag_r"),
}  # fmt: skip
LACKS = {
    "forehead": ("crown", "nasion"), "left_cheek": ("cheek_r", "pronasale", "ear_back_l", "lid_lower_l"),
    "right_temple": ("temple_l", "crown"), "nose_tip": ("nasion", "labrale_superius"), "chin": ("labrale_inferius",),
    "under_left_eye": ("eye_bag_r", "pronasale"), "scalp": ("glabella", "gonion_l"), "left_ear": ("ear_back_r",),
    "back_of_head": ("glabella", "ear_front_l"), "whole_face": ("crown", "jugular_notch", "opisthocranion"),
    "jaw": ("upper_cheek_l", "labrale_inferius"), "moustache": ("pronasale", "pogonion"), "upper_half": ("pogonion",),
    "left_brow": ("brow_arch_r",), "lower_lip": ("labrale_superius", "pogonion"), "around_mouth": ("pronasale",),
    "left_half": ("upper_cheek_r",), "throat": ("pogonion", "cervicale"), "above_left_brow": ("lid_upper_l", "crown"),
    "left_forehead": ("frontotemporale_r", "crown"), "left_scalp": ("euryon_r", "glabella"),
    "inner_left_eye_corner": ("exocanthion_l", "endocanthion_r"),
    "left_brow_bone": ("metopion", "lid_lower_l"), "behind_left_ear": ("tragion_l", "ear_front_l", "mastoid_r"),
    "under_left_jaw": ("cheek_l", "gonion_r"), "below_lips": ("labrale_superius", "menton"),
    "beside_nose_left": ("pronasale", "alare_r", "cheekbone_l"), "left_upper_lip": ("multipie_50",),
    "front_of_left_ear": ("mastoid_l", "cheek_l"), "under_chin": ("labrale_inferius", "jugular_notch"),
    "from_left_brow_to_left_mouth_corner": ("pronasale", "cheilion_r", "gonion_l", "metopion"),
    "from_left_ear_over_nose_to_right_ear": ("glabella", "pogonion", "opisthocranion", "cheek_l"),
    "between_nose_and_left_cheek": ("pronasale", "cheek_r", "gonion_l"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOLDS)
def test_a_region_lies_where_its_name_says(head: Head, name: str) -> None:
    at = weights_at(head, name)
    assert all(at[point] > 0.5 for point in HOLDS[name]), {point: at[point] for point in HOLDS[name]}


@pytest.mark.parametrize("name", LACKS)
def test_a_region_leaves_others_alone(head: Head, name: str) -> None:
    at = weights_at(head, name)
    assert all(at[point] < 0.1 for point in LACKS[name]), {point: at[point] for point in LACKS[name]}


def test_left_is_the_persons_own_left(head: Head) -> None:
    at = weights_at(head, "left_half")
    assert head.vertices[head.topology.landmarks["cheek_l"], 0] > 0.0
    assert at["cheek_l"] > 0.9 and at["cheek_r"] == 0.0


def test_every_region_is_somewhere_and_ends_softly(head: Head) -> None:
    for name in REGIONS:
        weights = weights_of(REGIONS[name], head)
        assert float(weights.max()) > 0.9, name
        if name != "whole_head":
            marked = weights[weights > 0.05]
            assert float((marked < 0.95).float().mean()) > 0.02, name


def test_regions_keep_out_of_the_mouth_and_the_eyes(head: Head) -> None:
    inside = (head.topology.regions["mouth_inside"] > 0.95) | (head.topology.regions["eye_sockets"] > 0.95)
    for name, region in REGIONS.items():
        if name not in ("whole_head", "left_half", "right_half", "upper_half", "lower_half"):
            assert float(weights_of(region, head)[inside].max()) < 0.05, name


def test_a_course_is_one_narrow_band_over_the_skin(head: Head) -> None:
    """From the brow to the corner of the mouth no piece of it is missing, and nothing lies far beside it."""
    region = region_named("from_left_brow_to_left_mouth_corner")
    assert region is not None and region.label == "From the Left Brow to the Left Corner of the Mouth"
    there = head.vertices[weights_of(region, head) > 0.3]
    heights = there[:, 2].sort().values
    assert float((heights[1:] - heights[:-1]).max()) < 0.012
    first, last = (head.vertices[head.topology.landmarks[name]] for name in ("brow_arch_l", "cheilion_l"))
    assert float(heights[-1] - heights[0]) > 0.8 * float(first[2] - last[2])
    assert float(there[:, 0].min()) > -0.005


@pytest.mark.parametrize(
    "name",
    [
        "from_left_brow_to_left_brow",
        "from_left_brow_to_nowhere",
        "from_cheeks_to_chin",
        "between_chin_and_moon",
        "from_",
    ],
)
def test_courses_that_lead_nowhere_are_none(name: str) -> None:
    assert region_named(name) is None


def test_a_course_can_be_named_as_regions_are() -> None:
    assert check_region("From left brow to chin") == "from_left_brow_to_chin"
    with pytest.raises(BadRequest, match="no region called"):
        check_region("from left brow to nowhere")


def test_a_course_from_both_sides_at_once_needs_a_side() -> None:
    assert needs_side("from_around_eyes_to_chin")
    assert not needs_side("from_nose_to_chin")
