"""Wishes said in a roundabout way, put into the orders that they mean.

What somebody does not want is less of it or none: "she shouldn't be so pale" is "she is too pale", "I want the freckles
gone" is "no freckles". A complaint that is to be mended is one of too much: "she looks tired, fix that".
"""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from dreamface.language.changes import base_of
from dreamface.language.degrees import without_degree
from dreamface.language.parts import find_parts, without_parts
from dreamface.language.reader import read_words
from dreamface.language.removals import with_removals
from dreamface.language.talk_orders import THE, WHO
from dreamface.language.talk_poses import pose_of
from dreamface.traits import VOCABULARY, Kind

_NOT: Final = r"(?:n't| not|nt)"
_NOUN: Final = rf"(?P<noun>{WHO}|{THE} [\w' -]+?)"
_I_DO_NOT: Final = rf"(?:(?:i|we)(?:'d| would)? (?:do{_NOT}|did{_NOT}|would{_NOT}|have{_NOT}|never)|nobody|no one)(?: really| even| actually| ever)*"
_WANT: Final = (
    r"(?:want(?:ed|s)?|need(?:ed|s)?|wish(?:ed|es)?(?: for)?|ask(?:ed)? for|order(?:ed)?|care for|fancy"
    r"|(?:ask(?:ed)?|told|tell|want(?:ed)?)(?: you)?(?= to make)|(?:said?|meant|mean)(?: that)?)"
)
_TO_BE: Final = (
    r"(?:to )?(?:be(?:come|ing)?|look(?:ing)?|get(?:ting)?|seem(?:ing)?|appear(?:ing)?|turn(?:ing)?|grow(?:ing)?)"
)
_TO_HAVE: Final = r"(?:to )?(?:have|having|wear|wearing|get|getting)"
_SO: Final = r"(?:so|that|this|too|as|quite so|quite that|such an?|all that)"
_SHOULD_NOT: Final = (
    rf"(?:should|must|ought|may|can|could|would|need){_NOT}(?: to)?"
    rf"|(?:do|does|did){_NOT} (?:need|have|want)(?: to)?"
    rf"|(?:is|are|was|were){_NOT} (?:supposed|meant|allowed|going) to"
)

_UNWANTED_PERSON: Final = re.compile(rf"{_I_DO_NOT} (?:{_WANT}|like) (?:{WHO}) (?:{_TO_BE} )?(?P<what>\S.*)")
_UNWANTED_THING: Final = re.compile(rf"{_I_DO_NOT} (?:{_WANT})(?: to (?:see|have))?(?: any)? (?P<what>\S.*)")
_UNASKED: Final = re.compile(
    rf"{_I_DO_NOT} {_WANT} (?:(?:{WHO}) should (?P<be>be|look|have)|(?:to )?make(?: (?:{WHO}))?) (?P<what>\S.*)"
)
_HATED: Final = re.compile(
    rf"(?:{_I_DO_NOT} (?:really )?like|(?:i|we) (?:(?:really|absolutely) )?(?:hate|dislike|loathe|can't stand|cannot stand))(?: (?:{THE}|all))* (?P<what>[\w' -]+)"
)
_ON_FACE: Final = frozenset({
    "freckles", "moles", "age spots", "blemishes", "scars", "vitiligo", "lipstick", "eyeliner", "eyeshadow", "blush",
    "foundation", "make-up", "wrinkles", "stubble", "beard", "fringe", "bags under the eyes",
})  # fmt: skip
"""Parts that a face can do without."""

_DISLIKED: Final = re.compile(
    rf"(?:{_I_DO_NOT} like|(?:i|we) (?:hate|dislike)|it bothers me)(?: it)? (?:that|how|when) (?P<what>.+)"
)
_HOW_IT_IS: Final = re.compile(rf"(?P<how>[\w-]+) {_NOUN} (?:is|are|looks?)")
_SHOULD: Final = re.compile(rf"{_NOUN} (?:{_SHOULD_NOT})(?: (?P<verb>{_TO_BE}|{_TO_HAVE}))?(?: any)? (?P<what>\S.*)")
_WERE_NOT: Final = re.compile(rf"{_NOUN} (?:were|was|did){_NOT}(?: look| seem| have)? (?P<what>\S.*)")
_MANY: Final = re.compile(rf"(?:quite )?{_SO} (?:many|much) (?P<what>\S.*)")
_DEGREED: Final = re.compile(rf"(?P<so>{_SO}) (?P<how>\S.*)")

_GO_AWAY: Final = r"(?:go|vanish|disappear|come off|go away|be gone|be removed|be taken off|be deleted)"
_MUST_GO: Final = re.compile(
    rf"(?P<what>(?:{THE} |all |any |those |these )*[\w' -]+?) (?:has to|have to|must|should|needs? to|can|could|may|will|is to|are to|ought to) {_GO_AWAY}(?: (?:please|now|too))*"
)
_GONE: Final = re.compile(
    r"(?:(?:make|have|get|want|see) )?(?P<what>(?:the|her|his|their|that|those|these|all) [\w' -]+?) (?:gone|removed|taken off|taken away|erased|deleted|vanish|disappear)(?: (?:please|now|too))*"
)
_BARE_GONE: Final = re.compile(r"(?P<what>[\w' -]+?) (?:gone|removed|off|away)")
_OFF_WITH: Final = re.compile(r"(?:off with|out with|away with|down with|bye) (?P<what>\S.*)")
_CLEAN_OF: Final = re.compile(
    rf"(?:wipe|clean|clear|rid|free|scrub|wash) (?:{WHO}|{THE} [\w ]+?) (?:clean )?of (?P<what>\S.*)"
)
_WITH_NONE: Final = re.compile(r"(?:i|we) (?:could|can) (?:do|live) without (?P<what>\S.*)")
_OUT_OF_FACE: Final = re.compile(
    rf"(?:get|take|put|brush|sweep|comb|pull|move|push) (?:{THE} )?hair (?:out of|away from|off|from|back from|back out of) (?:{THE} )?(?:face|eyes|forehead)"
)
_NO_COLOUR: Final = re.compile(r"\bno (?:the |her |his |all )*(?P<colour>grey|gray|dye)$")
_WITHOUT: Final = re.compile(
    r"without (?:the |her |his |any |all |those |these )*(?P<what>(?!touch|chang|alter|affect|los|mak|giv|turn|gett|becom|look|go)\S.*)"
)
_AGAIN: Final = re.compile(r"^(?P<what>no .+?) (?:again|any ?more|now|please|from (?:her|him|the face))$")

_PUSH: Final = r"(?:push|pull|move|bring|shift|set|slide|nudge|tuck|put|let|make|get)"
_STUDIO: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "cheekbones": (("out|forward|up and out", "more prominent cheekbones"), ("in|back", "less prominent cheekbones"),
                   ("up", "higher cheekbones"), ("down", "lower cheekbones")),
    "chin": (("out|forward", "more prominent chin"), ("in|back", "less prominent chin")),
    "jaw": (("out", "wider jaw"), ("in", "narrower jaw"), ("forward", "more prominent chin"), ("back", "less prominent chin")),
    "ears": (("in|back|closer", "less prominent ears"), ("out|forward", "more prominent ears")),
    "eyes": (("apart|outwards?", "more wide-set eyes"), ("together|closer|inwards?", "more close-set eyes"),
             ("in|back", "more deep-set eyes"), ("out|forward", "less deep-set eyes")),
    "brows": (("up", "higher brows"), ("down", "lower brows"), ("out|forward", "more prominent brow ridge")),
    "hairline": (("up|back", "higher hairline"), ("down|forward", "lower hairline")),
    "lips": (("out|forward", "fuller lips"), ("in|back", "thinner lips")),
    "cheeks": (("in", "more hollow cheeks"), ("out", "fuller cheeks")),
}  # fmt: skip
"""Part -> ways in which it is pushed, as patterns, and what that makes of it."""

_PUSHED: Final = re.compile(
    rf"{_PUSH} (?:{THE} )?(?P<what>[\w -]+?) (?P<way>(?:(?:further|more|slightly) )?(?:up and out|out|in|forward|back|up|down|apart|together|closer|inwards?|outwards?)(?:wards?)?(?: together)?)"
)
_APART: Final = re.compile(rf"(?:{THE} )?(?P<what>[\w -]+?) (?P<way>(?:further|farther) apart|closer together)")
_READS: Final = re.compile(
    rf"^(?P<noun>{WHO}|{THE} [\w ]+?) (?:reads?|comes? across|comes? over|feels?) (?:as |like )?(?=\S)"
)


_PLURALS: Final = {"eye": "eyes", "lip": "lips", "brow": "brows", "eyebrow": "brows", "iris": "eyes"}
_RECOLOURED: Final = re.compile(
    rf"(?:change|set|turn|switch) {THE} (?P<what>hair|eye|iris|skin|lip|brow|eyebrow|beard)(?:'s)? colou?r (?:in)?to (?P<colour>[\w -]+)"
)
_LIKE_SEX: Final = re.compile(
    rf"(?:(?:make|let) (?:{WHO}) )?(?:look )?(?P<degree>a (?:bit|little) |much )?(?P<way>less|more) like an? (?P<sex>man|boy|guy|bloke|dude|woman|girl|lady)"
)
_DOES_NOT_LOOK: Final = re.compile(rf"{_NOUN} (?:do|does|is|are){_NOT} (?:look|be|get|become|seem) (?P<what>\S.*)")


def rephrased(clause: str) -> str:
    """Return a clause as the order that it means; others stay as they are.

    Args:
        clause: in lower case, without politeness.

    >>> rephrased("she shouldn't be so pale")
    'she is too pale'
    >>> rephrased("the freckles gone"), rephrased("the beard has to go")
    ('no freckles', 'no beard')
    """
    clause = re.sub(r"\b(more|less|no more) gr[ae]y$", r"\1 grey hair", clause)
    if found := _RECOLOURED.fullmatch(clause):
        return f"{found['colour']} {_PLURALS.get(found['what'], found['what'])}"
    if found := _LIKE_SEX.fullmatch(clause):
        way = "masculine" if found["sex"] in ("man", "boy", "guy", "bloke", "dude") else "feminine"
        return f"{found['degree'] or ''}{found['way']} {way}"
    clause = _READS.sub(lambda found: f"{found['noun']} is ", clause)
    clause = _MILLIMETRES.sub("", clause)
    for read in (_unwanted, _should_not, _gone, _pushed, _turned_down):
        if words := read(clause):
            return words
    return clause


def removal(clause: str) -> str:
    """Return a clause that takes something away as it reads with "no", and nothing of other clauses.

    >>> removal("get rid of her wrinkles")
    'no wrinkles'
    """
    found = _WITHOUT.fullmatch(clause)
    words = f"no {found['what']}" if found else with_removals(clause)
    words = _AGAIN.sub(r"\g<what>", re.sub(rf"^no {THE} ", "no ", words))
    words = _NO_COLOUR.sub(lambda one: f"no {one['colour'].replace('gray', 'grey')} hair", words)
    return words if words != clause or clause.startswith("no grey") else ""


def _unwanted(clause: str) -> str:
    """Return what somebody does not want, as an order."""
    if found := _DISLIKED.fullmatch(clause):
        how = _HOW_IT_IS.fullmatch(found["what"])
        return _complaint(f"{how['noun']} is {how['how']}" if how else found["what"])
    if (found := _HATED.fullmatch(clause)) and _is_thing(found["what"]):
        return f"no {found['what']}" if find_parts(found["what"])[0].name in _ON_FACE else ""
    if found := _UNASKED.fullmatch(clause):
        return f"don't {'give her' if found['be'] == 'have' else 'make her'} {found['what']}"
    if found := _UNWANTED_PERSON.fullmatch(clause):
        what = re.sub(rf"^(?:{_TO_HAVE}|with) (?:any )?(?=\S)", "with ", found["what"])
        if what.startswith("with "):
            return _no_more(what.removeprefix("with "))
        if degreed := _DEGREED.fullmatch(what):
            return f"too {degreed['how']}"
        return f"don't make her {what}"
    if found := _UNWANTED_THING.fullmatch(clause):
        return _no_more(found["what"])
    return ""


def _no_more(what: str) -> str:
    """Return the order for a thing that somebody does not want: less of it, where there is too much, or none."""
    if found := _MANY.fullmatch(what):
        return f"too many {found['what']}"
    what = re.sub(rf"^(?:{THE}|an?|any|such) ", "", what)
    return f"no {what}"


def _should_not(clause: str) -> str:
    """Return what should not be, as an order."""
    if re.search(r"\benough\b", clause):
        return ""
    if (found := _DOES_NOT_LOOK.fullmatch(clause)) and _is_comparative(found["what"]):
        return f"don't make {found['noun']} {found['what']}"
    if found := _SHOULD.fullmatch(clause) or _WERE_NOT.fullmatch(clause):
        noun, what, verb = found["noun"], found["what"], found.groupdict().get("verb") or ""
        is_thing = re.fullmatch(_TO_HAVE, verb) or (not verb and _is_thing(what))
        if re.match(r"(?:touch|chang|alter|stay|move|be (?:touched|changed|altered))", what):
            return ""
        if many := _MANY.fullmatch(what):
            return f"too many {many['what']}"
        if degreed := _DEGREED.fullmatch(what):
            return f"{noun} is too {degreed['how']}"
        if is_thing:
            return _no_more(what)
        if _is_comparative(what) or _is_no_number(f"{what} {_of_part(noun)}"):
            return f"don't make {noun} {what}"
        return re.sub(r"\s+", " ", f"less {re.sub(r'^(?:an? |be )', '', what)} {_of_part(noun)}").strip()
    return ""


def _is_thing(what: str) -> bool:
    """Return whether words name a part or a thing, and say nothing of it."""
    return bool(find_parts(what)) and not without_parts(re.sub(rf"^(?:(?:{THE}|an?|any) )+", "", what)).strip()


def _is_comparative(what: str) -> bool:
    """Return whether words compare: "older", "any wider", "more tanned"."""
    words = without_degree(re.sub(r"^any ", "", what))[0].split()
    return bool(words) and (words[0] in ("more", "less", "fewer") or bool(base_of(words[0])))


def _is_no_number(words: str) -> bool:
    """Return whether words say a colour or a choice, of which there is no less."""
    return any(VOCABULARY[name].kind is not Kind.NUMBER for name in read_words(words.strip()).traits)


def _of_part(noun: str) -> str:
    """Return a noun without its determiner, and nothing of a person."""
    return "" if re.fullmatch(WHO, noun) else re.sub(rf"^{THE} ", "", noun)


def _gone(clause: str) -> str:
    """Return what is to go away with "no"."""
    if _OUT_OF_FACE.fullmatch(clause):
        return "swept back hair"
    if (found := _BARE_GONE.fullmatch(clause)) and _is_thing(found["what"]):
        return _no_more(found["what"])
    for pattern in (_MUST_GO, _GONE, _OFF_WITH, _CLEAN_OF, _WITH_NONE):
        if (found := pattern.fullmatch(clause)) and not re.fullmatch(WHO, found["what"]):
            return removal(_no_more(found["what"])) or _no_more(found["what"])
    return ""


def _pushed(clause: str) -> str:
    """Return what pushing a part somewhere makes of it."""
    words, _ = without_degree(clause)
    found = _PUSHED.fullmatch(words) or _APART.fullmatch(words)
    parts = find_parts(found["what"]) if found else ()
    if found is None or len(parts) != 1 or without_parts(found["what"]).strip():
        return ""
    way = re.sub(r"^(?:further|farther|more|slightly) ", "", found["way"])
    way = re.sub(r"^(in|out|up|down|back|for)wards?$", r"\1", way).replace("closer together", "closer")
    way = "forward" if way == "for" else way
    for ways, order in _STUDIO.get(parts[0].name, ()):
        if re.fullmatch(ways, way):
            return clause.replace(words, order) if words in clause else _with_degree_of(clause, order)
    return ""


def _turned_down(clause: str) -> str:
    """Return less of what is taken down, more of what is brought up; brows that are dropped are lower."""
    if (found := _DROPPED.fullmatch(clause)) and not pose_of(clause)[0]:
        return f"{'lower' if found['verb'] in ('drop', 'sink') else 'higher'} {found['part']}"
    if found := _TURNED.fullmatch(clause):
        return _with_degree_of(clause, f"{'less' if found['way'] == 'down' else 'more'} {found['what']}")
    return ""


_MILLIMETRES: Final = re.compile(
    r" by (?:about )?(?:an?|a few|a couple of|some|\d+|one|two|three|four|five) ?(?:millimet(?:re|er)s?|mm|inch(?:es)?|centimet(?:re|er)s?|cm|pixels?|notch(?:es)?|hairs?)$"
)
_DROPPED: Final = re.compile(
    rf"(?P<verb>drop|sink|lift|raise) (?:{THE} )?(?P<part>brows|eye ?brows|hair ?line|cheek ?bones|corners of the mouth|mouth corners)(?: (?:down|up|a bit|a little|slightly))*"
)
_TURNED: Final = re.compile(
    rf"(?:take|bring|turn|dial|tone|pull|bump|ramp|crank) (?:{THE} )?(?P<what>[\w' -]+?) (?P<way>down|up)(?: (?:a (?:notch|bit|little|touch|tad|lot)|slightly|some|one notch))*"
)


def _with_degree_of(clause: str, order: str) -> str:
    """Return an order as far as a clause goes: "a bit"."""
    _, factor = without_degree(clause)
    return f"{'a bit ' if factor < 1.0 else 'a lot ' if factor > 1.0 else ''}{order}"


# ---------------------------------------------------------------------------------------------------------- complaints

_THIS: Final = r"(?:that|it|this|them|those|these|the (?:problem|issue))"
_MENDED: Final = re.compile(
    rf"(?:(?:fix|correct|change|mend|repair|improve|sort|adjust|address|remedy|solve|tackle|straighten|even|smooth|tidy|clean|tone|help)(?: {_THIS})?(?: (?:out|up|down))?"
    rf"|(?:stop|quit|end) {_THIS}|(?:do|try) something(?: (?:about|with|against) {_THIS})?|something (?:about|against) {_THIS}|(?:deal|help) with {_THIS}|work on {_THIS}|take care of {_THIS}|not good|that's not (?:good|right)"
    r"|(?:that|this|it) (?:needs|has) to (?:be (?:fixed|changed|corrected)|change))(?: (?:please|for me|now))*"
)
_HAS: Final = re.compile(rf"(?P<noun>{WHO}) (?:has|have|has got|'s got) (?P<what>\S.*)")
_IS: Final = re.compile(
    rf"(?P<noun>{WHO}|(?:{THE} )?[\w' -]+?) (?P<be>is|are|looks?|seems?|appears?|feels?|sits?|'s)(?: (?:like|still|just|really|rather|quite|very|kind of|sort of))* (?P<degree>a (?:little )?(?:bit|little|touch|tad) )?(?P<how>\S.*)"
)
_PRAISE: Final = re.compile(
    r"^(?:it'?s|it is|that'?s|that is|she'?s|she is|he'?s|he is|this is|looks?|(?:i|we) (?:like|love) (?:it|her|him|this|that))(?: (?:all|really|very|pretty|quite|almost|looking))*(?: (?:good|great|nice|fine|perfect|lovely|better|ok|okay|there))*(?:,? (?:but|only|except(?: that)?|just(?: that)?))+ (?P<rest>.+)$"
)


def _complaint(fact: str) -> str:
    """Return a fact as a complaint: "she looks tired" as "she is too tired".

    >>> _complaint("the lips look thin"), _complaint("she has wrinkles")
    ('the lips is too thin', 'less wrinkles')
    """
    if re.search(r"\b(?:too|enough|less|more)\b|^no ", fact):
        return fact
    if found := _HAS.fullmatch(fact):
        return re.sub(r"^less (?:an? |some |many |lots of )?", "less ", f"less {found['what']}")
    if found := _IS.fullmatch(fact):
        how = re.sub(rf"^(?:{_SO}|an?) ", "", found["how"])
        return f"{found['noun']} is {found['degree'] or ''}too {how}"
    if find_parts(fact) and re.search(r"\b(?:sticks?|hangs?|droops?|sags?|protrudes?|shines?|stands?)\b", fact):
        return f"{fact} too much"
    return f"less {fact}"


_TAGGED: Final = re.compile(
    rf"(?P<fact>(?:{WHO}|{THE} [\w -]+?) (?:is|are|looks?|seems?)\b[^,;.]*),? (?:(?:is|are|do|does)n't (?:it|they|she|he)|don't you (?:think|agree)|(?:is|are) (?:it|they|she|he) not|wouldn't you say|no|right|huh)"
)


def without_praise(sentence: str) -> str:
    """Return a sentence in which what follows praise is a complaint: "it's all good but the ears stick out"."""
    if (found := _TAGGED.fullmatch(sentence.strip(" .!?"))) and not re.search(r"\b(?:not|n't)\b", found["fact"]):
        return _complaint(found["fact"])
    found = _PRAISE.fullmatch(sentence.strip(" .!"))
    if found is None or not _states(found["rest"]):
        return sentence
    return _complaint(found["rest"])


def _states(text: str) -> bool:
    """Return whether a text says how a part is and asks for nothing."""
    return bool(
        re.match(rf"{THE} [\w -]+? (?:is|are|looks?|seems?|sticks?|hangs?|droops?|protrudes?)\b", text)
    ) and not (re.search(r"\b(?:too|enough|should|must|could|needs?|not|and)\b|,", text))


def mended(clauses: Sequence[str]) -> list[str]:
    """Return clauses in which a fact before "fix that" is a complaint, and "fix that" is nothing.

    >>> mended(["she looks tired", "fix that"])
    ['she is too tired', '']
    """
    said = list(clauses)
    for number, clause in enumerate(said):
        if number and _MENDED.fullmatch(clause):
            said[number] = ""
            before = next((at for at in reversed(range(number)) if said[at]), None)
            if before is not None:
                said[before] = _complaint(said[before])
    return said


__all__ = ["mended", "removal", "rephrased", "without_praise"]
