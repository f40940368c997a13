"""Plain words for features, as novels, casting calls and chats have them. Data only; one meaning a line.

Keys are written as in `tables`. A phrase of `PHRASES` that another table or `idioms.IDIOMS` has keeps the meaning there.
"""

# ruff: noqa: E501 - tables: one meaning a line

from __future__ import annotations

from itertools import product
from typing import Final

from dreamface.colour_names import linear
from dreamface.language.effects import Effects, Rank, at, less, more, pose, ranked
from dreamface.language.hair_words import COLOURS_SRGB, DARK_ROOT


def _style(name: str, *others: Effects) -> Effects:
    return (at("hair.style", name), *(effect for effects in others for effect in effects))


_BACK: Final = _style("slick_back")
_LOW_BUN: Final = _style("low_bun")
_BUN: Final = _style("bun")
_MESSY: Final = _style("messy")
_SHORT: Final = _style("short", (less("hair.length"),))
_CLIPPED: Final = _style("buzz")
_UNDERCUT: Final = _style("undercut")
_RECEDING: Final = _style("receding", (more("hair.hairline"),))
_TONSURE: Final = _style("tonsure")
_SOME_GREY: Final = (at("hair.grey", 0.35),)
_GREYING_BEARD: Final = (at("beard.colour", (*linear(COLOURS_SRGB["salt and pepper"]), 0.8)),)
_STUBBLE: Final = (more("stubble.density", 0.9),)
_THICK_BROWS: Final = (more("brows.thickness"), more("brows.density", 0.8), at("brows.style", "thick", Rank.VAGUE))
_THIN_BROWS: Final = (less("brows.thickness"), at("brows.style", "thin", Rank.VAGUE))
_PALE_BROWS: Final = (at("brows.colour", (*linear(COLOURS_SRGB["light blonde"]), 0.9)), less("brows.density", 0.6))
_WEATHERED: Final = (
    more("wrinkles.eyes", 0.7),
    more("wrinkles.cheeks", 0.6),
    more("skin.pores", 0.6),
    more("skin.melanin", 0.2),
)
_POCKED: Final = (more("scars.density", 0.7), more("skin.pores"))
_FAT: Final = (more("body.weight"), more("face.roundness", 0.5))
_DRUNK: Final = ranked((more("skin.redness", 0.9), more("capillaries.density", 0.8)), Rank.VAGUE, 0.7)
_SLEEPLESS: Final = (more("under_eyes.darkness"), more("eyes.bags", 0.5))
_FLECKS: Final = (
    "streaked",
    "shot through",
    "shot",
    "flecked",
    "peppered",
    "touched",
    "sprinkled",
    "threaded",
    "laced",
    "dusted",
    "speckled",
    "sprinkling",
)
_GREYS: Final = ("grey", "white", "silver")

PHRASES: Final[dict[str, Effects]] = {
    # hair: how it is worn
    **dict.fromkeys(("hair scraped back", "hair drawn back", "hair dragged back", "hair tied behind head", "hair tied at nape", "hair in knot at nape", "hair in knot", "hair knotted at nape"), _LOW_BUN),
    **dict.fromkeys(("hair piled up", "hair piled high", "hair piled on head", "hair piled on top of head", "hair swept up", "hair worn up", "hair twisted up", "in knot on top of head", "worn in knot", "knot on top of head", "knot on crown of head", "knot on top", "hair wound on top of head", "upswept hair"), _BUN),
    **dict.fromkeys(("french twist", "french roll", "french pleat", "hair in french twist"), _LOW_BUN),
    **dict.fromkeys(("hair combed straight back", "hair brushed straight back", "hair plastered back", "hair oiled back", "pomaded hair", "brilliantined hair", "hair plastered to skull", "hair plastered to head", "hair plastered down", "hair slicked down", "hair slicked flat", "hair combed flat", "combed straight back", "brushed straight back", "slicked straight back", "hair slicked straight back"), _BACK),
    **dict.fromkeys(("hair cut short", "cut hair off", "hair cut off", "hair hacked off", "hacked off hair", "chopped off hair", "hair chopped off", "hair worn short", "hair kept short", "hair cut close", "hair cut very short"), _SHORT),
    **dict.fromkeys(("hair worn long", "hair kept long", "hair grown long", "hair left long", "hair worn loose", "hair hanging loose", "hair worn down"), (more("hair.length", 0.8),)),
    **dict.fromkeys(("hair past collar", "hair over collar", "hair to collar", "hair touching collar"), (at("hair.length", 0.42),)),
    **dict.fromkeys(("hair to chin", "hair down to chin", "hair to jaw", "hair down to jaw"), (at("hair.length", 0.34), at("hair.style", "bob", Rank.VAGUE))),
    **dict.fromkeys(("hair over shoulder", "hair about shoulder", "hair around shoulder", "hair loose about shoulder"), (at("hair.length", 0.65),)),
    **dict.fromkeys(("fringe of hair", "ring of hair", "horseshoe of hair", "wreath of hair", "fringe of hair around bald head", "hair only at side", "hair only above ear", "hair only over ear", "hair at side only"), _TONSURE),
    **dict.fromkeys(("strand combed over", "strand combed over bald head", "strand combed over scalp", "hair combed over scalp", "hair combed over bald head", "hair combed over dome", "half bald", "receding at temple", "receding a little", "going back at temple", "no longer much hair", "little hair left", "not much hair left", "what hair is left", "lost most of hair", "lost much of hair", "high temple"), _RECEDING),
    **dict.fromkeys(("parted down middle", "parted in middle", "parted in centre", "parted down centre", "parted at centre", "hair parted down middle", "hair parted down centre"), (at("hair.parting", 0.0),)),
    **dict.fromkeys(("parted on left", "parted to left", "parted at left"), (at("hair.parting", 0.6),)),
    **dict.fromkeys(("parted on right", "parted to right", "parted at right"), (at("hair.parting", -0.6),)),
    **dict.fromkeys(("parted on side", "parted at side", "parted to one side", "hair parted to one side", "hair parted on side", "severely parted"), _style("side_part")),
    **dict.fromkeys(("number one all over", "number two all over", "number three all over", "grade one all over", "grade two all over", "shaved close", "close shorn", "closely shorn", "clippered hair", "hair clippered"), _CLIPPED),
    **dict.fromkeys(("military haircut", "military cut", "army haircut", "army cut", "soldier haircut", "regulation haircut", "regulation cut", "schoolboy haircut", "sensible haircut", "cropped cut", "high and tight", "high and tight haircut"), _SHORT),
    **dict.fromkeys(("pageboy", "pageboy haircut", "pageboy cut", "page boy haircut", "cleopatra haircut", "cleopatra cut", "cleopatra hair"), _style("bob", (at("hair.fringe", 0.8),))),
    **dict.fromkeys(("gamine crop", "gamine cut", "gamine haircut", "elfin crop", "elfin cut", "elfin haircut", "boyish crop", "boyish cut", "boyish haircut", "urchin cut"), _style("pixie")),
    **dict.fromkeys(("long on top", "long on top short at side", "short at side", "short side", "short on side", "shorn side", "clipped side", "shaved at side", "shaved above ear", "shaved nape", "shaved at back", "shaved underneath", "shaved on one side"), ranked(_UNDERCUT, Rank.VAGUE, 0.9)),
    **dict.fromkeys(("windblown hair", "wind blown hair", "wind tangled hair", "wind tossed hair", "tangled hair", "matted hair", "bedraggled hair", "straggly hair", "knotted hair", "unbrushed hair", "hair standing up like brush", "hair stood on end", "hair on end", "hair stuck up", "hair sticking out", "unruly hair", "hair that will not lie down", "hair stood up in tuft", "hair in tuft", "tufty hair", "hair anything but tidy", "rumpled hair", "mussed hair"), _MESSY),
    **dict.fromkeys(("greasy hair", "unwashed hair", "oily hair", "lifeless hair", "baby fine hair", "flyaway hair", "stringy hair", "hair in rat tail", "hair like string"), (less("hair.volume"),)),
    **dict.fromkeys(("fluffy hair", "springy hair", "cloud of hair", "hair like cloud", "abundant hair", "luxuriant hair", "luxurious hair"), (more("hair.volume", 0.8),)),
    **dict.fromkeys(("grown out root", "roots showing", "root growing out"), (at("hair.roots", (*DARK_ROOT, 0.85), Rank.VAGUE),)),
    **dict.fromkeys(("badger streak", "badger stripe", "skunk stripe", "skunk streak", "white blaze"), (at("hair.highlights", (*linear(COLOURS_SRGB["white"]), 0.95)),)),
    # hair and beards that turn grey
    **{f"{thing} {fleck} with {grey}": effects for fleck, grey in product(_FLECKS, _GREYS) for thing, effects in (("hair", _SOME_GREY), ("beard", _GREYING_BEARD), ("moustache", _GREYING_BEARD), ("stubble", _GREYING_BEARD))},
    **{f"{much} {grey} in {where}": _SOME_GREY for much, grey, where in product(("thread of", "streak of", "touch of", "first", "some", "hint of", "fleck of"), _GREYS, ("hair", "curl"))},
    **{f"{grey} in {where}": (*_SOME_GREY, at("hair.style", style)) for grey in _GREYS for where, style in (("braid", "braids"), ("plait", "braids"), ("bun", "bun"), ("ponytail", "ponytail"))},
    **{f"{grey} in {where}": _GREYING_BEARD for grey, where in product(_GREYS, ("beard", "moustache", "stubble", "goatee", "whisker"))},
    **dict.fromkeys(("hair turned grey", "prematurely grey hair", "hair gone silver"), (at("hair.grey", 0.75),)),
    **dict.fromkeys(("hair gone white", "hair turned white", "hair quite white"), (at("hair.grey", 1.0),)),
    **dict.fromkeys(("blue rinse", "blue rinsed hair"), (at("hair.grey", 0.9),)),
    "sun bleached": (at("hair.melanin", 0.25),),
    **dict.fromkeys(("hair to small of back", "hair to middle of back", "hair to back of knee", "hair to knee", "hair to hip"), (at("hair.length", 0.95),)),
    "sandy": ranked((at("hair.melanin", 0.36),), Rank.VAGUE, 0.8),
    **dict.fromkeys(("more salt than pepper", "salt more than pepper"), (at("hair.grey", 0.7),)),
    "more pepper than salt": (at("hair.grey", 0.3),),
    **dict.fromkeys(("beard gone white", "moustache gone white", "moustache gone grey", "beard turned white", "beard going grey", "beard going white", "beard turning grey", "beard gone grey", "grizzled beard", "salt and pepper beard", "pepper and salt beard"), _GREYING_BEARD),
    # brows
    **dict.fromkeys(("beetling brow", "shaggy brow", "wiry brow", "unruly brow", "wild brow", "hairy brow", "tufted brow", "straggly brow", "overgrown brow", "untrimmed brow", "unkempt brow", "brow like moustache", "bold brow", "statement brow", "strong brow", "ungroomed brow", "brows that nearly meet", "brow almost meet", "brow joined", "brows that join", "brow meeting over nose", "brow thick as thumb", "brow goes all way across", "brow all way across", "single brow", "brow so heavy", "brow heavy as hedge"), _THICK_BROWS),
    **dict.fromkeys(("pencil brow", "pencilled in brow", "penciled in brow", "painted brow", "painted on brow", "tattooed brow", "brow drawn with pencil", "over tweezed brow", "threaded brow", "spidery brow", "brow plucked to nothing", "brow plucked to thread", "wispy brow", "brow thin as thread", "high thin brow", "fine brow", "line for brow", "pencil line brow"), _THIN_BROWS),
    **dict.fromkeys(("pale brow", "colourless brow", "barely visible brow", "white blonde brow", "brow bleached by sun", "sun bleached brow"), _PALE_BROWS),
    **dict.fromkeys(("v shaped brow", "brow like v", "winged brow", "slashed brow", "slash of brow", "devilish brow", "mephistophelean brow"), (at("brows.style", "angled"), more("brow.angle", 0.8))),
    **dict.fromkeys(("well groomed brow", "tidy brow", "neat brow", "groomed brow", "shaped brow", "manicured brow"), (at("brows.style", "natural"),)),
    **dict.fromkeys(("high arch brow", "high arched brow", "highly arched brow", "perfectly arched brow"), (at("brows.style", "arched"), more("brow.height", 0.8))),
    **dict.fromkeys(("microbladed brow", "soap brow"), (at("brows.style", "feathered"),)),
    # beards
    **dict.fromkeys(("three day growth", "two day growth", "four day growth", "few day growth", "day growth of beard", "three day growth of beard", "week growth", "week growth of beard", "several day growth", "scruff on chin", "bristle", "not shaved in days", "missed a shave", "could do with a shave", "blue chinned", "blue jaw", "shadow on jaw", "shadowed jaw", "jaw dark with stubble", "unshaven jaw", "unshaven cheek", "unshaven chin", "bristly cheek", "bristly jaw", "whiskery chin"), _STUBBLE),
    **dict.fromkeys(("beard to chest", "beard down to chest", "beard to belt", "beard down to belt", "beard to waist", "beard down to waist", "beard to navel", "beard like prophet", "prophet beard", "patriarch beard", "biblical beard", "imperial beard", "viking beard", "flowing beard", "beard like santa claus", "beard like father christmas", "wizard beard", "beard like wizard"), (at("beard.style", "full"), more("beard.length", 1.3), more("beard.density"))),
    **dict.fromkeys(("lumberjack beard", "square beard", "spade beard", "spade shaped beard", "great beard", "magnificent beard", "enormous beard", "huge beard", "massive beard"), (at("beard.style", "full"), more("beard.length", 0.8), more("beard.density", 1.2))),
    **dict.fromkeys(("pointed beard", "pointy beard", "beard trimmed to point", "beard in point", "chin beard", "chin tuft", "tuft on chin", "tuft of beard"), (at("beard.style", "goatee"), more("beard.density"))),
    **dict.fromkeys(("tuft under lip", "tuft of hair under lip", "tuft under lower lip"), (at("beard.style", "soul_patch"), more("beard.density"))),
    **dict.fromkeys(("clipped beard", "close cropped beard", "close cut beard", "close beard", "closely trimmed beard", "close trimmed beard", "tidy beard", "neat beard", "well kept beard", "groomed beard", "week old beard", "boxed beard"), (at("beard.style", "short"), at("beard.length", 0.1), more("beard.density", 0.8))),
    **dict.fromkeys(("bum fluff", "peach fuzz", "fluff on chin", "fuzz on chin", "fuzz on upper lip", "fluff on upper lip", "down on upper lip", "downy upper lip", "hairy upper lip", "beard that won't grow", "beard with gap", "beard with bald patch", "teenage beard"), (at("beard.style", "patchy"), at("beard.density", 0.25))),
    **dict.fromkeys(("horseshoe moustache", "biker moustache", "fu manchu moustache", "fu manchu", "moustache with curled ends", "moustache curled at ends", "twirled moustache", "moustache twirled", "moustache curled up", "dali moustache", "imperial moustache"), (at("beard.style", "handlebar"), more("beard.density"))),
    **dict.fromkeys(("drooping moustache", "droopy moustache", "big moustache", "huge moustache", "enormous moustache", "great moustache", "bristling moustache", "heavy moustache", "full moustache", "luxuriant moustache", "magnificent moustache", "thick moustache"), (at("beard.style", "moustache"), more("beard.density", 1.3), at("beard.length", 0.45))),
    **dict.fromkeys(("hint of moustache", "shadow of moustache", "faint moustache", "ghost of moustache", "attempt at moustache", "wispy moustache", "thin line of moustache", "trimmed moustache", "neat moustache", "clipped moustache", "small moustache", "little moustache"), (at("beard.style", "moustache"), at("beard.density", 0.4))),
    **dict.fromkeys(("side whisker", "bewhiskered", "lamb chop whisker"), (at("beard.style", "sideburns"), more("beard.density"))),
    **dict.fromkeys(("smooth shaven", "smooth shaved", "freshly shaven", "freshly shaved", "newly shaved", "close shaven", "cleanly shaven", "hairless chin", "otherwise shaved", "shaved upper lip"), (at("beard.style", "none", Rank.VAGUE), less("stubble.density", 0.5))),
    # Loose, so that "sideburns, otherwise clean-shaven" are sideburns.
    **dict.fromkeys(("otherwise clean shaven", "otherwise clean shaved", "otherwise beardless"), ranked((at("stubble.density", 0.0),), Rank.VAGUE, 0.9)),
    # nose
    **dict.fromkeys(("honker", "hooter", "schnozz", "great nose", "considerable nose", "nose considerable", "nose like rudder", "nose you could hang hat on", "nose you could hang coat on", "nose you can hang hat on", "nose that enters the room first", "nose too big for face", "generous nose", "proud nose", "nose like ship's prow", "nose like prow", "more nose than face"), (more("nose.length", 0.9), more("nose.width", 0.7))),
    **dict.fromkeys(("slight bump", "small bump", "bump in middle", "bump halfway down", "nose with slight bump"), ranked((more("nose.hump", 0.6),), Rank.VAGUE, 0.8)),
    **dict.fromkeys(("nose like turnip", "nose like pear", "nose like plum", "nose like tomato", "nose like onion", "nose like mushroom", "nose like aubergine", "nose like doorknob", "nose like light bulb", "nose like radish", "nose like beetroot", "nose like fig", "turnip nose", "plum of nose"), (more("nose.tip_width", 1.1), more("nose.width", 0.6))),
    **dict.fromkeys(("nose like carrot", "nose like cucumber", "nose like banana", "nose like parsnip", "nose like spout", "nose like broomstick", "nose like pencil"), (more("nose.length", 1.1),)),
    **dict.fromkeys(("bony nose", "beaky bony nose"), (less("nose.width", 0.6), more("nose.bridge_height", 0.6))),
    **dict.fromkeys(("high bridged nose", "nose high bridged", "patrician nose", "aristocratic nose", "noble nose"), (more("nose.bridge_height"),)),
    **dict.fromkeys(("low bridged nose", "flat bridged nose", "nose squashed flat", "nose spread across face", "nose spread over face"), (less("nose.bridge_height"), more("nose.width", 0.6))),
    **dict.fromkeys(("nose went to left", "nose went to right", "nose bent to left", "nose bent to right", "nose bends to left", "nose bends to right", "bent nose", "nose bent", "nose off centre", "nose off to one side", "nose put back badly", "nose badly set", "twisted nose", "nose set crooked", "wonky nose", "nose out of true"), (more("asymmetry"), more("nose.hump", 0.4))),
    **dict.fromkeys(("fine nose", "delicate nose", "dainty nose", "neat nose"), (less("nose.width", 0.7), less("nose.length", 0.4))),
    "thin bridged nose": (less("nose.bridge_width"),),
    # mouth, teeth
    **dict.fromkeys(("generous mouth", "wide generous mouth"), (more("mouth.width", 0.8), more("lips.upper", 0.5), more("lips.lower", 0.6))),
    **dict.fromkeys(("soft mouth", "sensual mouth", "sensuous mouth", "ripe mouth", "lush mouth", "luscious mouth", "kissable mouth", "kissable lip", "ripe lip", "swollen lip", "pillowy lip", "lips like cushion", "heavy lip"), (more("lips.upper", 0.8), more("lips.lower", 0.9))),
    **dict.fromkeys(("cruel mouth", "mean mouth", "hard mouth", "tight mouth", "mouth like scar", "mouth like a trap", "rat trap mouth", "lips had disappeared", "lip had nearly disappeared", "lip disappeared", "lips had vanished", "lips that are hardly there", "next to no lip", "no lip", "without lip"), (less("lips.upper"), less("lips.lower"))),
    **dict.fromkeys(("prim mouth", "prim little mouth", "mean little mouth", "rosebud", "doll mouth"), (less("mouth.width"),)),
    **dict.fromkeys(("bloodless lip", "bloodless mouth", "pallid lip", "ashen lip", "lips drained of colour"), (less("lips.redness"),)),
    **dict.fromkeys(("crooked jaw", "crooked mouth", "crooked chin", "jaw set crooked", "jaw off centre", "crooked feature", "uneven feature", "uneven eye", "uneven jaw"), (more("asymmetry"),)),
    **{f"{shade} {colour} cheek": (more("skin.redness", amount),) for shade, amount in (("dark", 1.0), ("deep", 1.0), ("bright", 1.0), ("very", 1.0), ("pale", 0.4)) for colour in ("pink", "red")},
    "short upper lip": (less("philtrum.length"),),
    **dict.fromkeys(("thick lower lip", "jutting lower lip", "pendulous lower lip", "hanging lower lip"), (more("lips.lower"),)),
    **dict.fromkeys(("smile with gap", "grin with gap", "gap in smile", "gap in grin", "gap between incisor", "tooth with gap between", "smile showed gap", "grin showed gap", "gap where tooth", "gap in middle of smile", "gap in upper tooth", "space between tooth"), (more("teeth.gap"),)),
    **dict.fromkeys(("nicotine tooth", "tobacco tooth", "tobacco stained tooth", "nicotine yellow tooth", "tooth like old piano key", "discoloured tooth", "tea stained tooth"), (more("teeth.yellowness", 1.2),)),
    **dict.fromkeys(("even white tooth", "film star tooth", "hollywood tooth", "hollywood smile tooth", "dazzling tooth", "gleaming tooth", "tooth very white"), (less("teeth.yellowness", 1.3),)),
    # eyes
    **dict.fromkeys(("red rimmed eye", "pink rimmed eye", "eye rimmed with red", "red rimmed"), (more("sclera.redness", 0.8),)),
    **dict.fromkeys(("pouched eye", "pouchy eye", "eye with pouch", "baggy under eye", "puffy lid", "swollen eyelid"), (more("eyes.bags"),)),
    **dict.fromkeys(("heavy lidded eye", "drooping lid eye", "eye half hidden by lid"), (more("eyes.fold", 0.8), less("eyes.openness", 0.5))),
    **dict.fromkeys(("cat like eye", "feline eye", "catlike eye", "eye tilted up at corner", "eye turned up at corner", "eye that slanted upward", "tip tilted eye"), (more("eyes.tilt"),)),
    **dict.fromkeys(("eye sloping down", "eye turned down at corner", "spaniel eye", "basset hound eye", "bloodhound eye", "hangdog eye", "sloping eye"), (less("eyes.tilt"),)),
    **dict.fromkeys(("currant eye", "boot button eye", "eye like boot button", "shoe button eye", "eyes too small for face"), (less("eyes.size"),)),
    **dict.fromkeys(("eyes too big for face", "eye too large for face", "owl eye", "owlish eye", "enormous eye", "eye like lamp", "lamp eye", "eye like headlamp", "saucer wide eye"), (more("eyes.size", 1.2), more("eyes.openness", 0.4))),
    **dict.fromkeys(("eye like coal", "coal black eye", "eye black as sloe", "sloe eye", "jet eye", "jet black eye", "eye like wet stone", "eye like ink", "inky eye", "eye like wet tar"), (at("iris.colour", (0.012, 0.008, 0.006)),)),
    **dict.fromkeys(("eye like wet slate", "eye colour of rain", "eye colour of slate", "eye colour of storm", "stormy eye", "flint eye", "flinty eye", "eye like flint", "gunmetal eye", "eye colour of ash", "pewter eye", "eye grey as sea", "eye colour of fog", "eye colour of lead"), (at("iris.colour", (0.20, 0.24, 0.28)),)),
    **dict.fromkeys(("eye like chip of ice", "glacier eye", "glacial eye", "arctic eye", "eye like winter sky", "eye colour of ice"), (at("iris.colour", (0.36, 0.53, 0.70)),)),
    **dict.fromkeys(("eye colour of tea", "tea coloured eye", "eye colour of sherry", "sherry eye", "eye like wet bark", "peat eye", "eye colour of peat", "treacle eye", "eye colour of treacle", "toffee eye", "eye colour of mud", "muddy eye", "conker eye", "eye like conker", "walnut eye", "eye colour of earth"), (at("iris.colour", (0.10, 0.042, 0.016)),)),
    **dict.fromkeys(("never sleep", "never slept", "does not sleep", "has not slept", "not sleeping", "no sleep", "without sleep", "lack of sleep", "bad night", "all nighter"), _SLEEPLESS),
    # face, skin, body
    **dict.fromkeys(("pockmarked cheek", "pockmarked face", "pocked skin", "pocked cheek", "skin pitted like orange", "pitted skin", "pitted cheek", "pocked", "pitted face", "acne pitted skin", "acne scarred skin", "acne scarred", "acne scarred cheek", "smallpox scar", "pox scar", "pox marked face"), _POCKED),
    **dict.fromkeys(("weather beaten", "weatherbeaten", "weather beaten face", "weather worn face", "weathered by sun", "sun leathered skin", "sun leathered", "leathery", "leathery face", "wind whipped face", "face beaten by weather"), _WEATHERED),
    **dict.fromkeys(("windburned", "wind burned cheek", "wind burnt cheek", "burned red", "burnt red", "burned cheek", "chapped cheek", "raw cheek", "flush", "flush on cheek", "flush to cheek", "high colouring", "colour in cheek", "colour high in cheek", "red cheekbone", "roses in cheek", "cheek like rose", "cheek on fire"), (more("skin.redness", 0.8),)),
    **dict.fromkeys(("drinker", "likes a drink", "looks like he drinks", "looks like she drinks", "drinks too much", "heavy drinker", "hard drinking", "drunkard", "alcoholic", "old soak", "flushed with drink"), _DRUNK),
    "bronzed": (more("skin.melanin", 0.5), more("skin.yellowness", 0.3)),
    "oiled": (more("skin.oiliness", 0.9),),
    **dict.fromkeys(("roughened cheek", "roughened skin", "coarsened skin", "coarsened cheek", "roughened by wind"), (more("skin.pores"), more("skin.redness", 0.3))),
    "bitten lip": (more("lips.redness", 0.4),),
    **dict.fromkeys(("jaundiced", "yellowish", "yellow tinge skin"), (more("skin.yellowness"),)),
    **dict.fromkeys(("blotchy skin", "blotchy face", "blotchy cheek", "blotchy", "mottled skin", "mottled cheek", "mottled face"), (more("skin.redness", 0.7), more("blemishes.density", 0.4))),
    **dict.fromkeys(("liver spotted", "liver spotted skin", "age spotted", "age spotted skin"), (more("age_spots.density"),)),
    **dict.fromkeys(("tea coloured skin", "skin colour of walnut", "walnut skin", "walnut brown skin", "skin brown as nut", "nut brown skin", "nut brown", "sun browned face", "sun browned skin", "sun browned", "browned by sun", "deep tan", "face burned brown", "burned brown", "burnt brown by sun", "dark with sun", "skin colour of saddle", "saddle brown skin", "teak skin", "mahogany skin", "skin like mahogany", "chestnut skin", "cinnamon skin", "skin colour of cinnamon", "toffee skin", "coffee skin", "cocoa skin", "umber skin"), (more("skin.melanin", 0.75),)),
    **dict.fromkeys(("skin colour of milk", "skin like ivory", "skin like paper", "paper white skin", "skin colour of paper", "skin like skimmed milk", "milk white skin", "waxen skin", "waxy skin", "bloodless", "bloodless face", "skin that has never seen sun", "never seen sun", "colourless skin", "colourless face"), (less("skin.melanin"), less("skin.redness", 0.4))),
    **dict.fromkeys(("cheek like parchment", "parchment skin", "papery skin", "paper thin skin", "crepey skin", "skin like crepe paper", "shrivelled", "wizened face", "shrivelled face", "creased face", "face full of creases", "deeply creased face", "seamed face", "furrowed face", "furrowed cheek", "seamed cheek", "crumpled face", "face like crumpled paper", "face mapped with lines", "crinkled face"), (more("wrinkles.cheeks"), more("wrinkles.eyes"), more("wrinkles.forehead", 0.7), more("wrinkles.mouth", 0.7))),
    **dict.fromkeys(("wattled neck", "stringy neck", "crepey neck"), (more("wrinkles.mouth", 0.4),)),
    **dict.fromkeys(("scrawny neck", "skinny neck", "neck like chicken", "chicken neck", "neck like stalk", "neck like stem"), (less("neck.width"),)),
    **dict.fromkeys(("domed forehead", "bulging forehead", "forehead like cliff", "forehead like dome", "high domed forehead"), (more("forehead.height"),)),
    **dict.fromkeys(("sloping forehead", "receding forehead", "beetling forehead", "neanderthal brow", "caveman brow", "heavy brow bone", "strong brow bone", "prominent brow bone", "jutting brow bone", "brow like shelf", "shelf of brow"), (more("brow.ridge"),)),
    **dict.fromkeys(("determined chin", "stubborn chin", "pugnacious chin", "obstinate chin", "chin like toe of boot", "chin like boot", "chin like prow", "chin like shovel", "chin like doorstop", "firm chin", "chin thrust out"), (more("chin.prominence", 0.9),)),
    **dict.fromkeys(("chin that vanished", "chin vanished into neck", "chin that slid into neck", "chin melting into neck", "chin runs into neck", "apology for chin", "not much of chin", "little chin to speak of"), (less("chin.prominence", 1.1),)),
    **dict.fromkeys(("fallen in cheek", "cheek fallen in", "cheek caved in", "cheek have fallen in", "cheek had fallen in", "cheek fell in", "caved in cheek", "wasted cheek", "bones come up through skin", "bones showing through skin"), (less("cheeks.volume", 1.1),)),
    **dict.fromkeys(("face all angles", "bony face", "raw boned face", "raw boned", "craggy face", "craggy", "hewn face", "rough hewn face", "face hewn from rock", "hatchet of face"), (less("face.roundness"), more("cheekbones.prominence", 0.7))),
    **dict.fromkeys(("jolly face", "doughy face", "puddingy face", "bun face", "face like loaf", "cherubic face", "cherubic"), (more("face.roundness"), more("cheeks.volume", 0.6))),
    **dict.fromkeys(("face broad as shovel", "face like shovel", "slab of face", "slab face", "slab like face"), (more("face.width"),)),
    **dict.fromkeys(("wide as she is tall", "wide as he is tall", "wide as she was tall", "wide as he was tall", "as wide as she was tall", "as wide as he was tall", "as broad as she is long", "chins resting on collar", "comfortably built", "on the plump side", "bit of belly", "belly", "spare tyre", "carries weight", "carrying weight", "barrel chested", "ample", "matronly"), _FAT),
    **dict.fromkeys(("ears all over place", "ears stuck out", "ear like door", "ears like taxi doors", "ear like handle", "ear at right angles"), (more("ears.protrusion", 1.1),)),
    **dict.fromkeys(("one brow higher", "one brow sits higher", "one brow sits higher than other", "one brow higher than other", "one eye higher", "one eye larger", "one eye bigger", "one eye bigger than other", "one eye larger than other", "one eye higher than other", "one eye smaller than other", "one ear lower", "one ear higher", "one ear bigger", "one side lower", "one side of face lower", "face not quite even", "features do not match", "lazy eye"), (more("asymmetry", 0.9),)),
    **dict.fromkeys(("strawberry mark", "strawberry birthmark", "port wine mark", "port wine stain", "wine stain birthmark", "stork mark"), (more("moles.density", 0.8), more("skin.redness", 0.3))),
    # make-up
    **dict.fromkeys(("kohl rimmed", "kohl rimmed eye", "eye rimmed with kohl", "black rimmed eye", "eye ringed in black", "eye ringed with kohl", "eye lined in black", "eye lined with kohl"), (at("eyeliner", (0.0033, 0.003, 0.0033, 0.9)),)),
    **dict.fromkeys(("powdered cheek", "powdered", "powdered skin", "powdered nose"), ranked((at("foundation", (0.9, 0.86, 0.8, 0.6)),), Rank.VAGUE, 0.8)),
    **dict.fromkeys(("blood red lip", "blood red mouth", "lip painted scarlet", "lip painted red", "vermilion lip"), (at("lipstick", (0.4, 0.01, 0.02, 0.85)),)),
    # expressions
    **dict.fromkeys(("bit into lemon", "bitten into lemon", "sucked lemon", "sucking lemon", "sucks lemon", "swallowed wasp", "chewing wasp", "licking nettle", "licking piss off nettle"), pose(mouthPucker=0.6, noseSneer=0.6, eyeSquint=0.5, browDown=0.5)),
    **dict.fromkeys(("smelled something bad", "smelt something bad", "bad smell under nose", "something rotten under nose", "smells something foul"), pose(noseSneer=0.7, mouthUpperUp=0.4, browDown=0.3)),
    # age
    **dict.fromkeys(("autumn of life", "in autumn of life", "evening of life", "twilight of life", "getting on", "getting on a bit", "old enough to be grandmother", "old enough to be grandfather"), ranked((at("age", 66.0),), Rank.VAGUE, 0.7)),
    **dict.fromkeys(("in prime of life", "prime of life", "in his prime"), ranked((at("age", 38.0),), Rank.VAGUE, 0.7)),
    **dict.fromkeys(("in first flush of youth", "barely grown", "hardly grown", "scarcely more than girl", "scarcely more than boy", "little more than boy", "little more than girl", "not much more than boy", "not much more than girl"), ranked((at("age", 18.0),), Rank.VAGUE, 0.8)),
}  # fmt: skip
"""Whole phrases, and what they mean of the face."""

HAIR_SHADES: Final[dict[str, Effects]] = {
    **dict.fromkeys(("mouse", "mouse brown", "mousey", "mousy brown", "ash brown"), (at("hair.melanin", 0.56),)),
    **dict.fromkeys(("dishwater", "dishwater blonde", "sand", "sandy blonde", "sand coloured", "biscuit", "oatmeal", "beige"), (at("hair.melanin", 0.36),)),
    **dict.fromkeys(("coffee", "mocha", "espresso", "treacle", "walnut", "mud"), (at("hair.melanin", 0.85),)),
    **dict.fromkeys(("ink", "inky", "ebony", "coal", "coal black", "jet", "soot", "tar", "blue black", "crow black", "midnight"), (at("hair.melanin", 1.0), at("hair.redness", 0.0))),
    **dict.fromkeys(("pewter", "iron", "iron grey", "steel", "steel grey", "ash", "ashen", "gunmetal", "slate", "lead"), (at("hair.grey", 0.85),)),
    **dict.fromkeys(("snowy", "snow", "milk white", "cotton white", "cotton wool", "hoary", "frost white"), (at("hair.grey", 1.0),)),
    **dict.fromkeys(("grizzled", "silvered", "silvering", "silver streaked", "grey streaked", "pepper and salt"), (at("hair.grey", 0.55),)),
    **dict.fromkeys(("hennaed", "henna", "henna red", "rust", "rusty", "russet", "fox", "foxy", "fox red", "titian", "carroty", "flame", "flaming", "marmalade", "copper red"), (at("hair.melanin", 0.45), at("hair.redness", 0.9))),
    **dict.fromkeys(("tawny", "lion", "lion coloured"), (at("hair.melanin", 0.4), at("hair.redness", 0.35))),
    **dict.fromkeys(("straw", "straw coloured", "wheat", "corn", "corn coloured", "flaxen", "tow", "butter", "buttery", "pale yellow", "lemon", "primrose", "hay", "hay coloured", "barley"), (at("hair.melanin", 0.16), at("hair.redness", 0.1))),
    **dict.fromkeys(("peroxide", "peroxide blonde", "bottle blonde", "white blonde", "ice blonde", "bleached blonde"), (at("hair.melanin", 0.05),)),
    **dict.fromkeys(("mahogany", "conker", "cherry wood", "oxblood"), (at("hair.melanin", 0.66), at("hair.redness", 0.55))),
    **dict.fromkeys(("brown grey", "grey brown"), (at("hair.grey", 0.4), at("hair.melanin", 0.76))),
    "dark chestnut": (at("hair.melanin", 0.8), at("hair.redness", 0.35)),
}  # fmt: skip
"""Shades of hair that prose has, beyond `tables.HAIR_COLOURS`."""

HEADED: Final = (
    "fair",
    "dark",
    "red",
    "ginger",
    "grey",
    "white",
    "silver",
    "blonde",
    "gold",
    "brown",
    "black",
    "auburn",
    "flaxen",
    "tow",
    "sandy",
    "copper",
)
"""Colours of which "-headed" is said of the hair."""

_SAD: Final = pose(mouthFrown=0.6, browInnerUp=0.75, mouthShrugLower=0.25)
_GLEE: Final = pose(mouthSmile=0.9, cheekSquint=0.6, eyeSquint=0.2, mouthUpperUp=0.25)
_RAGE: Final = pose(browDown=0.95, eyeSquint=0.35, noseSneer=0.5, mouthPress=0.4, mouthFrown=0.4)
_CROSS: Final = pose(browDown=0.5, eyeSquint=0.25, mouthPress=0.4)
_TERROR: Final = pose(eyeWide=0.95, browInnerUp=0.9, mouthStretch=0.75, jawOpen=0.3)
_AMAZED: Final = pose(eyeWide=0.8, browInnerUp=0.75, browOuterUp=0.8, jawOpen=0.45)
_REVOLTED: Final = pose(noseSneer=0.85, mouthUpperUp=0.5, browDown=0.4, mouthFrown=0.4, eyeSquint=0.3)
_SCORN: Final = pose(browOuterUpLeft=0.5, noseSneerLeft=0.4, mouthDimpleLeft=0.5, mouthUpperUpLeft=0.3, eyeBlink=0.2)
_LAUGH: Final = pose(mouthSmile=0.85, jawOpen=0.35, cheekSquint=0.65, eyeSquint=0.4, mouthUpperUp=0.3)
_SOB: Final = (*pose(mouthFrown=0.75, browInnerUp=0.9, eyeSquint=0.5, mouthShrugLower=0.4), more("sclera.redness", 0.6))
_SHOUT: Final = pose(jawOpen=0.8, browDown=0.5, mouthUpperUp=0.3, mouthLowerDown=0.4)
_PAIN: Final = pose(eyeSquint=0.75, browDown=0.5, browInnerUp=0.3, mouthStretch=0.5, mouthUpperUp=0.3, cheekSquint=0.4)

MOODS: Final[dict[str, Effects]] = {
    **dict.fromkeys(("sulky", "sullen", "sulking", "moody", "petulant", "sulk"), pose(mouthShrugLower=0.6, mouthFrown=0.45, browDown=0.4)),
    **dict.fromkeys(("surly", "truculent", "bad tempered", "ill tempered", "brooding", "glum faced"), pose(browDown=0.5, mouthFrown=0.4, mouthPress=0.3)),
    **dict.fromkeys(("haughty", "supercilious", "disdainful", "scornful", "snooty", "condescending", "sniffy", "contemptuously"), _SCORN),
    **dict.fromkeys(("smug", "self satisfied", "gloating", "smugly"), pose(mouthSmileLeft=0.55, mouthSmileRight=0.25, mouthDimpleLeft=0.5, mouthDimpleRight=0.2, eyeBlink=0.15)),
    **dict.fromkeys(("wistful", "forlorn", "mournful", "morose", "doleful", "dejected", "despondent", "disconsolate", "woebegone", "rueful", "crushed", "downhearted"), _SAD),
    **dict.fromkeys(("heartbroken", "grief stricken", "grieving", "anguished", "distraught", "devastated", "inconsolable"), pose(mouthFrown=0.8, browInnerUp=0.95, mouthShrugLower=0.4, eyeSquint=0.35)),
    **dict.fromkeys(("tearful", "teary", "weepy", "misty eyed"), (*pose(mouthFrown=0.5, browInnerUp=0.8, eyeSquint=0.25), more("sclera.redness", 0.5))),
    **dict.fromkeys(("bored", "bored stiff", "apathetic", "listless"), pose(eyeBlink=0.35, mouthFrown=0.2, mouthPressLeft=0.25)),
    **dict.fromkeys(("aghast", "horrified", "appalled", "horror struck", "horror stricken"), pose(eyeWide=0.9, browInnerUp=0.9, browOuterUp=0.5, jawOpen=0.5, mouthStretch=0.5)),
    **dict.fromkeys(("bewildered", "perplexed", "baffled", "mystified", "nonplussed", "quizzical"), pose(browDownLeft=0.5, browInnerUp=0.4, browOuterUpRight=0.6, mouthLeft=0.2)),
    **dict.fromkeys(("jubilant", "ecstatic", "elated", "overjoyed", "euphoric", "exultant", "gleeful", "triumphant", "thrilled", "over the moon", "on cloud nine", "tickled pink"), _GLEE),
    **dict.fromkeys(("sheepish", "bashful", "abashed"), pose(mouthSmileLeft=0.35, mouthPress=0.3, eyeLookDown=0.35, browInnerUp=0.3)),
    **dict.fromkeys(("embarrassed", "mortified"), (*pose(mouthPress=0.4, eyeLookDown=0.35, browInnerUp=0.4, mouthStretch=0.25), more("skin.redness", 0.6))),
    **dict.fromkeys(("wary", "mistrustful", "distrustful", "leery"), pose(eyeSquint=0.5, browDown=0.35, mouthPress=0.2)),
    **dict.fromkeys(("alarmed", "uneasy", "apprehensive", "fretful", "jittery"), pose(browInnerUp=0.7, eyeWide=0.45, mouthStretch=0.35)),
    **dict.fromkeys(("panicked", "panicking", "panic stricken", "petrified", "terror stricken", "terrified out of wits", "scared stiff", "frightened to death"), _TERROR),
    **dict.fromkeys(("repulsed", "revolted", "nauseated", "queasy", "sickened", "grossed out", "nauseous"), _REVOLTED),
    **dict.fromkeys(("indignant", "outraged", "livid", "irate", "incensed", "seething", "fuming", "wrathful", "apoplectic", "raging"), _RAGE),
    **dict.fromkeys(("irritated", "exasperated", "frustrated", "peeved", "irked", "vexed", "resentful", "impatient", "disgruntled", "huffy"), _CROSS),
    **dict.fromkeys(("pained", "in pain", "in agony", "agonised", "agonized", "wincing", "cringing", "wince", "cringe"), _PAIN),
    **dict.fromkeys(("tense", "stressed", "strained", "stressed out"), pose(browDown=0.35, mouthPress=0.5, eyeSquint=0.2)),
    **dict.fromkeys(("thoughtful", "pensive", "contemplative", "lost in thought", "meditative", "deep in thought"), pose(browDown=0.25, eyeLookUp=0.2, mouthPress=0.3)),
    **dict.fromkeys(("concentrating", "concentrated", "focused"), pose(browDown=0.45, eyeSquint=0.3, mouthPress=0.3)),
    **dict.fromkeys(("determined", "resolute", "grim", "grim faced", "steely"), pose(browDown=0.5, mouthPress=0.5, jawForward=0.15)),
    **dict.fromkeys(("dumbfounded", "stunned", "flabbergasted", "thunderstruck", "gobsmacked", "astounded", "awestruck", "awed", "speechless", "taken aback", "dumbstruck", "gawping", "goggling"), _AMAZED),
    **dict.fromkeys(("incredulous", "disbelieving"), pose(browOuterUpRight=0.6, browDownLeft=0.3, eyeWide=0.3, mouthLeft=0.2)),
    **dict.fromkeys(("mischievous", "impish", "roguish"), pose(mouthSmileLeft=0.6, mouthSmileRight=0.35, browOuterUpLeft=0.3, cheekSquint=0.25)),
    **dict.fromkeys(("flirtatious", "flirty", "coquettish", "flirting"), pose(mouthSmileLeft=0.45, mouthSmileRight=0.3, eyeBlink=0.2, browOuterUpLeft=0.25)),
    "relieved": pose(mouthSmile=0.4, browInnerUp=0.35, cheekSquint=0.2),
    **dict.fromkeys(("chuckling", "chortling", "sniggering", "snickering", "cackling", "guffawing", "chuckle", "cackle", "giggle", "tittering"), _LAUGH),
    **dict.fromkeys(("wailing", "whimpering", "blubbering", "snivelling", "weep", "sob"), _SOB),
    **dict.fromkeys(("roaring", "bellowing", "hollering"), _SHOUT),
    **dict.fromkeys(("snoring", "napping", "dozing", "dozing off", "nodding off"), pose(eyeBlink=1.0)),
}  # fmt: skip
"""Moods as adjectives and as what a face does, beyond `meanings.MOODS`."""
