"""Orders as people give them, put into the words that changes are read from, with how far to go."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import difflib
import re
from typing import Final

from dreamface.language import slips
from dreamface.language.changes import base_of
from dreamface.language.degrees import without_degree
from dreamface.language.lexicon import lexicon
from dreamface.language.parts import find_parts, without_parts
from dreamface.language.words import canonical

THE: Final = r"(?:the|her|his|their|its|that|this|those|these|my|your)"
WHO: Final = r"(?:she|he|it|they|her|him|them|this one|the (?:face|head|person|woman|man|girl|boy|lady|guy|character))"

_POLITE_STARTS: Final = (
    "hey", "hi", "hello", "ok(?:ay)?", "so", "well", "now", "please", "pls", "maybe", "perhaps", "and", "then",
    "also", "but", "or", "actually", "if (?:so|not|yes|she (?:is|has|does))", "in that case", "make sure(?: that)?", "on second thoughts?",
    r"just(?! (?:change|touch|alter|edit)\b)",
    "from now on", r"no(?=\s*[,.!;:])", "yes", "yeah", "yep", "thanks", "thank you", "good", "great", "nice",
    "cool", r"right(?! (?:eye|ear|cheek|brow|nostril|temple|half|side|iris|corner|hand|one|lid|lash))", "alright", "hmm+", "um+", "oh",
    "wait", "sorry", "kindly", "dear", "listen", r"look(?=\s*[,.!;:])",
    "(?:can|could|may) (?:i|we) (?:have|get|see)",
    "(?:can|could|should|may) (?:she|he|it|they) (?:have|get|wear)",
    "(?:can|could|would|will|should) (?:you|we|i)(?: (?:please|maybe|perhaps|also|just|now|kindly))*(?: (?:have|see|get) (?=an? |some |more |less ))?",
    "let'?s", "let us", "go ahead and", "try (?:to|and)", "tries to",
    "you (?:should|could|must|need to|can|may|might)",
    "we (?:should|could|need to|must|can)", "do",
    "why (?:don't|not|do not|didn't)(?: (?:you|we))?",
    "how about", "what about",
    "what if(?: (?:she|he|it|they|we|you))?(?: (?:were|was|are|is|had|has|have|looked|got|made|gave|would be|tried))?",
    "what would (?:she|he|it|they|this) look like(?: (?:with|if (?:she|he|it|they) (?:was|were|had)))?",
    "isn't it (?:about )?time for", "(?:it's|it is) time for", "is it possible to", "would it be possible to",
    "(?:i|we) (?:would like|'d like|want|wanted|wish|need|think|guess|feel(?: like)?|believe|prefer|would prefer|would love|'?d like|'?d prefer|'?d love|'?d rather|would rather|said|meant|asked for|was thinking|suppose)(?: (?:to (?:have|see|get)|that|for|you to|you|to))*",
    "(?:it|that) would be (?:nice|great|good|better|nicer|cool|lovely|best)(?: (?:if|to|with))?",
    "would be (?:nice|great|good)", "can i (?:have|get|see)", "i'?ll have", "i'?ll take", "go for", "go with",
)  # fmt: skip
"""What people say before an order, as patterns: a greeting, a request, a wish."""

_POLITE: Final = re.compile(rf"^(?:(?:{'|'.join(_POLITE_STARTS)})(?:,|:|\.|!|\b)\s*)+", re.IGNORECASE)
_POLITE_ENDS: Final = (
    "please", "pls", "thanks", "thank you", "thx", "cheers",
    "would be (?:nice|great|good|better|lovely)",
    r"if (?:you|that)(?: \w+)* can", "if possible", "from now on", "ok(?:ay)?", "will you", "would you",
    "could you", "right now", "instead", "for me", "i think", "though", "then", "now", "my dear", "mate",
)  # fmt: skip
"""What people say after an order, as patterns."""

_THANKS: Final = re.compile(rf"(?:[\s,.!]|\b(?:{'|'.join(_POLITE_ENDS)}))+$", re.IGNORECASE)
_SMALL_TALK: Final = (
    "hello", "hi", "hey", "hiya", "yo", "good (?:morning|evening|day|night)", "bye", "goodbye", "thanks",
    "thank you", "thx", "cheers", "ok(?:ay)?", "yes", "no", "yeah", "cool", "great", "nice", "good", "perfect",
    "wow", "lovely", "awesome", "super", "fine", "sure", "lol", "haha", "hm+", "um+", "oh", "well", "there",
    "again", "so much", "a lot", "very much",
    "(?:keep|leave) (?:it|that|this|everything|the rest)(?: else)?(?: (?:like|as) (?:this|that|it is)| alone| the same)?",
    "that'?s (?:it|great|good|nice|perfect|better|fine|all|right|cool|lovely)",
    "looks? (?:good|great|nice|better|perfect)",
    "(?:she|he|it|this|that)(?:'s| is| looks?| seems?)(?: so| very| really| just| quite| absolutely| now)* (?:beautiful|pretty|perfect|gorgeous|great|lovely|cute|handsome|nice|amazing|good|stunning|wonderful|fantastic|better|ugly|fine)(?: now)?",
    "(?:i|we) (?:do(?:n't| not) )?(?:really )?(?:like|love|hate) (?:it|that|this|her|him|them)(?: (?:a lot|very much))?",
    "not bad", "well done", "good job", r"you(?:'re| are) (?:\w+ ){1,4}\w*", "please", "wait", "sorry",
)  # fmt: skip
"""What asks for nothing, as patterns: greetings, praise, feelings."""

SMALL_TALK: Final = re.compile(rf"(?:(?:{'|'.join(_SMALL_TALK)})[\s,.!]*)+", re.IGNORECASE)

_NUMBER: Final = re.compile(
    r"\d|\b(?:ten|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|twice|half|double|triple|decade)\b"
)

_NOUN: Final = rf"(?:{THE} )?(?P<noun>[\w' -]+?)"
_BE: Final = r"(?:is|are|was|were|'s|'re|looks?|seems?|appears?|feels?|gets?|still (?:is|are|looks?))(?: (?:still|just|also|all|now))?"
_SHOULD: Final = (
    r"(?:should|could|must|might|may|can|needs? to|has to|have to|ought to|would|wants? to|shall|is to|are to|will)"
    r"(?: (?:also|maybe|perhaps|probably|just|really|still|do with|use))?(?: (?:be|look|get|have|become|seem|appear|grow|go))?"
)
_TOO: Final = re.compile(
    rf"^(?:{_NOUN} )?(?:{_BE} )?(?P<degree>(?:still |just |way |far |much |a bit |a little |slightly |rather )*)too (?P<how>(?!much\b|many\b)[\w' -]+)$",
    re.IGNORECASE,
)
_TOO_MUCH: Final = re.compile(
    rf"^{_NOUN} (?P<verb>[\w ]+?)? ?(?P<degree>way |far |a bit |a little )*too much$", re.IGNORECASE
)
_TOO_MANY: Final = re.compile(
    rf"^(?:{WHO} (?:has|have|'s got|got|is wearing|wears) |there (?:is|are) |with )?(?P<degree>way |far |a bit |a little )*too (?:much|many) (?P<what>[\w -]+)$",
    re.IGNORECASE,
)
_ENOUGH: Final = re.compile(
    rf"^(?:{_NOUN} )?(?:(?:{_BE} )?(?:not|n't|never)|isn't|aren't|doesn't look|don't look|ain't|wasn't) (?:quite |nearly )?(?P<how>[\w -]+) enough$",
    re.IGNORECASE,
)
_NOT_ENOUGH: Final = re.compile(
    rf"^(?:{WHO} (?:hasn't|doesn't have|has|have) |there (?:is|are|isn't|aren't) )?(?:not |n't )?enough (?P<what>[\w -]+)$",
    re.IGNORECASE,
)
_MODAL: Final = re.compile(rf"^(?:{THE} )?(?P<noun>[\w' -]+?) {_SHOULD} (?P<rest>\S.*)$", re.IGNORECASE)
_CAN_IT: Final = re.compile(
    rf"^(?:could|can|should|would|might|shouldn't|couldn't|can't|wouldn't) (?P<noun>{WHO}|{THE} [\w -]+?) (?:(?:be|look|have|get|become|wear|grow|use|do with|go)\b|not be) ?(?P<rest>\S.*)$",
    re.IGNORECASE,
)
VERBS: Final[dict[str, str]] = {
    "widen": "wider", "broaden": "wider", "enlarge": "bigger", "lengthen": "longer", "elongate": "longer",
    "shorten": "shorter", "narrow": "narrower", "slim": "slimmer", "slim down": "slimmer", "shrink": "smaller",
    "reduce": "less", "increase": "more", "raise": "higher", "lift": "higher", "lower": "lower", "sharpen": "sharper",
    "soften": "softer", "thicken": "thicker", "thin": "thinner", "thin out": "thinner", "darken": "darker",
    "lighten": "lighter", "brighten": "lighter", "round": "rounder", "round off": "rounder", "flatten": "flatter",
    "plump": "fuller", "plump up": "fuller", "fill out": "fuller", "deepen": "deeper", "straighten": "straighter",
    "strengthen": "stronger", "weaken": "weaker", "beef up": "stronger", "age": "older", "rejuvenate": "younger", "de-age": "younger", "deage": "younger",
    "tone down": "less", "turn down": "less", "dial down": "less", "tame": "less", "ease": "less",
    "emphasise": "more", "emphasize": "more", "accentuate": "more", "exaggerate": "more", "boost": "more",
    "amp up": "more", "intensify": "more", "turn up": "more", "dial up": "more", "bring out": "more",
}  # fmt: skip
"""Verbs of changes, and the comparative of each."""

_VERB: Final = re.compile(
    rf"^(?P<verb>{'|'.join(sorted(VERBS, key=len, reverse=True))}) (?:(?:up|down|out) )?(?P<what>{WHO}|(?:{THE} )?[\w' -]+)$",
    re.IGNORECASE,
)
_EXAGGERATED: Final = (
    "exaggerate",
    "emphasise",
    "emphasize",
    "accentuate",
    "boost",
    "bring out",
    "intensify",
    "amp up",
)
_DEFAULTS: Final[dict[str, str]] = {
    "chin": "more prominent chin", "nose": "bigger nose", "eyes": "bigger eyes", "lips": "fuller lips",
    "mouth": "wider mouth", "ears": "bigger ears", "jaw": "stronger jaw", "cheekbones": "more prominent cheekbones",
    "cheeks": "fuller cheeks", "brows": "thicker brows", "forehead": "higher forehead", "neck": "thicker neck",
    "bags under the eyes": "bigger bags under the eyes",
}  # fmt: skip
"""What more of a part is that is always there."""

_AGES: Final = {"more old": "older", "less old": "younger", "more young": "younger", "less young": "older",
                "more aged": "older", "less aged": "younger"}  # fmt: skip
_NOUNS: Final = {"smiling": "smile", "frowning": "frown", "grinning": "smile", "blushing": "blush"}
_LED: Final = re.compile(
    rf"^(?:(?:make|turn|give|get|let|have|put|set|change|render|draw|paint|show|keep|want|add|use|try|apply|grow|do|see) )?"
    rf"(?:to )?(?:{WHO}|everything|it all) (?:to |into |in to |look |seem |appear |be |become |with |have |get |like |(?:has|is|are|was|were|looks?|seems?|had|got)\b ?)*(?=\S)",
    re.IGNORECASE,
)
_ADD: Final = re.compile(
    r"^(?:add|put on|apply|include|grow|put|use|try|insert|bring in|wear|wearing|go for) (?:(?:her|him|them|on) )?(?=\S)",
    re.IGNORECASE,
)
_APART: Final = (
    (re.compile(r"\b(?:too |less )?close(?:-set)? together\b"), "close-set"),
    (re.compile(r"\bfar apart\b"), "wide-set"),
)  # fmt: skip


def corrected(text: str) -> str:
    """Return a lower-case text whose likely slips in words that talk is made of are mended."""
    return re.sub(r"[a-z']{4,}", lambda found: _corrected(found[0]), text)


_TALK_WORDS: Final = (
    "make", "give", "keep", "nose", "eyes", "hair", "lips", "mouth", "chin", "cheeks", "ears", "forehead", "beard",
    "freckles", "older", "younger", "bigger", "smaller", "wider", "longer", "shorter", "narrower", "thinner", "thicker",
    "rounder", "sharper", "darker", "lighter", "higher", "lower", "fuller", "stronger", "undo", "redo", "more", "less",
    "what", "change", "changed", "does", "look", "please", "before", "better", "bit", "colour", "wrinkles", "brows",
    "eyebrows", "skin", "jaw", "neck", "smile",
)  # fmt: skip


def _corrected(word: str) -> str:
    if word in _TALK_WORDS or slips.is_english(canonical(word)) or slips.is_english(word) or lexicon().knows(word):
        return word
    close = difflib.get_close_matches(word, _TALK_WORDS, n=1, cutoff=0.75)
    if close or sorted(word) in map(sorted, _TALK_WORDS):
        return close[0] if close else next(known for known in _TALK_WORDS if sorted(known) == sorted(word))
    return word


def is_known(words: str) -> bool:
    """Return whether any word of a text is English, or one that descriptions are made of."""
    return any(
        slips.is_english(canonical(word))
        or lexicon().knows(canonical(word))
        or slips.correction(canonical(word))
        or base_of(word)
        for word in re.findall(r"[^\W\d_]+", words.lower())
    ) or any(character.isdigit() for character in words)


def is_english(text: str) -> bool:
    """Return whether most words of a text are English."""
    words = re.findall(r"[^\W\d_]+", text.lower())
    return sum(slips.is_english(word) or slips.is_english(canonical(word)) for word in words) > len(words) // 2


def stripped(clause: str) -> str:
    """Return a clause without what is only polite: "could you please undo that" is "undo that"."""
    clause = _uncontracted(clause.strip(" ,;:!?.\n-"))
    return _ONLY.sub("", _THANKS.sub("", _POLITE.sub("", clause))).strip(" ,;:!?.\n-")


_ONLY: Final = re.compile(r"(?<=\w) (?:only|alone)$")
_INSTEAD: Final = re.compile(
    r"(?<=\w) (?:instead of|rather than|and not|not) (?!.*\b(?:enough|so|too)\b)(?:the |an? )?[\w -]+$"
)
_NAMES: Final = ((re.compile(r"\bredness\b(?! of)"), "red skin"), (re.compile(r"\b(?:paleness|pallor)\b"), "pale skin"))
_AS_WELL: Final = re.compile(r"(?<=\w) (?:again|too|as well|either)$")
_STOPPED: Final = re.compile(r"^(?:stop|no more|quit) (?P<what>\w+ing)\b")


_SHARE: Final = re.compile(
    r"\b(?:by )?(?:about |around )?(?P<share>\d{1,3}) ?(?:%|percent|per cent) (?P<how>(?!more\b|older\b)\w+er\b)"
)
_WHOLE_SHARE: Final = 50  # per cent, that a comparative by itself stands for: half the way


def by_percent(text: str) -> tuple[str, float]:
    """Return an order without its percentage, and how far that goes over what a comparative means by itself.

    >>> by_percent("make her nose 20% smaller")
    ('make her nose smaller', 0.4)
    """
    found = next((one for one in _SHARE.finditer(text) if base_of(one["how"])), None)
    if found is None or not int(found["share"]):
        return text, 1.0
    return f"{text[: found.start()]}{found['how']}{text[found.end() :]}", int(found["share"]) / _WHOLE_SHARE


def _plain(text: str) -> str:
    """Return a text whose "more old" is "older"."""
    for words, better in _AGES.items():
        text = re.sub(rf"\b{words}\b", better, text)
    return text


def as_change(clause: str) -> tuple[str, float]:
    """Return the words that a change is read from, and how strong it is to be.

    Args:
        clause: one order in lower case, without politeness.

    >>> as_change("her nose is a bit too big")
    ('less big nose', 0.5)
    >>> as_change("widen the mouth")
    ('wider mouth', 1.0)
    >>> as_change("she's not old enough")
    ('older', 1.0)
    """
    clause = _INSTEAD.sub("", _uncontracted(clause))
    clause = _AS_WELL.sub("", clause)
    clause = _STOPPED.sub(lambda found: f"no {_NOUNS.get(found['what'], found['what'])}", clause)
    for pattern, name in _NAMES:
        clause = pattern.sub(name, clause)
    if _NUMBER.search(clause):
        return _compared(clause) or _led(clause), 1.0
    compared = _compared(clause)
    words, strength = without_degree(compared or _led(clause))
    words = _plain(words)
    if not compared and strength != 1.0 and (again := _compared(words)):
        words = again
    return words, strength


def _uncontracted(clause: str) -> str:
    clause = re.sub(r"\b(she|he|it|that|there|who|nose|hair|face)'s\b(?= (?!own))", r"\1 is", clause)
    clause = re.sub(r"\b(they|you|we|eyes|lips|ears)'re\b", r"\1 are", clause)
    return re.sub(r"\b(i|we|you|she|he|they)'d\b", r"\1 would", clause)


def _compared(clause: str) -> str:
    """Return the comparative that a complaint, a wish or a verb means; nothing of other clauses."""
    for pattern, put in _APART:
        if "too" in clause:
            clause = pattern.sub(lambda found, put=put: ("too " if found[0].startswith("too") else "") + put, clause)  # type: ignore[misc]
    if found := _TOO_MANY.match(clause):
        return f"{found['degree'] or ''}less {found['what']}"
    if found := _TOO_MUCH.match(clause):
        return f"{found['degree'] or ''}less {_bare(found['noun'])} {found['verb'] or ''}".strip()
    if found := _TOO.match(clause):
        return f"{found['degree']}less {found['how']} {_bare(found['noun'])}".strip()
    if found := _ENOUGH.match(clause):
        return f"more {found['how']} {_bare(found['noun'])}".strip()
    if found := _NOT_ENOUGH.match(clause):
        return f"more {found['what']}"
    if found := _VERB.match(clause):
        return _by_verb(found["verb"].lower(), found["what"])
    if (found := _CAN_IT.match(clause)) or (found := _MODAL.match(clause)):
        return f"{found['rest']} {_bare(found['noun'])}".strip()
    return ""


def _by_verb(verb: str, what: str) -> str:
    what = _bare(what)
    parts = find_parts(what)
    if verb in _EXAGGERATED and parts and not without_parts(what).strip():
        return "a lot " + _DEFAULTS.get(parts[0].name, f"more {what}")
    if VERBS[verb] == "less" and parts and parts[0].name in _DEFAULTS and not without_parts(what).strip():
        return (
            _DEFAULTS[parts[0].name].replace("bigger", "smaller").replace("more ", "less ").replace("fuller", "thinner")
        )
    return f"{VERBS[verb]} {what}".strip()


def _bare(noun: str | None) -> str:
    """Return a noun without its determiner; nothing of a person."""
    noun = re.sub(rf"^{THE} ", "", (noun or "").strip(), flags=re.IGNORECASE)
    return "" if re.fullmatch(rf"(?:{WHO}|i think|everything|person|woman|man)", noun, re.IGNORECASE) else noun


def _led(clause: str) -> str:
    """Return a clause without the verb that leads it: "make her older", "add some blush"."""
    shorter = _LED.sub("", clause)
    if shorter == clause:
        shorter = _ADD.sub("", clause)
    if shorter == clause:
        shorter = re.sub(r"^(?:make|give|get|have|let|set|turn|want|try) (?=\S)", "", clause)
    return re.sub(r"^(?:looks? like |like |to |as if |be )+(?=(?:an? |to be )?\w)", "", shorter).strip()
