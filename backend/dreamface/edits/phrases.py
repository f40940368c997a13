"""What words mean on a marked place. Data only; words are in lower case, without accents and hyphens."""

# ruff: noqa: E501 - tables: one meaning a line

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dreamface.skin import Way
from dreamface.traits import VOCABULARY, Group

_SCALED: Final = {
    **dict.fromkeys(("fish scales", "fish skin", "mermaid scales"), ("scales", "fish")),
    **dict.fromkeys(("dragon scales", "dragon skin", "dragonskin", "crocodile scales", "crocodile skin"), ("scales", "dragon")),
    **dict.fromkeys(("snake scales", "snake skin", "snakeskin", "reptile scales", "reptile skin", "lizard scales",
                     "lizard skin"), ("scales", "snake")),
}  # fmt: skip

MEANINGS: Final[Mapping[str, tuple[str, str]]] = {
    # birthmarks
    "cafe au lait": ("birthmark", "cafe au lait"), "strawberry mark": ("birthmark", "strawberry"),
    "haemangioma": ("birthmark", "strawberry"), "hemangioma": ("birthmark", "strawberry"),
    "naevus": ("birthmark", "mole"), "nevus": ("birthmark", "mole"), "big mole": ("birthmark", "mole"),
    "large mole": ("birthmark", "mole"), "giant mole": ("birthmark", "mole"),
    "port wine stain": ("birthmark", "port wine"), "port wine birthmark": ("birthmark", "port wine"),
    # the sun and the blood
    "peeling skin": ("sunburn", "peeling"), "tan line": ("tan", "tan line"), "tan lines": ("tan", "tan line"),
    "rosacea": ("rash", "flushed"), "flushed": ("rash", "flushed"), "flush": ("rash", "flushed"),
    "redness": ("rash", "flushed"), "red skin": ("rash", "flushed"), "hives": ("rash", "allergy"),
    "allergic reaction": ("rash", "allergy"),
    # scars and wounds
    "burn": ("scar", "burn"), "burns": ("scar", "burn"), "burned": ("scar", "burn"), "burnt": ("scar", "burn"),
    "burn mark": ("scar", "burn"), "burn scar": ("scar", "burn"), "burn scars": ("scar", "burn"), "keloid": ("scar", "keloid"),
    "stitches": ("scar", "stitched"), "sutures": ("scar", "stitched"),
    "graze": ("wound", "graze"), "grazed": ("wound", "graze"), "scrape": ("wound", "graze"),
    "scraped": ("wound", "graze"), "scratches": ("wound", "graze"), "scratched": ("wound", "graze"),
    "abrasion": ("wound", "graze"), "road rash": ("wound", "graze"),
    # liquids
    "dried blood": ("blood", "dried"), "blood spatter": ("blood", "spatter"), "blood splatter": ("blood", "spatter"),
    "smeared blood": ("blood", "smeared"), "running mascara": ("tears", "mascara"), "tears of blood": ("tears", "bloody"),
    **_SCALED,
    # dirt
    "dust": ("dirt", "dust"), "dusty": ("dirt", "dust"), "sand": ("dirt", "dust"), "sandy": ("dirt", "dust"),
    "soot": ("dirt", "soot"), "sooty": ("dirt", "soot"), "coal dust": ("dirt", "soot"), "grease": ("dirt", "soot"),
    "greasy": ("dirt", "soot"), "ash": ("dirt", "ash"), "ashes": ("dirt", "ash"),
    # leaf, materials
    "silver leaf": ("leaf", "silver"), "silver foil": ("leaf", "silver"), "copper leaf": ("leaf", "copper"),
    "copper foil": ("leaf", "copper"), "cracked porcelain": ("cracks", "porcelain"),
    "porcelain": ("cracks", "porcelain"), "china doll": ("cracks", "porcelain"), "dry earth": ("cracks", "earth"),
    "cracked earth": ("cracks", "earth"), "dried earth": ("cracks", "earth"), "desert": ("cracks", "earth"),
    "glowing cracks": ("cracks", "glowing"), "lava": ("cracks", "glowing"), "magma": ("cracks", "glowing"),
    "molten": ("cracks", "glowing"), "ember": ("cracks", "glowing"), "embers": ("cracks", "glowing"),
    "fire cracks": ("cracks", "glowing"), "marble": ("stone", "marble"), "obsidian": ("stone", "obsidian"),
    "chrome plate": ("metal", "chrome"), "stripes of war paint": ("war paint", ""), "stripes of paint": ("war paint", ""),
}  # fmt: skip
"""Phrases of an effect that ask for one of its variants."""

MORE: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(
        ("mascara running", "mascara running down", "mascara streaming", "mascara streaming down", "mascara dripping",
         "mascara dripping down", "mascara streaks", "mascara tears", "mascara tracks", "streaks of mascara",
         "runny mascara", "streaked mascara", "smeared mascara", "smudged mascara", "mascara smeared"),
        ("tears", "mascara"),
    ),
    **dict.fromkeys(
        ("claw marks", "claw mark", "claw wounds", "claw scratches", "claw cuts", "slash marks", "talon marks",
         "scratches of a cat", "scratches from a cat", "scratches by a cat", "cat scratches", "cat scratch", "clawed",
         "scratches of claws", "scratches of an animal", "animal scratches", "nail scratches", "fingernail scratches"),
        ("wound", "open"),
    ),
    **dict.fromkeys(("scratch", "scratch of a cat", "scratch from a cat", "nail scratch", "fingernail scratch"), ("wound", "open")),
    **dict.fromkeys(("scratch marks", "scratch mark"), ("wound", "graze")),
    **dict.fromkeys(
        [f"{how} {what}" for how in ("stitched", "stitched up", "sewn up", "sutured")
         for what in ("gash", "cut", "wound", "laceration", "slash")],
        ("scar", "stitched"),
    ),
    **dict.fromkeys(("stripe of paint", "band of paint", "line of paint", "streak of paint", "stroke of paint"), ("paint", "")),
    **dict.fromkeys(("stripe of war paint", "band of war paint", "line of war paint"), ("war paint", "")),
    "war paint stripes": ("war paint", ""), "stripes of warpaint": ("war paint", ""), "filthy": ("dirt", ""),
    "sweat beads": ("sweat", ""), "sweat droplets": ("sweat", ""), "porcelain doll": ("cracks", "porcelain"),
    **dict.fromkeys(("split", "split open", "busted"), ("wound", "open")),
    **dict.fromkeys(("swollen", "swelling", "puffed up"), ("rash", "allergy")),
    **dict.fromkeys(("reddened", "reddish"), ("rash", "flushed")),
}  # fmt: skip
"""Further phrases that ask for effects, which are in none of their lists."""

SCRATCHES: Final[Mapping[str, tuple[Way, int]]] = {
    **dict.fromkeys(("claw marks", "claw wounds", "claw scratches", "claw cuts", "slash marks", "clawed", "talon marks"),
                    ("down", 4)),
    **dict.fromkeys(("scratches of claws", "scratches of an animal", "animal scratches"), ("down", 4)),
    **dict.fromkeys(("scratches of a cat", "scratches from a cat", "scratches by a cat", "cat scratches", "nail scratches",
                     "fingernail scratches"), ("", 3)),
    **dict.fromkeys(("scratch", "cat scratch", "scratch of a cat", "scratch from a cat", "nail scratch", "fingernail scratch"),
                    ("", 1)),
}  # fmt: skip
"""Phrases of several wounds side by side: which way they run, and how many there are."""

FINE: Final = frozenset(phrase for phrase, (_, count) in SCRATCHES.items() if count in (1, 3))
"""Of these, the ones that are no more than scratches."""

FINE_AMOUNT: Final = 0.1
"""How much of a wound these are."""

SPOTS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("mole", "moles"), "mole"), **dict.fromkeys(("freckle", "freckles"), "freckle"),
    **dict.fromkeys(("beauty mark", "beauty marks", "beauty spot", "beauty spots"), "mole"),
    **dict.fromkeys(("pimple", "pimples", "zit", "zits", "spot", "spots", "pustule", "pustules"), "pimple"),
    **dict.fromkeys(("wart", "warts"), "wart"), **dict.fromkeys(("age spot", "age spots", "liver spots"), "age spot"),
    **dict.fromkeys(("dot", "dots"), "dot"),
}  # fmt: skip
"""Small marks that are drawn one by one where their number is said -> the variant of `spots`."""

ONE_SPOT: Final = frozenset(
    ["mole", "freckle", "beauty mark", "beauty spot", "pimple", "zit", "pustule", "wart", "age spot", "dot"]
)
"""Of these, the ones of which "a" means one."""

DOTS: Final = frozenset(["spot", "spots"])
"""Of these, the ones that are painted dots where a colour is said."""

ARTICLES: Final = frozenset(["a", "an", "another", "some", "the"])
"""Words before a thing of its own."""

PATCHES: Final = frozenset({"burn", "graze"})
"""Variants of effects of lines that are no lines."""

COUNTABLE: Final = frozenset({"spots", "scar", "wound", "bruise", "birthmark", "acne", "warts", "vitiligo", "cracks"})
"""Effects that can be counted."""

UNCOUNTED: Final = frozenset(
    ["acne", "stitches", "sutures", "bruised", "scarred", "wounded", "cut open", "burnt", "burned", "grazed", "scraped",
     "scratched", "slashed", "spotty", "warty", "vitiligo", "cracked", "shattered", "porcelain", "desert"]
)  # fmt: skip
"""Phrases of theirs before which a number means something else."""

BESIDE_COUNTED: Final = frozenset(
    ["parallel", "more", "big", "small", "little", "separate", "round", "dark", "light", "long", "short", "of", "nice"]
)
"""Words that may stand between a number and what is counted."""

STRIPES: Final = frozenset(["stripe", "stripes", "band", "bands", "line", "lines", "stroke", "strokes", "bar", "bars"])
"""Words that change nothing beside paint."""

WAYS: Final[Mapping[str, Way]] = {
    **dict.fromkeys(("vertical", "vertically", "upright", "downwards", "downward"), "down"),
    **dict.fromkeys(("horizontal", "horizontally", "crosswise", "level"), "across"),
    **dict.fromkeys(("diagonal", "diagonally", "slanted", "slanting", "aslant", "oblique"), "aslant"),
}  # fmt: skip
"""Words that say which way lines run."""

TRAITS: Final = frozenset({"thread veins", "burst veins", "broken veins", "spider veins", "broken capillaries"})
"""Phrases of traits that hold an effect's."""

HOMES: Final[Mapping[str, tuple[str, ...]]] = {
    "lipstick": ("lips",), "eyeshadow": ("upper_eyelids",), "blush": ("cheeks",), "tears": ("cheeks",),
    "clown": ("whole_face",),
}  # fmt: skip
"""Effect -> where it lies if nobody says where."""

SOMEWHERE: Final = frozenset({"bruise", "birthmark", "scar", "wound", "blood", "ink", "war paint", *HOMES})
"""Effects that are not meant for all of the skin."""

AGES: Final = frozenset(["old", "older", "new", "fresh", "recent", "ancient", "healed", "aging", "ageing", "aged"])
"""Words that say how long an effect has been there; nothing of the person's age."""

PEOPLE: Final = frozenset(
    ["man", "woman", "person", "people", "boy", "girl", "lady", "gentleman", "guy", "male", "female", "skin"]
)
"""Words beside which they do."""

MODIFIERS: Final[Mapping[str, Mapping[str, str]]] = {
    "birthmark": {"port wine": "port wine", "brown": "cafe au lait", "red": "port wine", "raised": "strawberry"},
    "sunburn": {"peeling": "peeling", "flaking": "peeling", "flaky": "peeling", "blistered": "peeling"},
    "scar": {
        "fresh": "fresh", "new": "fresh", "red": "fresh", "pink": "fresh", "healing": "fresh", "stitched": "stitched",
        "sewn": "stitched", "sutured": "stitched", "surgical": "stitched", "raised": "keloid", "old": "cut",
        "healed": "cut", "knife": "cut", "cut": "cut", "sword": "cut", "burned": "burn", "burnt": "burn",
        "burn": "burn", "melted": "burn",
    },
    "scales": {"lizard": "snake", "reptile": "snake", "serpent": "snake", "crocodile": "dragon", "mermaid": "fish"},
    "spots": {},
    "wound": {"open": "open", "fresh": "open", "deep": "open", "bleeding": "open"},
    "veins": {"dark": "dark", "evil": "dark", "infected": "dark", "cursed": "dark", "corrupted": "dark", "black": "dark"},
    "blood": {
        "fresh": "fresh", "wet": "fresh", "running": "fresh", "dripping": "fresh", "running down": "fresh",
        "dripping down": "fresh", "dried": "dried", "dry": "dried", "old": "dried", "crusted": "dried",
        "spattered": "spatter", "splattered": "spatter", "sprayed": "spatter", "splatter": "spatter",
        "spatter": "spatter", "specks of": "spatter", "smeared": "smeared", "wiped": "smeared", "smear of": "smeared",
    },
    "tears": {"black": "mascara", "mascara": "mascara", "bloody": "bloody", "blood": "bloody"},
    "mud": {
        "wet": "wet", "fresh": "wet", "dried": "dried", "dry": "dried", "cracked": "dried", "caked": "dried",
        "flaking": "dried",
    },
    "lipstick": {"smeared": "smeared", "smudged": "smeared", "kissed off": "smeared", "messy": "smeared"},
    "leaf": {"silver": "silver", "copper": "copper", "gold": "gold", "golden": "gold"},
    "cracks": {
        "glowing": "glowing", "burning": "glowing", "fiery": "glowing", "hot": "glowing", "porcelain": "porcelain",
        "ceramic": "porcelain", "dry": "earth",
    },
}  # fmt: skip
"""Effect -> words beside it that choose a variant; its variants' own names do too."""

WEAK: Final = frozenset(["fresh", "new", "red", "pink", "old", "healed", "healing", "wet", "dry", "black"])
"""Words beside an effect that choose a variant only where no other word does: an "old burn scar" is a burn."""

REMOVED: Final[Mapping[str, Mapping[str, float]]] = {
    "redness": {"skin.redness": 0.1}, "red skin": {"skin.redness": 0.1}, "rosacea": {"capillaries.density": 0.0, "skin.redness": 0.15},
    "shine": {"skin.oiliness": 0.05}, "veins": {"capillaries.density": 0.0}, "pores": {"skin.pores": 0.0},
    "tan": {"skin.melanin": 0.2},
}  # fmt: skip
"""What prompts can't take away: word -> what the skin then has."""

FINISHES: Final[Mapping[str, str]] = {
    "matte": "matte", "matt": "matte", "powdery": "matte", "velvet": "matte", "satin": "satin", "glossy": "glossy",
    "shiny": "glossy", "wet": "glossy", "wet look": "glossy", "vinyl": "glossy", "shimmer": "shimmer",
    "shimmering": "shimmer", "shimmery": "shimmer", "pearly": "shimmer", "frosted": "shimmer", "metallic": "metallic",
    "glittery": "metallic", "sparkly": "metallic",
}  # fmt: skip
"""Finishes of paint and make-up, for every effect that has variants of these names."""

LIQUID_COLOURS: Final[Mapping[str, str]] = {
    "oil": "charcoal", "tar": "black", "honey": "amber", "syrup": "chocolate", "milk": "white", "greasepaint": "white",
}  # fmt: skip
"""Phrases of an effect that also say its colour."""

ADJECTIVES: Final = frozenset(
    [
        "pale", "paler", "wet", "smooth", "smoother", "painted", "glowing", "metallic", "cracked", "shimmer",
        "plated", "dirty", "frosty", "icy", "bloody", "gold", "silver", "copper", "bronze", "chrome", "brass",
        "iron", "steel", "titanium", "platinum",
    ]
)  # fmt: skip
"""Effects' words that only describe another effect that is said beside them: "a pale scar"."""

_HIGH: Final = (
    "heavy", "heavily", "many", "lots of", "lot of", "a lot of", "plenty of", "very", "really", "extremely", "thick",
    "strong", "strongly", "intense", "severe", "severely", "deep", "dense", "covered in", "covered with", "drenched in",
    "soaked in", "soaked with", "full of", "big", "huge", "large", "bad", "badly", "bold", "much", "extreme", "dripping",
    "wide", "long and deep", "caked in", "caked with", "everywhere", "all over", "pouring", "opaque",
)  # fmt: skip
_LOW: Final = (
    "slight", "slightly", "light", "lightly", "faint", "faintly", "subtle", "subtly", "a few", "few", "a little",
    "little", "a little bit of", "a bit of", "a bit", "a hint of", "a touch of", "a trace of", "thin", "mild", "mildly",
    "soft", "small", "tiny", "sparse", "barely", "sheer", "gentle", "one", "single", "a single", "somewhat", "fine",
    "a hint", "just a hint", "just a touch", "a touch", "a trace", "just a little",
)  # fmt: skip
AMOUNTS: Final[Mapping[str, float]] = {
    **dict.fromkeys(_HIGH, 0.88), **dict.fromkeys(_LOW, 0.2), "medium": 0.5, "moderate": 0.5, "some": 0.5,
    "very faint": 0.06, "very very faint": 0.03, "very very light": 0.03, "very very subtle": 0.03, "very very slight": 0.03, "very tiny": 0.06,
    "a trace of": 0.1, "a hint of": 0.1, "just a hint of": 0.1, "a tiny bit of": 0.1, "loads of": 0.88, "tons of": 0.88,
    "very light": 0.06, "very slight": 0.06, "very subtle": 0.06, "very heavy": 1.0,
    "dozens of": 0.92, "hundreds of": 1.0, "countless": 1.0, "scores of": 0.92, "numerous": 0.88, "very thick": 1.0, "very strong": 1.0, "very deep": 1.0, "extremely heavy": 1.0,
}  # fmt: skip
"""How much of an effect there is, 0..1."""

REMOVALS: Final = (
    "no", "without", "without any", "remove", "remove all", "get rid of", "take off", "take away", "erase", "delete",
    "hide", "fewer no", "clear of", "free of", "clean off", "wipe off", "smooth out", "smooth away", "smoothen out",
    "not", "minus", "cover up", "heal",
)  # fmt: skip
"""Words that ask for less than nothing of what follows them."""

REWRITES: Final[Mapping[str, str]] = {
    "dozens of": "lots of", "hundreds of": "very many", "scores of": "lots of", "countless": "very many", "numerous": "lots of",
    "older": "old", "aged": "old", "age it": "old", "ageing": "old", "aging": "old", "fewer": "a few", "less": "slight",
    "more": "very", "unshaved": "unshaven", "crows feet": "crow's feet", "age lines": "wrinkles",
    "laughter lines": "laugh lines", "cleanly shaven": "clean shaven", "clean shave": "clean shaven",
    "shaved": "clean shaven", "rough": "large pores", "oily": "oily skin", "shiny": "oily skin",
    "dry": "dry skin", "darker": "dark skin", "lighter": "fair skin", "aged skin": "old", "lizard": "lizard scales",
    "reptile": "reptile scales", "leopard": "leopard spots", "zebra": "zebra stripes", "tiger": "tiger stripes",
}  # fmt: skip
"""What prompts say otherwise, for words that only make sense of skin that is there."""

SEPARATORS: Final = frozenset({"and", ",", ";", ".", "with", "plus", "but", "&", "+", "then", "on top of"})

IGNORED: Final = frozenset(
    [
        "a", "an", "the", "of", "in", "on", "at", "to", "into", "like", "over", "under", "from", "for", "by",
        "her", "his", "their", "its", "my", "your", "this", "that", "it", "skin", "face", "make", "made",
        "making", "look", "looks", "looking", "please", "add", "put", "give", "turn", "turned", "have", "has",
        "having", "be", "is", "are", "was", "seem", "here", "there", "place", "area", "spot", "region", "side",
        "left", "right", "cheek", "cheeks", "forehead", "nose", "chin", "lips", "lip", "eye", "eyes", "brow",
        "jaw", "neck", "temple", "temples", "mouth", "down", "across", "around", "where", "as", "if", "just",
        "all", "any", "torn", "running", "track", "tracks", "them", "him", "she", "he", "they", "person",
        "patch", "patches", "plate", "everything", "everywhere", "mark", "marks", "effect", "layer", "texture", "plates", "flakes", "splashes",
        "nice", "good", "realistic", "natural", "long", "short", "some", "colour", "color", "coloured",
        "colored", "lot", "lots", "rid", "tribal", "up", "off", "out", "single", "solid", "pure", "so", "too",
        "very", "more", "painting", "parallel", "separate", "each", "trickle", "trickles", "stream", "streams", "streak", "streaks", "drip", "smear",
    ]
)  # fmt: skip
"""Words that change nothing beside an effect."""

ON_SKIN: Final = frozenset(
    trait.name
    for trait in VOCABULARY.values()
    if trait.name in ("age", "gender")
    or trait.group is Group.MAKEUP
    or (trait.group is Group.SKIN and trait.name.split(".")[0] not in ("iris", "pupil", "teeth", "sclera"))
    or (trait.group is Group.HAIR and trait.name.split(".")[0] in ("beard", "stubble", "brows"))
)
"""Traits that can lie on a marked place."""

SEEN: Final = ("freckles.density", "moles.density", "age_spots.density", "blemishes.density", "capillaries.density")
"""Traits of which a small place needs more than a whole face does, to be seen."""

CONTRADICTIONS: Final = (
    (("bald", "clean shaven", "shaven", "hairless", "beardless", "no beard"),
     ("beard", "bearded", "stubble", "moustache", "mustache", "hairy", "goatee", "sideburns", "unshaven")),
    (("smooth", "poreless", "flawless"),
     ("wrinkle", "wrinkles", "wrinkled", "pockmarks", "pitted", "acne", "pimples", "goosebumps", "warts", "lined", "rough")),
    (("pale", "paler", "pallid", "bloodless"), ("tanned", "suntanned", "sunburn", "sunburnt", "sunburned", "flushed")),
    (("young", "younger", "youthful"), ("old", "older", "elderly", "aged")),
    (("matte", "matt"), ("glossy", "shiny", "wet")),
    (("dry", "dried"), ("sweat", "sweaty", "wet", "fresh blood", "tears", "soaked")),
    (("frozen", "frost", "ice", "icy"), ("lava", "magma", "molten", "sunburn", "sunburnt")),
)  # fmt: skip
"""What can't be in one place at the same time, each side one meaning."""
