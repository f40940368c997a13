"""What people say of hair, beards, brows and lashes. Data only; one meaning a line.

Keys are written as in `tables`. Lengths, curls and colours of "hair" are said of every cut, too: "a blonde curly bob".
"""

# ruff: noqa: E501 - tables: one meaning a line

from __future__ import annotations

from typing import Final

from dreamface.language.effects import Effects, Rank, at, less, more, ranked

# ------------------------------------------------------------------------------------------------------------ colours

COLOURS_SRGB: Final[dict[str, str]] = {
    "black": "#020000", "jet black": "#020000", "raven": "#020000", "dark": "#1a0901", "dark brown": "#1f0c01", "brown": "#361d07",
    "brunette": "#321a05", "chocolate": "#2a1403", "chestnut": "#452409", "auburn": "#613212", "mahogany": "#51290c",
    "copper": "#8a4b24", "light brown": "#5b3e1f", "mousy": "#634626", "dark blonde": "#755736", "dirty blonde": "#755736",
    "sandy": "#7d5f3e", "caramel": "#855e3c", "blonde": "#9a7e5e", "fair": "#9a7e5e", "light": "#917453", "light blonde": "#b09679",
    "gold": "#937150", "honey": "#83603f", "platinum": "#bfbcac", "platinum blonde": "#bfbcac", "strawberry blonde": "#a87654",
    "ash blonde": "#998464", "red": "#8c4b24", "dark red": "#693513", "light red": "#a76740", "ginger": "#96532b", "fiery": "#975026",
    "rust": "#7c441f", "grey": "#afaaa6", "silver": "#b7b3af", "white": "#bfbcb7", "snow white": "#bfbcb7",
    "salt and pepper": "#8d8986", "greying": "#867f79", "bleached": "#bfb9a4",
}  # fmt: skip
"""Natural colours of a beard, of brows, roots, tips and strands, as sRGB of a mass of such hair; a test compares those
that `tables.HAIR_COLOURS` has with its pigments. Dyes are in `tables.COLOURS_SRGB`."""

TINTED: Final[dict[str, tuple[str, float]]] = {
    "beard": ("beard.colour", 0.9), "stubble": ("beard.colour", 0.9), "moustache": ("beard.colour", 0.9),
    "sideburn": ("beard.colour", 0.9), "brow": ("brows.colour", 0.9), "root": ("hair.roots", 0.9), "hairtip": ("hair.tips", 0.9),
    "balayage": ("hair.tips", 0.7), "ombre": ("hair.tips", 0.9), "dip dye": ("hair.tips", 0.95), "highlight": ("hair.highlights", 0.8),
    "streak": ("hair.highlights", 0.95), "strand": ("hair.highlights", 0.95), "lowlight": ("hair.highlights", 0.8),
    "babylight": ("hair.highlights", 0.5),
}  # fmt: skip
"""Thing whose colour may be another than the hair's -> trait, and strength."""

DARK_ROOT: Final = (0.0181, 0.0052, 0.0006)
BLEACHED: Final = (0.52, 0.5, 0.4135)
BLONDE: Final = (0.3462, 0.2278, 0.1265)
FADED: Final = (0.1669, 0.0883, 0.0331)
DARK_STRAND: Final = (0.0275, 0.0088, 0.0013)

# --------------------------------------------------------------------------------------------------------------- cuts

_CURLY, _WAVY, _COILED = at("hair.curl", 0.65), at("hair.curl", 0.35), at("hair.curl", 1.0)


def _cut(style: str, *others: Effects) -> Effects:
    return (at("hair.style", style), *(effect for effects in others for effect in effects))


_BUN, _LOW_BUN, _BRAIDS = _cut("bun"), _cut("low_bun"), _cut("braids")
_SIDE: Final = _cut("side_part")
_BACK: Final = _cut("slick_back")
_CLIPPED: Final = _cut("undercut")

CUTS: Final[dict[str, Effects]] = {
    **dict.fromkeys(("buzz cut", "buzzcut", "number one cut", "number two cut", "induction cut"), _cut("buzz")),
    **dict.fromkeys(("crew cut", "caesar cut", "ivy league cut", "short back and side"), _cut("short")),
    **dict.fromkeys(("side part", "side parting", "combover", "comb over"), _SIDE),
    **dict.fromkeys(("slick back", "slickback", "ducktail"), _BACK),
    **dict.fromkeys(("quiff", "pompadour", "rockabilly cut", "rockabilly quiff", "rockabilly pompadour", "elvis quiff"), _cut("quiff")),
    **dict.fromkeys(("undercut", "undercut fade"), _CLIPPED),
    # Loose, because a mohawk has such sides as well.
    **dict.fromkeys(("fade", "skin fade", "taper fade", "shaved side", "buzzed side", "faded side"), ranked(_CLIPPED, Rank.VAGUE, 1.0)),
    **dict.fromkeys(("mohawk", "mohican", "faux hawk", "fauxhawk", "fohawk"), _cut("mohawk")),
    **dict.fromkeys(("pixie cut", "pixie crop", "pixie hair"), _cut("pixie")),
    **dict.fromkeys(("bob", "bob cut", "blunt bob"), _cut("bob")),
    **dict.fromkeys(("french bob", "parisian bob", "micro bob"), _cut("bob", (at("hair.length", 0.26),))),
    **dict.fromkeys(("lob", "long bob"), _cut("medium")),
    "bowl cut": _cut("bangs", (at("hair.fringe", 0.9), at("hair.length", 0.22))),
    **dict.fromkeys(("blunt bang", "blunt fringe", "straight bang", "straight fringe", "full bang"), _cut("bangs", (at("hair.fringe", 0.9),))),
    **dict.fromkeys(("beach wave", "mermaid wave"), _cut("wavy", (_WAVY,))),
    **dict.fromkeys(("ringlet", "spiral curl"), _cut("curly", (_CURLY,))),
    **dict.fromkeys(("corkscrew curl", "corkscrew"), _cut("curly", (at("hair.curl", 0.8),))),
    **dict.fromkeys(("ponytail", "pony tail", "high ponytail"), _cut("ponytail")),
    **dict.fromkeys(("knot", "messy knot", "afro puff", "hair puff", "bun", "man bun", "manbun", "topknot", "top knot", "high bun", "messy bun", "updo", "up do", "ballerina bun", "beehive"), _BUN),
    **dict.fromkeys(("low bun", "chignon", "elegant chignon", "neat chignon", "nape bun", "low knot"), _LOW_BUN),
    **dict.fromkeys(("braid", "french braid", "dutch braid", "plait", "boxer braid", "fishtail braid", "french plait"), _BRAIDS),
    **dict.fromkeys(("pigtail", "pig tail", "bunches"), ranked(_BRAIDS, Rank.STATED, 0.7)),
    **dict.fromkeys(("crown braid", "halo braid", "braided crown", "crown of braid", "milkmaid braid", "crown plait", "braided halo"), _cut("crown_braid")),
    **dict.fromkeys(("cornrow", "corn row", "canerow"), _cut("cornrows")),
    **dict.fromkeys(("afro", "fro"), _cut("afro")),
    **dict.fromkeys(("coil", "finger coil", "twist out", "teeny weeny afro"), _cut("coils", (_COILED,))),
    **dict.fromkeys(("twist", "two strand twist", "box braid", "senegalese twist", "havana twist", "micro braid"), _cut("twists")),
    **dict.fromkeys(("dreadlock", "dread", "loc", "rasta hair", "sisterlock", "faux loc"), _cut("dreadlocks")),
    **dict.fromkeys(("flat top", "flattop", "high top", "high top fade", "hi top fade"), _cut("flat_top")),
    "crop": _cut("short", (less("hair.length"),)),
    **dict.fromkeys(("mop top", "moptop", "bedhead", "bed head", "bed hair", "shag cut", "shaggy cut"), _cut("messy")),
    **dict.fromkeys(("tonsure", "monk ring", "monk cut"), _cut("tonsure")),
    **dict.fromkeys(("bald spot", "bald patch", "bald crown", "male pattern baldness", "thinning crown"), _cut("receding")),
}  # fmt: skip
"""Cuts by their names; the adjectives of hair are theirs as well."""

UNGROWN: Final = (
    "bantu knot", "finger wave", "mullet", "space bun", "jheri curl", "jerry curl", "widow peak", "rat tail", "chin strap",
    "chin strap beard", "chin curtain", "toothbrush moustache", "victory roll", "liberty spike", "hime cut", "odango", "hair bun horn",
    "chelsea cut", "skullet", "baby hair", "cowlick", "hair tucked behind ear", "fairy tale", "baby blue", "friendly mutton chop", "monkey tail beard",
)  # fmt: skip
"""Hair that no style is near to: said to be not understood, rather than shown as something else."""

NO_PARAPHRASE: Final = frozenset(("braided", "plaited", "forked", "beaded"))
"""Adjectives that hair can't be given yet: nothing is near to them in meaning."""

EXACT: Final = (
    "twist", "wave", "coil", "fade", "fro", "loc", "dread", "bunches", "streak", "volume", "braid", "pigtail", "pig tail", "dip dye",
    "left part", "right part", "middle part", "centre part", "center part", "side part", "left side part", "right side part",
    "perm", "loose wave", "ombre", "hair combed to side", "hair swept to side",
)  # fmt: skip
"""Words that stand for hair only where they are said: others that are near in meaning are about something else."""

# -------------------------------------------------------------------------------------------------- words beside "hair"

_BALD: Final = (at("hair.style", "bald"), at("hair.length", 0.0))


def _texture(curl: float, *words: str) -> dict[str, Effects]:
    return {f"{word} hair": (at("hair.curl", curl),) for word in words}


PAIRS: Final[dict[str, Effects]] = {
    # length
    "long hair": (more("hair.length"),),
    "flowing hair": (more("hair.length"),),
    "waist length hair": (at("hair.length", 1.0),),
    "hip length hair": (at("hair.length", 1.0),),
    "bra length hair": (at("hair.length", 0.8),),
    "mid back hair": (at("hair.length", 0.8),),
    "mid back length hair": (at("hair.length", 0.8),),
    **dict.fromkeys(("hair down to waist", "hair to waist", "hair down to hip"), (at("hair.length", 1.0),)),
    **dict.fromkeys(("hair down to back", "hair down back"), (at("hair.length", 0.85),)),
    **dict.fromkeys(("hair down to shoulder", "hair to shoulder"), (at("hair.length", 0.5), at("hair.style", "medium", Rank.VAGUE))),
    "short hair": (less("hair.length"),),
    "cropped hair": (less("hair.length", 1.2),),
    "close cropped hair": (less("hair.length", 1.4), at("hair.style", "buzz", Rank.VAGUE)),
    "closely cropped hair": (less("hair.length", 1.4), at("hair.style", "buzz", Rank.VAGUE)),
    "buzzed hair": (at("hair.style", "buzz"),),
    "clipped hair": (at("hair.style", "buzz"),),
    "medium hair": (at("hair.length", 0.45), at("hair.style", "medium", Rank.VAGUE)),
    "medium length hair": (at("hair.length", 0.45), at("hair.style", "medium", Rank.VAGUE)),
    "mid length hair": (at("hair.length", 0.45), at("hair.style", "medium", Rank.VAGUE)),
    "shoulder length hair": (at("hair.length", 0.5), at("hair.style", "medium", Rank.VAGUE)),
    "collar length hair": (at("hair.length", 0.42), at("hair.style", "medium", Rank.VAGUE)),
    "chin length hair": (at("hair.length", 0.36), at("hair.style", "bob", Rank.VAGUE)),
    "jaw length hair": (at("hair.length", 0.33), at("hair.style", "bob", Rank.VAGUE)),
    "ear length hair": (at("hair.length", 0.25),),
    # texture
    **_texture(0.0, "straight", "poker straight", "bone straight", "pin straight", "straightened", "ironed"),
    **_texture(0.2, "slightly wavy", "loosely wavy"),
    **_texture(0.35, "wavy", "2a", "2b", "crimped"),
    **_texture(0.45, "2c", "loosely curled"),
    **_texture(0.65, "curly", "curled", "3a", "3b", "permed"),
    **_texture(0.45, "slightly curly", "a bit curly"),
    **_texture(0.82, "3c", "tightly curled", "tight curly", "spiral", "very curly", "extremely curly", "really curly"),
    **_texture(1.0, "kinky", "coily", "coiled", "nappy", "4a", "4b", "4c", "wiry", "tightly coiled"),
    "frizzy hair": (at("hair.curl", 0.6), more("hair.volume", 0.7)),
    "turning grey hair": (at("hair.grey", 0.45),),
    "going grey hair": (at("hair.grey", 0.45),),
    "natural hair": (at("hair.dye", (1.0, 1.0, 1.0, 0.0)),),
    "long straight hair": (more("hair.length"), at("hair.curl", 0.0), at("hair.style", "long", Rank.VAGUE)),
    "straight long hair": (more("hair.length"), at("hair.curl", 0.0), at("hair.style", "long", Rank.VAGUE)),
    "long wavy hair": (more("hair.length"), _WAVY, at("hair.style", "wavy", Rank.VAGUE)),
    "wavy long hair": (more("hair.length"), _WAVY, at("hair.style", "wavy", Rank.VAGUE)),
    "long curly hair": (more("hair.length"), _CURLY, at("hair.style", "curly", Rank.VAGUE)),
    "curly long hair": (more("hair.length"), _CURLY, at("hair.style", "curly", Rank.VAGUE)),
    "short curly hair": (less("hair.length"), _CURLY, at("hair.style", "short_curly", Rank.VAGUE)),
    "curly short hair": (less("hair.length"), _CURLY, at("hair.style", "short_curly", Rank.VAGUE)),
    # volume
    **dict.fromkeys(("voluminous hair", "big hair", "full hair", "thick hair", "bouffant hair", "teased hair", "backcombed hair"), (more("hair.volume"),)),
    **dict.fromkeys(("bouncy hair", "blow dried hair", "bushy hair"), (more("hair.volume", 0.7),)),
    "wild hair": (more("hair.volume"), at("hair.style", "messy", Rank.VAGUE)),
    **dict.fromkeys(("flat hair", "lank hair", "limp hair", "thin hair", "fine hair", "wispy hair", "sparse hair"), (less("hair.volume"),)),
    "sleek hair": (less("hair.volume", 0.7), at("hair.curl", 0.0)),
    # how it is worn
    **dict.fromkeys(("slicked back hair", "slicked hair", "combed back hair", "swept back hair", "brushed back hair", "gelled back hair", "pushed back hair", "greased back hair"), _BACK),
    **dict.fromkeys(("side swept hair", "hair swept to side", "combed over hair", "side parted hair", "hair combed to side"), _SIDE),
    **dict.fromkeys(("tousled hair", "messy hair", "unkempt hair", "dishevelled hair", "disheveled hair", "shaggy hair", "ruffled hair", "windswept hair", "wind swept hair", "uncombed hair", "scruffy hair", "choppy hair"), _cut("messy")),
    **dict.fromkeys(("spiky hair", "spiked hair"), _cut("messy", (more("hair.volume", 0.7), less("hair.length", 0.7)))),
    "braided hair": _BRAIDS,
    "plaited hair": _BRAIDS,
    "braided back hair": _BRAIDS,
    "dreadlocked hair": _cut("dreadlocks"),
    "afro textured hair": (_COILED,),
    "tied back hair": _cut("ponytail"),
    "pulled back hair": _cut("low_bun"),
    "tied up hair": _BUN,
    "put up hair": _BUN,
    "pinned up hair": _BUN,
    **dict.fromkeys(("shaved hair", "shaved head", "shaven head", "bald head", "cleanly shaved head"), _BALD),
    "hair shaved at side": _CLIPPED,
    "hair short at side": _CLIPPED,
    "receding hair": _cut("receding"),
    "thinning hair": _cut("receding"),
    "dyed hair": ranked((at("hair.dye", (0.3, 0.05, 0.35, 0.9)),), Rank.VAGUE, 0.6),
    # parting, fringe, hairline
    **dict.fromkeys(("hair parted on left", "hair parted to left", "left parted hair"), (at("hair.parting", 0.6),)),
    **dict.fromkeys(("hair parted on right", "hair parted to right", "right parted hair"), (at("hair.parting", -0.6),)),
    **dict.fromkeys(("hair parted in middle", "hair parted in centre", "hair parted in center", "middle parted hair", "centre parted hair"), (at("hair.parting", 0.0),)),
    "hair parted at side": _SIDE,
    "receding hairline": (*_cut("receding"), more("hair.hairline")),
    "low fringe": (at("hair.fringe", 1.0),),
    "long fringe": (at("hair.fringe", 1.0),),
    "short fringe": (at("hair.fringe", 0.4),),
    "micro fringe": (at("hair.fringe", 0.3),),
    "grey temple": (more("hair.temple_grey", 1.2),),
    "greying temple": (more("hair.temple_grey"),),
    "silver temple": (more("hair.temple_grey", 1.3),),
    "white temple": (more("hair.temple_grey", 1.6),),
    # colours
    **{f"hair {like} {thing}": (at("hair.melanin", 1.0),) for like in ("as black as", "black as") for thing in ("night", "coal", "ink", "jet", "raven", "ebony")},
    "dip dyed hair": ranked((at("hair.tips", (0.3, 0.05, 0.35, 0.9)),), Rank.VAGUE, 0.6),
    "ombre hair": (at("hair.tips", (*BLONDE, 0.9), Rank.VAGUE),),
    "balayage hair": (at("hair.tips", (*FADED, 0.7), Rank.VAGUE),),
    "highlighted hair": (at("hair.highlights", (*BLONDE, 0.7), Rank.VAGUE),),
    "streaked hair": (at("hair.highlights", (*BLONDE, 0.9), Rank.VAGUE),),
    "wet look hair": (less("hair.volume"),),
    "bobbed hair": _cut("bob"),
    "dip dyed hairtip": ranked((at("hair.tips", (0.3, 0.05, 0.35, 0.9)),), Rank.VAGUE, 0.6),
    "frosted hairtip": (at("hair.tips", (*BLEACHED, 0.85)),),
    "dark root": (at("hair.roots", (*DARK_ROOT, 0.9)),),
    "sun bleached hair": (at("hair.melanin", 0.25), at("hair.tips", (*BLONDE, 0.5))),
    # beard
    "long beard": (more("beard.length"), more("beard.density"), at("beard.style", "full")),
    "big beard": (more("beard.length"), more("beard.density"), at("beard.style", "full")),
    "short beard": (at("beard.length", 0.12), more("beard.density", 0.7), at("beard.style", "short")),
    "trimmed beard": (at("beard.length", 0.12), more("beard.density", 0.8), at("beard.style", "short")),
    "cropped beard": (at("beard.length", 0.08), more("beard.density", 0.8), at("beard.style", "short")),
    "full beard": (more("beard.density", 1.2), at("beard.style", "full"), at("beard.length", 0.35, Rank.VAGUE)),
    "thick beard": (more("beard.density", 1.3), at("beard.style", "full")),
    "bushy beard": (more("beard.density", 1.3), more("beard.length", 0.7), at("beard.style", "full")),
    "sparse beard": (at("beard.density", 0.25), at("beard.style", "full")),
    **dict.fromkeys(("patchy beard", "scraggly beard", "straggly beard", "wispy beard"), (more("beard.density", 0.4), at("beard.style", "patchy"))),
    "scruffy beard": (more("beard.density", 0.8), at("beard.style", "short")),
    "light beard": (more("beard.density", 0.5), at("beard.length", 0.1), at("beard.style", "short")),
    **dict.fromkeys(("light stubble", "faint stubble", "slight stubble", "thin stubble"), (more("stubble.density", 0.5),)),
    "stubble beard": (at("beard.style", "stubble"), more("beard.density"), more("stubble.density")),
    "stubbly beard": (at("beard.style", "stubble"), more("beard.density"), more("stubble.density")),
    "three day beard": (at("beard.style", "stubble"), more("beard.density"), more("stubble.density")),
    "three day stubble": (at("beard.style", "stubble", Rank.VAGUE), more("beard.density"), more("stubble.density")),
    "designer stubble": (at("beard.style", "stubble", Rank.VAGUE), more("beard.density"), more("stubble.density")),
    "goatee beard": (at("beard.style", "goatee"), more("beard.density")),
    "circle beard": (at("beard.style", "goatee"), more("beard.density")),
    "van dyke beard": (at("beard.style", "anchor"), more("beard.density")),
    "anchor beard": (at("beard.style", "anchor"), more("beard.density")),
    "walrus moustache": (at("beard.style", "moustache"), more("beard.density", 1.3), at("beard.length", 0.6)),
    "chevron moustache": (at("beard.style", "moustache"), more("beard.density", 1.2), at("beard.length", 0.3)),
    "bushy moustache": (at("beard.style", "moustache"), more("beard.density", 1.3), at("beard.length", 0.5)),
    "pencil moustache": (at("beard.style", "moustache"), at("beard.density", 0.45), at("beard.length", 0.03)),
    "thin moustache": (at("beard.style", "moustache"), at("beard.density", 0.45), at("beard.length", 0.05)),
    "handlebar moustache": (at("beard.style", "handlebar"), more("beard.density"), more("beard.length", 0.5)),
    "curled moustache": (at("beard.style", "handlebar"), more("beard.density"), more("beard.length", 0.5)),
    "waxed moustache": (at("beard.style", "handlebar"), more("beard.density")),
    # brows
    **dict.fromkeys(("arched brow", "curved brow", "rounded brow"), (at("brows.style", "arched"), more("brow.angle", 0.5), more("brow.height", 0.6))),
    **dict.fromkeys(("straight brow", "flat brow shape"), (at("brows.style", "straight"), at("brow.angle", 0.0))),
    **dict.fromkeys(("angled brow", "angular brow", "sharp brow", "pointed brow", "peaked brow"), (at("brows.style", "angled"),)),
    **dict.fromkeys(("feathered brow", "laminated brow", "brushed up brow", "fluffy brow"), (at("brows.style", "feathered"),)),
    **dict.fromkeys(("soft brow", "delicate brow", "faint brow"), (at("brows.style", "soft"), less("brows.density", 0.5))),
    "bushy brow": (more("brows.thickness"), more("brows.density"), at("brows.style", "thick", Rank.VAGUE)),
    "busy brow": (more("brows.thickness"), at("brows.style", "thick", Rank.VAGUE)),
    "thick brow": (more("brows.thickness"), at("brows.style", "thick", Rank.VAGUE)),
    **dict.fromkeys(("thin brow", "plucked brow", "pencil thin brow", "tweezed brow", "penciled brow", "pencilled brow"), (less("brows.thickness"), at("brows.style", "thin", Rank.VAGUE))),
    "unibrow brow": (more("brows.density"), more("brows.thickness")),
    "meet in the middle brow": (more("brows.density"), more("brows.thickness")),
    "invisible brow": (less("brows.density"),),
    "shaved brow": (at("brows.density", 0.0),),
    "bleached brow": (at("brows.colour", (*BLEACHED, 0.9)),),
    # lashes
    "long lash": (more("lashes.length"), at("lashes.style", "long", Rank.VAGUE)),
    "thick lash": (more("lashes.length", 0.7), at("lashes.style", "long", Rank.VAGUE)),
    "fluttering lash": (more("lashes.length"), at("lashes.style", "long", Rank.VAGUE)),
    "fluttery lash": (more("lashes.length"), at("lashes.style", "long", Rank.VAGUE)),
    **dict.fromkeys(("doll lash", "doll like lash", "dolly lash", "false lash", "fake lash", "dramatic lash"), (at("lashes.style", "doll"), more("lashes.length"))),
    "short lash": (less("lashes.length"), at("lashes.style", "short", Rank.VAGUE)),
    "sparse lash": (less("lashes.length", 0.7), at("lashes.style", "short", Rank.VAGUE)),
    "natural lash": (at("lashes.style", "natural"),),
}  # fmt: skip

# -------------------------------------------------------------------------------------------------------------- things

_BEARD: Final = (at("beard.style", "full"), more("beard.density"))


def _beard(style: str, density: float = 1.0) -> Effects:
    return (at("beard.style", style), more("beard.density", density))


BEARDS: Final[dict[str, Effects]] = {
    "beard": _BEARD,
    "goatee": _beard("goatee"),
    "circle beard": _beard("goatee"),
    "van dyke": _beard("anchor"),
    "vandyke": _beard("anchor"),
    "soul patch": _beard("soul_patch"),
    "moustache": _beard("moustache"),
    "sideburn": _beard("sideburns"),
    "mutton chop": _beard("sideburns", 1.3),
    "muttonchop": _beard("sideburns", 1.3),
    "whisker": ranked(_BEARD, Rank.VAGUE, 0.6),
}
"""Facial hair by its names; the adjectives of a beard are theirs as well."""

THINGS: Final[dict[str, Effects]] = {
    **CUTS,
    **BEARDS,
    "stubble": (more("stubble.density"),),
    "curl": (_CURLY,),
    "wave": (_WAVY,),
    "tight curl": (at("hair.curl", 0.85),),
    "loose curl": (at("hair.curl", 0.5),),
    "loose wave": (at("hair.curl", 0.25),),
    "perm": (_CURLY, more("hair.volume", 0.5)),
    "volume": (more("hair.volume"),),
    "tight coil": CUTS["coil"],
    "blowout": (more("hair.volume"),),
    "blow out": (more("hair.volume"),),
    "fringe": (at("hair.fringe", 0.8),),
    "curtain bang": (at("hair.fringe", 0.5), at("hair.parting", 0.0)),
    "curtain fringe": (at("hair.fringe", 0.5), at("hair.parting", 0.0)),
    **dict.fromkeys(("side swept bang", "side swept fringe", "side bang", "side fringe", "swept fringe"), (at("hair.fringe", 0.5), at("hair.parting", 0.6))),
    **dict.fromkeys(("middle parting", "middle part", "centre parting", "center parting", "centre part", "center part"), (at("hair.parting", 0.0),)),
    **dict.fromkeys(("left parting", "left part", "parting on left", "left side part", "left side parting"), (at("hair.parting", 0.6),)),
    **dict.fromkeys(("right parting", "right part", "parting on right", "right side part", "right side parting"), (at("hair.parting", -0.6),)),
    **dict.fromkeys(("greying at temple", "grey at temple", "silver at temple", "graying at temple", "white at temple"), (more("hair.temple_grey", 1.2),)),
    "highlight": (at("hair.highlights", (*BLONDE, 0.7)),),
    "lowlight": (at("hair.highlights", (*DARK_STRAND, 0.7)),),
    "streak": (at("hair.highlights", (*BLONDE, 0.9)),),
    "balayage": (at("hair.tips", (*FADED, 0.7)),),
    "ombre": (at("hair.tips", (*BLONDE, 0.9)),),
    "dip dye": ranked((at("hair.tips", (0.3, 0.05, 0.35, 0.9)),), Rank.VAGUE, 0.6),
    "brunette": (at("hair.melanin", 0.78),),
    "blonde": (at("hair.melanin", 0.22),),
    "redhead": (at("hair.redness", 0.9), at("hair.melanin", 0.45)),
    "ginger": (at("hair.redness", 0.9), at("hair.melanin", 0.4)),
    "mascara": (more("lashes.length", 0.8),),
}  # fmt: skip

WITHOUT: Final[dict[str, Effects]] = {
    # Loose, so that "a moustache but no beard" is a moustache.
    **dict.fromkeys(BEARDS, (at("beard.style", "none", Rank.VAGUE), at("beard.density", 0.0, Rank.VAGUE))),
    "hair": _BALD,
    "brow": (at("brows.density", 0.0),),
    "lash": (at("lashes.length", 0.0),),
}
"""What their absence means where it is not simply zero."""
