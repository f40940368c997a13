"""Orders to move the face: "close her eyes", "raise the left eyebrow"; and to move what talk can't."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from typing import Final

from dreamface.language.degrees import without_degree
from dreamface.language.reader import read_words
from dreamface.language.talk_orders import THE, WHO
from dreamface.traits import ARKIT_SHAPES, Traits, TraitValue

_LED: Final = re.compile(
    rf"^(?:let (?=the |her |his )(?!her (?!left|right))|(?:let|have|make|get|want) (?:{WHO}) (?:to )?|(?:{WHO}) (?:should|could|must|may|can|needs to|has to) |to |now |just |only )+"
)
_SIDE: Final = r"(?P<side>left|right|one|an?|(?:her|his|their|the) (?:left|right))"
_BROW: Final = r"(?:eye ?)?brow"
_OF: Final = rf"(?:{THE} |both (?:of )?(?:{THE} )?|up (?:{THE} )?)?"
_JUST: Final = r"(?:just |only )?"

_PHRASES: Final = (
    (rf"(?:close|shut) {_OF}eyes", "closed eyes"),
    (rf"half[ -]?(?:close|shut) {_OF}eyes|(?:close|shut) {_OF}eyes halfway", "half closed eyes"),
    (rf"(?:close|shut) {_JUST}{_SIDE} eye", "{side} eye closed"),
    (rf"(?:open|widen) {_OF}eyes (?:very )?(?:wide|in (?:shock|surprise|fear|horror|terror|awe|amazement|disbelief))(?: open)?", "eyes wide open"),
    (rf"open {_OF}mouth(?: up)?|drop {_OF}jaw|part {_OF}lips|let {_OF}(?:mouth|jaw) (?:hang|drop) open", "open mouth"),
    (rf"open {_OF}mouth (?:very )?wide", "mouth wide open"),
    (rf"(?:close|shut) {_OF}(?:mouth|lips)", "closed mouth"),
    (rf"(?:raise|lift|arch|cock|quirk|hike) (?:up )?{_JUST}{_SIDE} {_BROW}(?: up)?", "{side} eyebrow raised"),
    (rf"(?:raise|lift|arch|hike) (?:up )?{_JUST}{_OF}{_BROW}s(?: up)?", "raised eyebrows"),
    (rf"(?:stick|poke|put|show|let) (?:out )?{_OF}tongue(?: (?:hang )?out)?", "sticking out tongue"),
    (rf"(?:purse|pucker) {_OF}lips|make a duck face", "pursed lips"),
    (rf"press {_OF}lips(?: together)?", "pressed lips"),
    (rf"bite {_OF}(?:lower |bottom )?lips?", "biting lip"),
    (rf"(?:furrow|knit|wrinkle|crease) {_OF}(?:{_BROW}s?|forehead)", "furrowed brow"),
    (rf"(?:wrinkle|scrunch|crinkle)(?: up)? {_OF}nose", "wrinkled nose"),
    (rf"(?:bare|flash) {_OF}teeth", "bared teeth"),
    (rf"(?:show|reveal) {_OF}teeth", "showing teeth"),
    (rf"(?:clench|grit) {_OF}(?:teeth|jaw)", "clenched teeth"),
    (rf"(?:puff|blow)(?: out| up)? {_OF}cheeks(?: out| up)?", "puffed cheeks"),
    (rf"flare {_OF}nostrils", "flared nostrils"),
    (r"(?:look|glance|gaze|stare|peer)(?:ing)? (?:(?:more |further )?(?:over )?(?:to|towards) )?(?:the |her |his )?(?P<side>left|right)", "looking {side}"),
    (rf"(?:turn|move) {_OF}eyes (?:to (?:the )?)?(?P<side>left|right)", "looking {side}"),
)  # fmt: skip
"""Orders, as patterns, and what a prompt calls it."""

_ONE_SIDED: Final[tuple[tuple[str, dict[str, float]], ...]] = (
    (r"open (?:the |her |his )?SIDE eye", {"eyeBlink": 0.0}),
    (rf"(?:lower|drop|pull down|bring down) {_JUST}(?:the |her |his )?SIDE {_BROW}", {"browDown": 0.8, "browOuterUp": 0.0}),
    (r"(?:smile|smirk|grin|smiling|smirking) (?:with|on|to) (?:only |just )?(?:the |her |his )?SIDE(?: (?:side|corner|half))?(?: (?:of (?:the |her |his )?(?:mouth|face)|only))*", {"mouthSmile": 0.7, "cheekSquint": 0.35}),
    (r"(?:raise|lift|pull up) (?:the |her |his )?SIDE (?:corner of (?:the |her |his )?mouth|mouth corner)", {"mouthSmile": 0.5}),
    (r"(?:lower|drop|pull down) (?:the |her |his )?SIDE (?:corner of (?:the |her |his )?mouth|mouth corner)|(?:the |her |his )?SIDE corner of (?:the |her |his )?mouth (?:droop|hang|sag)s?", {"mouthFrown": 0.6, "mouthSmile": 0.0}),
)  # fmt: skip
"""Orders for one side, as patterns with SIDE for "left" or "right", and the weights of that side's blend shapes."""

_SHAPES: Final[tuple[tuple[str, dict[str, float]], ...]] = (
    *((pattern.replace("SIDE", side), {f"{shape}{side.capitalize()}": weight for shape, weight in weights.items()})
      for pattern, weights in _ONE_SIDED for side in ("left", "right")),
    (rf"open {_OF}eyes", {"eyeBlinkLeft": 0.0, "eyeBlinkRight": 0.0}),
    (rf"(?:put|pull|take|draw) {_OF}tongue (?:back )?in(?: again)?", {"tongueOut": 0.0, "jawOpen": 0.0}),
    (rf"suck in {_OF}cheeks|suck {_OF}cheeks in", {"cheekPuff": 0.0, "mouthPucker": 0.35}),
    (r"(?:look|glance|gaze|stare|peer)(?:ing)? (?:up|upwards?)|roll (?:the |her |his )?eyes", {"eyeLookUpLeft": 0.7, "eyeLookUpRight": 0.7, "eyeLookDownLeft": 0.0, "eyeLookDownRight": 0.0}),
    (r"(?:look|glance|gaze|stare|peer)(?:ing)? (?:down|downwards?|at the (?:floor|ground))", {"eyeLookDownLeft": 0.7, "eyeLookDownRight": 0.7, "eyeLookUpLeft": 0.0, "eyeLookUpRight": 0.0}),
    (r"(?:(?:look|glance|gaze|stare|peer)(?:ing)? )?(?:straight (?:ahead|on|forwards?)|at (?:me|us|the camera|the viewer)|into the camera)|(?:look|glance|gaze|stare|peer)(?:ing)? (?:straight|forwards?|ahead|straight ahead|straight on|straight forward|at (?:me|us|the camera|the viewer)|into the camera)",
     {name: 0.0 for name in ARKIT_SHAPES if name.startswith("eyeLook")}),
    (r"(?:with )?(?:no|without)(?: visible)? teeth(?: showing| visible| shown| on show)?|(?:with )?(?:a |the |her |his )?(?:lips|mouth) closed",
     {"mouthUpperUpLeft": 0.0, "mouthUpperUpRight": 0.0, "mouthLowerDownLeft": 0.0, "mouthLowerDownRight": 0.0, "jawOpen": 0.0}),
    (r"relax (?:the |her |his )?(?:face|expression)|(?:a )?neutral (?:face|expression)|no expression|(?:be )?expressionless", dict.fromkeys(ARKIT_SHAPES, 0.0)),
)  # fmt: skip
"""Orders, as patterns, and the weights of blend shapes at which they end."""

_SIDEWAYS: Final = ("eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight")
"""Blend shapes that turn the eyes to a side: who looks to one no longer looks to the other."""

_COMPILED_PHRASES: Final = tuple((re.compile(pattern), phrase) for pattern, phrase in _PHRASES)
_COMPILED_SHAPES: Final = tuple((re.compile(pattern), weights) for pattern, weights in _SHAPES)

_HEAD: Final = re.compile(
    rf"(?:(?:turn|tilt|rotate|lean|bend|twist|cock|bow|incline|shake|nod|move|lift|raise|lower|drop|hold) {_OF}(?:head|face)\b.*"
    rf"|(?:turn|face|spin|rotate) (?:(?:{WHO}) )?(?:around|away|round|sideways|to (?:the |her |his )?(?:left|right|side|camera)|left|right)(?: .*)?"
    rf"|(?:nod|nods|nodding|shake|bow)|(?:look|glance|peer) (?:over|back over) (?:the |her |his )?shoulder|(?:(?:show|give) (?:me |us )?)?(?:her |his |the |a |in )?(?:profile|three[- ]quarters? view|side view)(?: view)?|(?:tilt|lift) {_OF}chin (?:up|down|to .*)|chin (?:up|down)|head (?:tilted|turned|up|down|to the).*)"
)
_NO_HEAD: Final = "The head stays straight: talk moves the face, not the head. Turn its head bone in Blender (Add Rig on the Animate page)."
"""What is said to an order that turns the head."""

_NO_EARS: Final = re.compile(rf"(?:wiggle|move|twitch|wag|flap|perk up) {_OF}(?:ears?|nose|hair)\b.*")
_NO_WIGGLE: Final = "Ears, nose and hair can't be moved like that: the face has the 52 ARKit expressions."


_HEIGHT: Final = re.compile(
    rf"(?:less|more) (?:low|high) (?:mouth|nose|ears?|eyes)|(?:{THE} )?(?:mouth|nose|ears?|eyes) (?:sits?|lies?|is|are)?(?: placed| set)? ?(?:a bit |much |way )?(?:too )?(?:low|high|lower|higher)(?: up| down)?"
    rf"|(?:move|shift|bring|put|slide) (?:{THE} )?(?:mouth|nose|ears?|eyes) (?:further |a bit )?(?:up|down|higher|lower)(?:wards?)?"
)
_NO_HEIGHT: Final = "DreamFace has no trait for how high that lies: change what is above or below it, such as “a longer philtrum” or “a higher forehead”, or sculpt it in Blender."


def cannot_move(clause: str) -> str:
    """Return the sentence for an order to move what can't be moved by talking; nothing of other orders."""
    words, _ = without_degree(_LED.sub("", clause))
    if _HEIGHT.fullmatch(words):
        return _NO_HEIGHT
    return _NO_HEAD if _HEAD.fullmatch(words) else _NO_WIGGLE if _NO_EARS.fullmatch(words) else ""


def pose_of(clause: str) -> tuple[Traits, float]:
    """Return the expression that an order moves the face to, and how far; nothing of other orders.

    Args:
        clause: in lower case, without politeness.

    >>> traits, strength = pose_of("open her mouth a little")
    >>> dict(traits.items())["expression.jawOpen"].value, strength
    (0.6, 0.5)
    """
    words, strength = without_degree(_LED.sub("", clause))
    words = re.sub(r" (?:again|now|once more)$", "", words)
    for pattern, weights in _COMPILED_SHAPES:
        if pattern.fullmatch(words):
            return Traits({f"expression.{name}": TraitValue(value, 1.0, clause) for name, value in weights.items()}), (
                strength if any(weights.values()) else min(strength, 1.0)
            )
    for pattern, phrase in _COMPILED_PHRASES:
        if found := pattern.fullmatch(words):
            side = (found.groupdict().get("side") or "").split(" ")[-1]
            side = "one" if side in ("a", "an") else side
            said = _expression(phrase.format(side=side), clause)
            turned = any(name.startswith("expression.eyeLook") for name in said)
            ahead = {f"expression.{name}": TraitValue(0.0, 1.0, clause) for name in _SIDEWAYS} if turned else {}
            return Traits({**ahead, **said}), strength
    return Traits(), 1.0


def _expression(phrase: str, because: str) -> Traits:
    """Return what a phrase says of the expression alone: raised brows are not higher ones."""
    said = read_words(phrase).traits
    return Traits(
        {
            name: TraitValue(entry.value, entry.confidence, because)
            for name, entry in said.items()
            if name.startswith("expression.")
        }
    )
