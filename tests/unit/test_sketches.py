"""What is drawn on the head, and pictures laid on it: each medium changes the maps that it should, and no others."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from dreamface.edits import check_edits, overlays
from dreamface.edits.drawn_images import picture_in, sketch_in
from dreamface.edits.sketches import check_sketch
from dreamface.edits.wrapping import Anchor, anchor_of, point_of
from dreamface.errors import BadRequest
from dreamface.head import HeadSource, load_model
from dreamface.record import EditEntry, Place
from dreamface.skin import Painter, atlas_of, surface_of
from dreamface.traits import Traits

SIZE = 512
BARE = Traits({"hair.style": "bald", "gender": -1.0, "brows.density": 0.0, "age": 25.0, "skin.melanin": 0.15})
RED, BLACK = (200, 10, 20, 255), (0, 0, 0, 255)
CHEEK = ("cheek_l", "upper_cheek_l")


class Studio:
    """A head, its bare skin, and what edits make of it."""

    def __init__(self, model: str = "anny") -> None:
        self.head = load_model(model).build(HeadSource(Traits(), torch.Generator().manual_seed(3)))
        self._painters: dict[tuple[int, float], tuple[Painter, Mapping[str, Mapping[str, torch.Tensor]]]] = {}

    def bare(self, size=SIZE, melanin=0.15):
        if (size, melanin) not in self._painters:
            painter = Painter()
            traits = BARE.under({"skin.melanin": melanin})
            self._painters[size, melanin] = painter, painter.paint(self.head, traits, resolution=size, seed=7)
        return self._painters[size, melanin]

    def with_edit(self, edit, files, size=SIZE, melanin=0.15):
        painter, _ = self.bare(size, melanin)
        traits = BARE.under({"skin.melanin": melanin})
        laid = overlays([edit], self.head, traits, 7, files)
        return painter.paint(self.head, traits, resolution=size, seed=7, overlays=laid)

    def change(self, edit, files, size=SIZE, melanin=0.15, tile="skin"):
        """Maps of the edit less those of bare skin."""
        _, bare = self.bare(size, melanin)
        found = self.with_edit(edit, files, size, melanin)[tile]
        return {name: image - bare[tile][name] for name, image in found.items() if name in bare[tile]}

    def texel(self, place, size=SIZE):
        """Row and column of a place on the skin."""
        anchor = anchor_of(self.head, place)
        return int((1.0 - anchor.v) * size), int(anchor.u * size)

    def at(self, image, place):
        row, column = self.texel(place, len(image))
        return image[row, column]


@pytest.fixture(scope="module")
def studio():
    return Studio()


def file_of(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def drawn(studio, medium, colour=BLACK, width_mm=4.0, side=1024, names=CHEEK, place=None, **parameters):
    """An edit with one stroke between landmarks, and its files."""
    image = Image.new("RGBA", (side * 2, side * 2))  # at twice the size: brushes are smooth
    places = [anchor_of(studio.head, studio.head.landmark(name)) for name in names]
    density = float(surface_density(studio))
    ends = [(place.u * 2 * side, (1.0 - place.v) * 2 * side) for place in places]
    width = max(2, round(width_mm * 1e-3 * density * 2 * side))
    draw = ImageDraw.Draw(image)
    draw.line(ends, fill=colour, width=width)
    for x, y in ends:
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=colour)
    png = file_of(image.convert("RGBa").resize((side, side), Image.Resampling.BOX).convert("RGBA"))
    digest = hashlib.sha256(png).hexdigest()
    edit = EditEntry("e", "sketch", place=place, parameters={"as": medium, **parameters}, pictures={"skin": digest})
    return edit, {digest: png}


def surface_density(studio):
    surface = surface_of(studio.head, "skin", 256)
    row, column = studio.texel(studio.head.landmark("cheek_l"), 256)
    return surface.density[row, column]


def laid(studio, image, medium="paint", at="cheek_l", **parameters):
    """An edit with a picture at a landmark, and its files."""
    anchor = anchor_of(studio.head, studio.head.landmark(at))
    png = file_of(image)
    digest = hashlib.sha256(png).hexdigest()
    place = {"tile": anchor.tile, "u": anchor.u, "v": anchor.v}
    parameters = {"as": medium, **place, "size_mm": 20.0, **parameters}
    return EditEntry("e", "picture", parameters=parameters, pictures={"picture": digest}), {digest: png}


def middle(studio):
    """In the middle of the stroke, which is straight in the layout."""
    one, other = (anchor_of(studio.head, studio.head.landmark(name)) for name in CHEEK)
    return point_of(studio.head, Anchor(one.tile, 0.5 * (one.u + other.u), 0.5 * (one.v + other.v)))


# ---------------------------------------------------------------------------------------------------------- sketches


def test_ink_changes_colour_alone_and_nothing_elsewhere(studio):
    change = studio.change(*drawn(studio, "ink"))
    assert float(studio.at(change["albedo"], middle(studio)).max()) < -0.1
    for name in ("roughness", "specular", "subsurface", "normal", "displacement"):
        assert not change[name].any(), name
    for name in ("glabella", "pogonion", "cheek_r"):
        assert not studio.at(change["albedo"], studio.head.landmark(name)).any()
    assert (change["albedo"] != 0.0).any(dim=2).float().mean() < 0.02


def test_coloured_ink_hardly_shows_on_dark_skin_and_black_ink_still_does(studio):
    def seen(colour, melanin):
        """Redder, and darker, than the skin around."""
        edit, files = drawn(studio, "ink", colour)
        before = studio.at(studio.bare(SIZE, melanin)[1]["skin"]["albedo"], middle(studio))
        after = studio.at(studio.with_edit(edit, files, SIZE, melanin)["skin"]["albedo"], middle(studio))
        return float((after[0] / after[1]) / (before[0] / before[1])), float(after.mean() / before.mean())

    pale, _ = seen(RED, 0.1)
    dark, _ = seen(RED, 0.9)
    assert pale > 4.0
    assert 1.0 < dark < 0.5 * pale
    assert seen(BLACK, 0.1)[1] < 0.2
    assert seen(BLACK, 0.9)[1] < 0.5


@pytest.mark.parametrize("finish", ["matte", "satin", "glossy"])
def test_paint_covers_with_a_gloss_of_its_own(studio, finish):
    edit, files = drawn(studio, "paint", RED, finish=finish)
    maps = studio.with_edit(edit, files)["skin"]
    colour = studio.at(maps["albedo"], middle(studio))
    assert float(colour[0]) == pytest.approx(0.578, abs=0.04)
    assert float(colour[1]) < 0.03
    low, high = {"matte": (0.6, 0.9), "satin": (0.35, 0.55), "glossy": (0.05, 0.25)}[finish]
    assert low < float(studio.at(maps["roughness"], middle(studio))) < high


@pytest.mark.slow
def test_thick_paint_levels_pores_and_cracks(studio):
    def rough(image):
        return float(image[..., 0][pixels].std())

    row, column = studio.texel(middle(studio), 1024)
    pixels = np.s_[row - 8 : row + 8, column - 8 : column + 8]
    bare = studio.bare(1024)[1]["skin"]["displacement"]
    thin, thick = (
        studio.with_edit(*drawn(studio, "paint", RED, 12.0, thickness=thick), size=1024)["skin"] for thick in (0.0, 0.5)
    )
    assert rough(thick["displacement"]) < 0.9 * rough(thin["displacement"]) < rough(bare)
    cracked = studio.with_edit(*drawn(studio, "paint", RED, 12.0, thickness=1.0), size=1024)["skin"]
    assert float(cracked["albedo"][pixels].std(dim=(0, 1)).max()) > 2 * float(
        thick["albedo"][pixels].std(dim=(0, 1)).max()
    )


LINE = torch.linspace(-4.0, 4.0, 41)
"""Millimetres on either side of the stroke."""


def line_across(studio):
    """[41, 2] Texture coordinates on a line through the middle of the stroke, at right angles to it."""
    head = studio.head
    along = head.landmark(CHEEK[1]) - head.landmark(CHEEK[0])
    centre = middle(studio)
    step = 0.003 * torch.eye(3)
    beside, above = (point_of(head, anchor_of(head, centre + step[axis])) for axis in (0, 2))
    normal = torch.linalg.cross(above - centre, beside - centre)
    sideways = torch.linalg.cross(along, normal)
    sideways = sideways / sideways.norm()
    anchors = [anchor_of(head, centre + float(offset) * 1e-3 * sideways) for offset in LINE]
    return torch.tensor([(anchor.u, anchor.v) for anchor in anchors])


@pytest.fixture(scope="module")
def across(studio):
    """Values [C, 41] of an image on `LINE`."""
    places = line_across(studio)
    grid = torch.stack((2 * places[:, 0] - 1, 1 - 2 * places[:, 1]), dim=1)[None, None]

    def values(image):
        return torch.nn.functional.grid_sample(image.permute(2, 0, 1)[None], grid, align_corners=False)[0, :, 0]

    return values


def test_a_scar_is_sunk_in_the_middle_raised_at_its_sides_paler_and_shinier(studio, across):
    change = studio.change(*drawn(studio, "scar", width_mm=4.0), size=1024)
    height = across(change["displacement"])[0]
    line = LINE
    core, sides, beyond = line.abs() < 0.3, (line.abs() > 1.0) & (line.abs() < 1.5), line.abs() > 2.6
    assert float(height[core].mean()) < -1e-4
    assert float(height[sides & (line < 0)].max()) > 5e-5
    assert float(height[sides & (line > 0)].max()) > 5e-5
    assert not height[beyond].any()
    assert float(across(change["roughness"])[0][core].mean()) < -0.08
    assert float(across(change["albedo"])[:, core].mean()) > 0.01


def test_a_wrinkle_is_a_furrow_and_no_colour(studio, across):
    edit, files = drawn(studio, "wrinkle", RED, width_mm=3.0, depth_mm=0.4)
    change = studio.change(edit, files, size=1024)
    line = LINE
    height = across(change["displacement"])[0]
    assert float(height[line.abs() < 0.2].mean()) == pytest.approx(-4e-4, rel=0.25)
    assert not change["roughness"].any() and not change["specular"].any()
    assert float(change["albedo"].abs().max()) < 0.04


def test_hair_has_the_persons_colour_unless_one_was_drawn(studio):
    def patch_of(colour):
        edit, files = drawn(studio, "hair", colour, width_mm=8.0)
        maps = studio.with_edit(edit, files, size=1024)["skin"]
        row, column = studio.texel(middle(studio), 1024)
        return maps["albedo"][row - 10 : row + 10, column - 10 : column + 10].reshape(-1, 3)

    own = patch_of(BLACK)
    assert float(own.mean(dim=1).std()) > 0.04  # single hairs, with skin between them
    darkest = own[own.sum(dim=1).argmin()]
    assert float(darkest[0]) >= float(darkest[2])
    green = patch_of((10, 120, 20, 255))
    assert float((green[:, 1] / green[:, 0]).max()) > 2.0  # where a hair covers the whole of a texel
    assert float((own[:, 1] / own[:, 0]).max()) < 1.0


@pytest.mark.parametrize(("medium", "metallic"), [("metal", 1.0), ("gem", 0.0)])
def test_jewels_are_thick_glossy_and_pressed_into_the_skin(studio, across, medium, metallic):
    edit, files = drawn(studio, medium, RED, width_mm=5.0)
    maps, change = studio.with_edit(edit, files, size=1024)["skin"], studio.change(edit, files, size=1024)
    assert float(studio.at(maps["metallic"], middle(studio))) == metallic
    assert float(studio.at(maps["roughness"], middle(studio))) < 0.25
    height = across(change["displacement"])[0]
    line = LINE
    assert float(height[line.abs() < 1.0].min()) > 3e-4
    for side in (line < -2.4, line > 2.4):
        assert float(height[side].min()) < -5e-5


@pytest.mark.parametrize("medium", ["ink", pytest.param("scar", marks=pytest.mark.slow)])
def test_all_sizes_of_sketch_and_maps_agree(studio, medium):
    found = [
        studio.change(*drawn(studio, medium, RED, 6.0, side=side), size=size)
        for side, size in ((512, 512), (1024, 512), (2048, 512), (512, 1024))
    ]
    images = [change["albedo"].permute(2, 0, 1)[None] for change in found]
    images[3] = torch.nn.functional.avg_pool2d(images[3], 2)
    most = float(images[0].abs().max())
    for image in images[1:]:
        assert float((image - images[0]).abs().mean()) < 0.06 * float(images[0].abs().mean() + 1e-9) + 2e-4 * most


@pytest.mark.parametrize(
    "size", [512, pytest.param(256, marks=pytest.mark.slow), pytest.param(1024, marks=pytest.mark.slow)]
)
def test_no_line_shows_at_seams_where_a_brush_filled_the_islands_only(studio, size):
    """Blender leaves what is beyond the islands transparent: it must not be mixed in."""
    inside = atlas_of(studio.head.topology, "skin", 512).inside
    pixels = np.full((512, 512, 4), 255, np.uint8) * inside.numpy()[..., None]
    png = file_of(Image.fromarray(pixels.astype(np.uint8)))
    digest = hashlib.sha256(png).hexdigest()
    edit = EditEntry("e", "sketch", parameters={"as": "relief", "depth_mm": 1.0}, pictures={"skin": digest})
    change = studio.change(edit, {digest: png}, size=size)["displacement"][..., 0]
    seen = atlas_of(studio.head.topology, "skin", size).inside
    off = (change[seen] - 1e-3).abs() > 4e-6  # 1 of 255
    assert float(off.float().mean()) < (4e-4 if size > 512 else 2e-5)  # slivers that had no texel in the drawing


def test_a_place_limits_a_sketch(studio):
    edit, files = drawn(studio, "ink", place=Place(("right_cheek",)))
    assert not studio.change(edit, files)["albedo"].any()
    edit, files = drawn(studio, "ink", place=Place(("left_cheek",)))
    assert studio.change(edit, files)["albedo"].any()


def test_nothing_drawn_is_said_in_a_sentence_and_does_no_harm(studio):
    png = file_of(Image.new("RGBA", (64, 64)))
    digest = hashlib.sha256(png).hexdigest()
    edit = EditEntry("e", "sketch", parameters={"as": "ink"}, pictures={"skin": digest})
    assert overlays([edit], studio.head, BARE, 7, {digest: png}) == ()
    with pytest.raises(BadRequest, match="draw on the head first"):
        check_sketch({"skin": png})


@pytest.mark.parametrize(
    ("png", "says"),
    [
        (file_of(Image.new("RGBA", (64, 32), RED)), "as wide as it is high"),
        (b"hello", "no PNG"),
        (file_of(Image.effect_noise((64, 64), 50))[:300], "damaged"),
    ],
    ids=["oblong", "words", "cut short"],
)
def test_a_sketch_that_is_no_good_is_refused_in_a_sentence(png, says):
    with pytest.raises(BadRequest, match=says):
        sketch_in(png)


@pytest.mark.parametrize(
    ("kind", "parameters", "says"),
    [
        ("sketch", {"as": "butter"}, "choose one of ink, paint"),
        ("sketch", {"as": "paint", "finish": "wet"}, "finish"),
        ("sketch", {"as": "scar", "depth_mm": 40.0}, "at most 2 mm"),
        ("sketch", {"as": "scar", "depth_mm": math.nan}, "depth_mm"),
        ("sketch", {"as": "ink", "colour": "red"}, "colour"),
        ("picture", {"as": "ink"}, "tile"),
        ("picture", {"as": "ink", "tile": "skin", "u": 0.5, "v": 1.5}, "v: "),
        ("picture", {"as": "ink", "tile": "skin", "u": 0.5, "v": 0.5, "size_mm": 5000.0}, "size_mm"),
        ("picture", {"as": "hair", "tile": "skin", "u": 0.5, "v": 0.5}, "draw it as a sketch"),
    ],
)
def test_parameters_that_mean_nothing_are_refused_in_a_sentence(kind, parameters, says):
    with pytest.raises(BadRequest, match=says):
        check_edits([EditEntry("e", kind, parameters=parameters)])


# ---------------------------------------------------------------------------------------------------------- pictures


QUARTERS = {(-1, 1): (255, 0, 0), (1, 1): (0, 255, 0), (-1, -1): (0, 0, 255), (1, -1): (255, 255, 0)}
"""Colour by side: to the right, and up, as one sees the picture."""


def quarters():
    image = Image.new("RGBA", (64, 64))
    for (right, up), colour in QUARTERS.items():
        left, top = (32 if right > 0 else 0), (0 if up > 0 else 32)
        image.paste((*colour, 255), (left, top, left + 32, top + 32))
    return image


def colours_around(studio, albedo, at="glabella"):
    """What shows 5 mm to each side of a landmark on the middle of the face, by side."""
    place = studio.head.landmark(at)
    return {
        side: studio.at(albedo, place + 0.005 * torch.tensor((float(side[0]), 0.0, float(side[1])))).tolist()
        for side in QUARTERS
    }


def looks_like(found, wanted):
    return all((value > 0.5) == (channel > 128) for value, channel in zip(found, wanted, strict=True))


@pytest.mark.parametrize(
    ("parameters", "turned"),
    [
        ({}, lambda right, up: (right, up)),
        ({"angle": math.pi / 2}, lambda right, up: (up, -right)),
        ({"angle": math.pi}, lambda right, up: (-right, -up)),
        ({"mirrored": True}, lambda right, up: (-right, up)),
    ],
    ids=["upright", "a quarter to the left", "upside down", "mirrored"],
)
def test_a_picture_lies_the_way_it_was_laid(studio, parameters, turned):
    edit, files = laid(studio, quarters(), at="glabella", finish="matte", thickness=0.5, **parameters)
    found = colours_around(studio, studio.with_edit(edit, files)["skin"]["albedo"])
    for side, colour in found.items():
        assert looks_like(colour, QUARTERS[turned(*side)]), side


def test_a_picture_is_as_large_on_the_skin_as_was_said(studio):
    density = surface_of(studio.head, "skin", SIZE).density
    for size_mm in (10.0, 30.0):
        edit, files = laid(studio, Image.new("RGBA", (40, 20), RED), size_mm=size_mm)
        change = studio.change(edit, files)["albedo"].abs().amax(dim=2)
        there = change > 0.5 * studio.at(change, studio.head.landmark("cheek_l"))
        area = float((there / (density * SIZE) ** 2).sum()) * 1e6
        assert area == pytest.approx(size_mm * size_mm / 2, rel=0.12)


def test_relief_is_height_and_nothing_else(studio):
    image = Image.new("RGBA", (32, 32), (255, 255, 255, 255))
    image.paste((0, 0, 0, 255), (0, 16, 32, 32))
    image.paste((128, 128, 128, 255), (0, 0, 8, 32))
    edit, files = laid(studio, image, "relief", at="glabella", max_mm=0.8)
    change = studio.change(edit, files)
    place = studio.head.landmark("glabella")

    def height(right_mm, up_mm):
        return float(studio.at(change["displacement"], place + 1e-3 * torch.tensor((right_mm, 0.0, up_mm)))[0]) * 1e3

    assert height(3.0, 5.0) == pytest.approx(0.8, abs=0.05)
    assert height(3.0, -5.0) == pytest.approx(-0.8, abs=0.05)
    assert abs(height(-7.5, 5.0)) < 0.05
    assert not any(change[name].any() for name in ("albedo", "roughness", "specular"))


def test_pictures_agree_at_all_sizes_of_maps(studio):
    edit, files = laid(studio, quarters(), "ink", size_mm=40.0)
    small, large = (studio.change(edit, files, size=size)["albedo"].permute(2, 0, 1)[None] for size in (512, 1024))
    large = torch.nn.functional.avg_pool2d(large, 2)
    assert float((small - large).abs().mean()) < 0.06 * float(small.abs().mean())


def test_a_picture_may_also_be_metal(studio):
    disc = Image.new("RGBA", (128, 128))
    ImageDraw.Draw(disc).ellipse((4, 4, 124, 124), fill=(230, 190, 90, 255))
    edit, files = laid(studio, disc, "metal", size_mm=8.0)
    maps = studio.with_edit(edit, files, size=1024)["skin"]
    assert float(studio.at(maps["metallic"], studio.head.landmark("cheek_l"))) == 1.0
    change = studio.change(edit, files, size=1024)["displacement"]
    assert float(studio.at(change, studio.head.landmark("cheek_l"))) > 3e-4
    assert float(change.min()) < -5e-5


def test_a_transparent_picture_shows_nothing_and_a_missing_one_is_said(studio):
    edit, files = laid(studio, Image.new("RGBA", (4, 4)))
    assert overlays([edit], studio.head, BARE, 7, files) == ()
    with pytest.raises(BadRequest, match="missing"):
        overlays([edit], studio.head, BARE, 7, {})
    with pytest.raises(BadRequest, match="no PNG"):
        picture_in(b"hello")


@pytest.mark.slow
def test_pictures_and_strokes_go_on_from_tile_to_tile(with_ict):
    """Behind the ear of ICT-FaceKit two tiles meet: what lies there is the same on both sides."""
    studio = Studio("ict")
    edit, files = laid(studio, Image.new("RGBA", (64, 64), RED), "relief", at="mastoid_l", size_mm=70.0, max_mm=1.0)
    changes = {tile: studio.change(edit, files, 1024, tile=tile)["displacement"] for tile in ("skin", "back_of_head")}
    assert all(change.any() for change in changes.values())
    topology = studio.head.topology
    parts = {tile: topology.part(tile) for tile in changes}
    corners = {
        tile: dict(
            zip(
                topology.faces[slice(*part.faces)].reshape(-1).tolist(),
                topology.face_uvs[slice(*part.faces)].reshape(-1).tolist(),
                strict=True,
            )
        )
        for tile, part in parts.items()
    }
    shared = sorted(set(corners["skin"]) & set(corners["back_of_head"]))
    values = []
    for tile, change in changes.items():
        uv = topology.uv[[corners[tile][vertex] for vertex in shared]]
        grid = torch.stack((2 * uv[:, 0] - 1, 1 - 2 * uv[:, 1]), dim=1)[None, None]
        values.append(
            torch.nn.functional.grid_sample(change.permute(2, 0, 1)[None], grid, align_corners=False)[0, 0, 0]
        )
    there = values[0].abs() > 1e-5
    assert int(there.sum()) > 5
    border = (values[0] - values[1]).abs() > 4e-6  # 1 of 255
    assert int((border & there).sum()) <= 2  # where the picture's own edge crosses the seam
