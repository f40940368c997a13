"""Words for what DreamFace does not make, and what to say of them."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_KINDS: Final = {
    "DreamFace makes no glasses yet.": _words(
        "glass glasses spectacle spectacles sunglass sunglasses goggle goggles monocle eyeglass eyeglasses eyewear "
        "eyepatch lens lenses contacts"
    ),
    "DreamFace makes no jewellery yet.": _words(
        "earring earrings necklace piercing piercings pierced ring rings stud studs chain jewel jewels jewelry "
        "jewellery bindi pendant choker brooch bracelet septum labret hoop hoops nosering"
    ),
    "DreamFace makes no braces and no false teeth yet.": _words("brace braces retainer dentures grillz"),
    "DreamFace makes no hats yet.": _words(
        "hat hats cap hood hooded helmet crown tiara beanie beret fedora turban headscarf hijab niqab burka headband "
        "bandana headdress headwear veil visor bonnet sombrero helmeted balaclava headphones headphone hairband "
        "hairpin barrette ribbon bow wreath"
    ),
    "DreamFace makes no clothes yet.": _words(
        "jacket coat dress dressed shirt tshirt sweater hoodie denim leather suit tie robe uniform armour armor cape "
        "gown collar scarf blouse jumper pullover vest cardigan tuxedo kimono sari apron overalls jeans clothes clothe "
        "clothing outfit costume wearing wear wears mask masked glove gloves boot boots shoe shoes skirt trousers "
        "pants turtleneck sleeve sleeves silk wool velvet cloak bandage bandaged"
    ),
    "DreamFace makes no surroundings yet.": _words(
        "background backdrop forest city street room beach sea ocean sky mountain mountains desert studio window wall "
        "garden field meadow snow rain night dawn dusk sunset sunrise chair table bar office kitchen church castle "
        "spaceship landscape scene scenery outdoors indoors standing sitting"
    ),
    "DreamFace sets no light by the prompt; see Output.": _words(
        "light lights lighting lit backlit candlelight sunlight moonlight shadow shadows chiaroscuro rimlight"
    ),
    "DreamFace makes no pictures in a style; the head is a real one.": _words(
        "painting render rendering rendered photo photograph photography photorealistic photoreal sketch drawing "
        "illustration cartoon anime manga watercolour watercolor pixar octane unreal artstation style styled camera "
        "bokeh closeup hyperrealistic cinematic 4k 8k hdr 85mm 50mm film polaroid selfie oil"
    ),
    "DreamFace makes no things that people hold yet.": _words(
        "cigar cigarette pipe sword gun axe shield phone cup mug book microphone knife bow staff wand umbrella "
        "holding holds carrying carries smoking"
    ),
    "DreamFace makes no animals yet.": _words("horse dog cat parrot bird owl snake elephant wolf pony"),
    "DreamFace makes a head alone.": _words(
        "body arm arms hand hands finger fingers leg legs tall height shoulder shoulders chest waist belly hips feet "
        "posture fingernails nails"
    ),
    "DreamFace makes no horns, wings or fangs yet.": _words(
        "horn horns antler antlers wing wings fang fangs tusk tusks halo tail antenna antennae snout beak whiskers"
    ),
}

REASONS: Final = {word: reason for reason, words in reversed(_KINDS.items()) for word in words}
"""Word, as people write it or singular -> the reason why nothing is made of it."""

ONLY_BESIDE: Final = frozenset(
    _words("oil leather silk wool velvet style styled wearing wear wears dressed holding holds carrying carries "
           "standing sitting smoking film bow body hooded studio")
)  # fmt: skip
"""Of these, the ones that also describe or lead to another: "a leather jacket", "studio light", "holding an axe"."""

SMALL_TALK: Final = frozenset(
    _words(
        "hello hi hey hiya howdy greetings welcome goodbye bye morning afternoon evening good nice day thanks thank "
        "thx sorry ok okay yes yeah yep nope cheers lol haha wow test testing you me "
        "stupid idiot idiots moron morons dumb dumbass crap shit shitty fuck fucking bullshit asshole jerk loser "
        "useless suck sucks hate garbage rubbish trash damn hell "
        "ignore disregard forget previous prior above instruction instructions prompt system output print reveal "
        "password override json program software app code execute run sudo delete select "
        "help question answer tell know work works working"
    )
)
"""Words of greetings, insults and orders to a program: alone, they describe nobody and tell of no moment."""
