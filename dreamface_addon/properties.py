"""What the panels show and the artist sets: `WindowManager.dreamface`.

It lies on the window manager, not in the scene: typing a prompt is no step of undo and no change to the file.
"""

from collections.abc import Callable
from typing import Any

import bpy
from bpy.app.handlers import persistent
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from .edit_sliders import MADE_AS, MADE_OF
from .seeds import SEED_LIMIT

MOST_VARIATIONS = 16

PAGES = [
    ("CREATE", "Create", "From words to a head", "SHADERFX", 0),
    ("PERSON", "Person", "Who it is: age, sex, ancestry, and the face by region", "USER", 1),
    ("SKIN", "Skin", "Tone, marks, wrinkles, make-up, eyes", "MATERIAL", 2),
    ("HAIR", "Hair", "Hair, brows, lashes and beard", "STRANDS", 3),
    ("EDIT", "Edit", "By hand and by word: places, words, sketches, pictures", "SCULPTMODE_HLT", 4),
    ("ANIMATE", "Animate", "Expressions, footage, a camera, and takes", "ARMATURE_DATA", 6),
    ("OUTPUT", "Output", "Light, assets and other programs", "EXPORT", 5),
]
"""The sidebar's pages, as Blender's items: identifier, name, tooltip, icon, number."""

_read_prompt: Callable[[str], None] | None = None
_get_head_items: Callable[[], list[tuple[str, str, str]]] | None = None
_show_page: Callable[[str], None] | None = None
_get_camera_items: Callable[[], list[tuple[str, str, str]]] | None = None
_camera_changed: Callable[[], None] | None = None
_say: Callable[[str], None] | None = None
_is_writing = False
"""Whether words are written into a field that are not to be made at once."""


def _prompt_changed(properties: Any, _context: bpy.types.Context) -> None:
    if _read_prompt is not None:
        _read_prompt(properties.prompt)


def _page_changed(properties: Any, _context: bpy.types.Context) -> None:
    if _show_page is not None:
        _show_page(properties.page)


def _head_items(_properties: Any, _context: bpy.types.Context) -> list[tuple[str, str, str]]:
    return _get_head_items() if _get_head_items is not None else []


def _camera_items(_properties: Any, _context: bpy.types.Context) -> list[tuple[str, str, str]]:
    return _get_camera_items() if _get_camera_items is not None else []


def _change_camera(_properties: Any, _context: bpy.types.Context) -> None:
    if _camera_changed is not None:
        _camera_changed()


def _words_typed(properties: Any, _context: bpy.types.Context) -> None:
    if _say is not None and properties.edit_words.strip() and not _is_writing:
        _say("edit_words")


def _talk_typed(properties: Any, _context: bpy.types.Context) -> None:
    if _say is not None and properties.talk_words.strip():
        _say("talk_words")


class DREAMFACE_PG_properties(bpy.types.PropertyGroup):
    """The fields of the sidebar's pages."""

    prompt: StringProperty(
        name="Prompt",
        description="What the person looks like, in English",
        maxlen=1000,
        update=_prompt_changed,
        options={"TEXTEDIT_UPDATE"},
    )
    page: EnumProperty(name="Page", items=PAGES, default="CREATE", update=_page_changed)
    search: StringProperty(
        name="Search", description="Show only what has these letters in its name", options={"TEXTEDIT_UPDATE"}
    )
    only_changed: BoolProperty(name="Only Changed", description="Show only what you have changed on this head")
    only_asked: BoolProperty(
        name="Only Asked For", description="Show only what words or you have set; chance has drawn the rest"
    )
    library_search: StringProperty(
        name="Search Faces", description="Show only faces with these words in their prompt", options={"TEXTEDIT_UPDATE"}
    )
    library_page: IntProperty(name="Page", min=0)
    seed: IntProperty(
        name="Seed",
        description="What the prompt leaves open is drawn from it: another seed, another person",
        min=0,
        max=SEED_LIMIT - 1,
    )
    keep_seed: BoolProperty(name="Keep Seed", description="Use this seed again instead of a new one each time")
    variations: IntProperty(
        name="Variations",
        description="How many people to choose from",
        default=1,
        min=1,
        max=MOST_VARIATIONS,
    )
    align: FloatProperty(
        name="Fit the Words",
        description="Look at small portraits, and move what the words leave open (colours, marks, hair, shape, "
        "expression) so that the face fits them better: how far; 0 does not look. It looks at up to 60 small portraits",
        default=0.0, min=0.0, max=1.0, step=5, precision=2, subtype="FACTOR",
    )  # fmt: skip
    head: EnumProperty(name="Head", description="Mesh and UVs of the head", items=_head_items)
    detail: EnumProperty(
        name="Detail",
        description="What makes the details of shape and skin",
        items=[
            ("QUICK", "Quick", "DreamFace's own painter: seconds"),
            (
                "FAST",
                "Fast Diffusion",
                "A texture model that you trained makes the skin after all your words, at once: seconds",
            ),
            (
                "DIFFUSION",
                "Diffusion",
                "A diffusion model carves the shape and textures the skin after all your words: minutes",
            ),
        ],
        default="QUICK",
    )
    detail_steps: IntProperty(
        name="Steps",
        description="How often diffusion corrects the texture, twice; the shape half as often again. More take longer",
        min=10, max=1000, soft_max=400, default=200,
    )  # fmt: skip
    detail_guidance: FloatProperty(
        name="Guidance",
        description="How far diffusion is led towards your words; less stays nearer to a person",
        min=1.0, max=200.0, default=100.0, precision=0,
    )  # fmt: skip
    fast_steps: IntProperty(
        name="Steps",
        description="In how many steps the texture model makes the skin",
        min=1, max=1000, soft_max=100, default=30,
    )  # fmt: skip
    fast_guidance: FloatProperty(
        name="Guidance",
        description="How far the texture model is led towards your words; 1 takes them as they are",
        min=0.0, max=200.0, soft_max=20.0, default=2.0, precision=1,
    )  # fmt: skip
    resolution: EnumProperty(
        name="Textures",
        description="Size of the skin's textures in pixels",
        items=[
            ("512", "512 · Draft", "Quick drafts"),
            ("1024", "1K · Real-Time", "Games and previews"),
            ("2048", "2K · Film", "Film, at a distance"),
            ("4096", "4K · Close-Up", "Close-ups"),
        ],
        default="1024",
    )

    def write_edit_words(self, words: str) -> None:
        """Write words into the field of an edit, for the artist to go on."""
        global _is_writing
        _is_writing = True
        try:
            self.edit_words = words
        finally:
            _is_writing = False

    cards_level: EnumProperty(
        name="Detail of Cards",
        description="How many triangles the cards have",
        items=[
            ("0", "Close", "At most 15,000 triangles of hair: for close-ups"),
            ("1", "Middle", "About 6,000 triangles of hair"),
            ("2", "Far", "About 2,000 triangles of hair: for crowds"),
        ],
        default="0",
    )
    tracker: EnumProperty(
        name="Tracker",
        description="What finds the face in the pictures",
        items=[
            ("auto", "Automatic", "The best that is installed"),
            ("face-mesh", "Built In", "The face mesh that comes with the engine"),
            ("face-landmarker", "FaceLandmarker", "Better blinks and gaze; install it in the preferences"),
        ],
    )
    face_in_view: IntProperty(
        name="Face", description="Which face of several, from the left; 0 takes the largest", min=0, max=9
    )
    footage_from: FloatProperty(
        name="From", description="Second of the footage at which tracking begins", min=0.0, step=100, precision=1
    )
    footage_to: FloatProperty(
        name="To", description="Second of the footage at which tracking ends; 0 is its end", min=0.0, step=100,
        precision=1,
    )  # fmt: skip
    camera: EnumProperty(name="Camera", description="Who moves the face", items=_camera_items)
    camera_file: StringProperty(
        name="Video", description="A video that plays as if it were a camera", subtype="FILE_PATH"
    )
    camera_mirror: BoolProperty(name="Mirror", description="Left is right, as in a mirror", update=_change_camera)
    camera_smoothing: FloatProperty(
        name="Smoothing", description="How much jitter is taken out while the camera is on", min=0.0, max=1.0,
        default=0.5, step=5, precision=2, update=_change_camera,
    )  # fmt: skip
    camera_hair: BoolProperty(
        name="Hair", default=True,
        description="Show hair and beard while the camera is on, fewer and wider ones, as while an animation plays; "
        "without them the head moves more smoothly",
    )  # fmt: skip
    expression: StringProperty(options={"HIDDEN"})
    expression_level: EnumProperty(
        name="Strength",
        description="How strong the expressions are: a slight one is no scaled-down strong one",
        items=[
            ("slight", "Slight", "As it shows on somebody who holds it back"),
            ("clear", "Clear", "As everybody reads it"),
            ("strong", "Strong", "As it takes the whole face"),
        ],
        default="clear",
    )
    expression_strength: FloatProperty(
        name="Amount", description="How much of a named expression is put on", min=0.0, max=1.0, default=1.0, step=5,
        precision=2,
    )  # fmt: skip
    expression_head: BoolProperty(
        name="Turn Head", description="Named expressions turn the head, too: sad people look down, proud ones up"
    )
    expression_search: StringProperty(
        name="Search", description="Show only sliders with these letters in their name", options={"TEXTEDIT_UPDATE"}
    )
    edit_words: StringProperty(
        name="What Should Be There", description="What should be on the marked place, such as “a bruise”, in English; "
        "the words may name a place, too. Enter makes it", maxlen=500, update=_words_typed,
    )  # fmt: skip
    talk_words: StringProperty(
        name="Talk", description="Say what should be different (“a bit older, keep the freckles”), step back (“undo "
        "that”, “the nose was better before”) or ask (“why is she pale?”), in English. Enter says it", maxlen=500,
        update=_talk_typed,
    )  # fmt: skip
    diffusion_keep: FloatProperty(
        name="Keep", description="How much of the skin that is there diffusion keeps: 0 begins with noise alone",
        default=0.0, min=0.0, max=0.95, precision=2,
    )  # fmt: skip
    show_place: BoolProperty(name="Show Place", description="Show the marked place as a tint on the head", default=True)
    sketch_as: EnumProperty(
        name="As", description="What the sketch becomes",
        items=[(name, *MADE_AS[name]) for name in MADE_OF["sketch"]],
    )  # fmt: skip
    picture_as: EnumProperty(
        name="As", description="What the picture becomes",
        items=[(name, *MADE_AS[name]) for name in MADE_OF["picture"]],
    )  # fmt: skip
    picture_file: StringProperty(
        name="Picture", description="A PNG, JPEG, SVG or another picture to lay on the skin", subtype="FILE_PATH"
    )
    mix_take: EnumProperty(
        name="Take", description="What is taken of the other head", options={"ENUM_FLAG"}, default={"skin"},
        items=[
            ("skin", "Skin", "Its skin: tone, marks and relief"), ("shape", "Shape", "Its shape"),
        ],
    )  # fmt: skip
    mix_degree: FloatProperty(
        name="Degree", description="How far towards the other head", min=0.0, max=1.0, default=0.5, step=5, precision=2
    )
    take_index: IntProperty(name="Take", min=0)
    update_selected: BoolProperty(
        name="Change Selected Head",
        description="Make the selected head this person: place, name, modifiers and animation stay. Otherwise a new "
        "head is made beside it",
        default=False,
    )
    explore_right: StringProperty(
        name="To the Right", description="In what the head's neighbours differ from left to right", default="identity"
    )
    explore_up: StringProperty(
        name="Upwards", description="In what the head's neighbours differ from below to above", default="age"
    )
    explore_step: FloatProperty(
        name="Step",
        description="How far it is from one neighbour to the next: 1 is a clear difference",
        min=0.25,
        max=2.0,
        default=1.0,
        step=25,
        precision=2,
    )
    explore_towards: IntProperty(
        name="Towards",
        description="Seed of the other person, of the same description, whom Identity leads to",
        min=0,
        max=SEED_LIMIT - 1,
        default=1,
    )
    photo_words: StringProperty(
        name="But", description="What is to be other than the photographs show, such as “20 years older, with a grey "
        "beard”, in English", maxlen=1000,
    )  # fmt: skip
    photo_keep: BoolProperty(
        name="Keep Photographs",
        description="Keep copies of the photographs in the face's folder and in the .blend file; otherwise only the "
        "paths of your own files are remembered",
    )
    name: StringProperty(
        name="Name", description="What the new head and its objects are called; empty takes a name from the prompt",
        maxlen=32,
    )  # fmt: skip


_KEPT = (
    "prompt", "page", "cards_level", "seed", "keep_seed", "variations", "align", "resolution", "update_selected",
    "tracker", "camera_file", "camera_mirror", "camera_smoothing", "camera_hair", "expression_strength",
    "expression_level", "expression_head", "show_place", "sketch_as", "picture_as", "picture_file", "mix_degree",
    "diffusion_keep", "detail", "detail_steps", "detail_guidance", "fast_steps", "fast_guidance", "photo_keep",
    "explore_right", "explore_up", "explore_step", "explore_towards",
)  # fmt: skip
_kept: dict[str, object] = {}


@persistent
def _keep(*_: object) -> None:
    """Remember the fields, because every file brings a new window manager and the artist's choices go on."""
    fields = bpy.context.window_manager.dreamface
    _kept.update({name: getattr(fields, name) for name in _KEPT})


@persistent
def _put_back(*_: object) -> None:
    fields = bpy.context.window_manager.dreamface
    for name, value in _kept.items():
        setattr(fields, name, value)


def register(
    read_prompt: Callable[[str], None],
    head_items: Callable[[], list[tuple[str, str, str]]],
    show_page: Callable[[str], None],
    camera_items: Callable[[], list[tuple[str, str, str]]],
    camera_changed: Callable[[], None],
    say: Callable[[str], None] = lambda field: None,
) -> None:
    """Add the properties to Blender.

    Args:
        read_prompt: called with the prompt when it has changed.
        head_items: gives the head models for the menu.
        show_page: called with a page when it is chosen.
        camera_items: gives the cameras for the menu.
        camera_changed: called when the camera's mirror or smoothing has changed.
        say: called with the name of a field of words, after Enter.
    """
    global _read_prompt, _get_head_items, _show_page, _get_camera_items, _camera_changed, _say
    _say = say
    _read_prompt, _get_head_items, _show_page = read_prompt, head_items, show_page
    _get_camera_items, _camera_changed = camera_items, camera_changed
    bpy.utils.register_class(DREAMFACE_PG_properties)
    bpy.types.WindowManager.dreamface = PointerProperty(type=DREAMFACE_PG_properties)
    bpy.app.handlers.load_pre.append(_keep)
    bpy.app.handlers.load_post.append(_put_back)


def unregister() -> None:
    """Remove them from Blender."""
    bpy.app.handlers.load_post.remove(_put_back)
    bpy.app.handlers.load_pre.remove(_keep)
    del bpy.types.WindowManager.dreamface
    bpy.utils.unregister_class(DREAMFACE_PG_properties)
