"""Questions about a face: what they are about, and what they suppose."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from typing import Final

from dreamface.language.lexicon import lexicon
from dreamface.language.parts import Part, find_parts, traits_of, without_parts
from dreamface.language.reader import read_words
from dreamface.language.talk import Context, Question
from dreamface.language.talk_orders import THE, WHO, as_change, is_known
from dreamface.traits import Traits

_ASIDE: Final = re.compile(
    r"^(?:(?:hey|ok(?:ay)?|so|well|and|but|then|please|now|hm+|um+|oh|also|just|hello|hi)[\s,]+|(?:do|did) you (?:think|know|believe|reckon|remember)(?: if| whether| that)?\s+"
    r"|(?:can|could|would|will) you (?:please )?(?:tell|say|explain|show)(?: (?:to )?me| us)?(?: if| whether)?\s+|(?:please )?(?:tell|explain|show)(?: to)?(?: me| us)?(?: if| whether)?\s+|i (?:wonder|was wondering|am wondering)(?: if| whether)?\s+"
    r"|i (?:don't|do not) (?:know|understand|see) (?=why|what|how|which)|i(?:'d| would) (?:like|love) to know (?:if |whether )?|any idea |remind me )+",
    re.IGNORECASE,
)
_SHE: Final = rf"(?:{WHO}|{THE} [\w' -]+?)"
_BE: Final = r"(?:is|are|was|were|'s|'re)"

_PHRASES: Final[dict[str, tuple[str, ...]]] = {
    "why": (
        r"^(?:why|how come|what made you|for what reason|what(?:'s| is) the reason|where (?:does|do|did) .+ come from|because of what)\b",
    ),
    "unknown": (
        r"^what (?:(?:don't|do|didn't|did|haven't|have|can't|couldn't) )(?:you )?(?:not )?(?:know|understand|get|understood|read|catch|use|used|make of)\b.*",
        "^(?:which|what) words? .*",
        r".*\b(?:not understood|didn't understand|did(?:n't| not) (?:get|catch|use)|misunderstood|ignored?|left out|leave out)\b.*",
        r"^what(?:'s| is| was| are) (?:still )?(?:unknown|unclear|missing|not known)\b.*",
        r"^what(?:'s| is) (?:drawn|random|made up|guessed|left open)\b.*",
        r"^what did you (?:guess|make up|invent|leave open)\b.*",
        r"^(?:did|do) you understand (?:everything|all|it all|me)\b.*",
        "^what are you (?:not sure|unsure) (?:of|about).*",
    ),
    "changes": (
        r"^what(?:'s| is| has| have| did| was| were|'ve)? ?(?:you |we |i |been )*(?:just )*(?:change[ds]?|do|done|did|different|new|altered?|edit(?:ed)?|happen(?:ed)?|say|said|ask(?:ed)?(?: for)?)\b.*",
        r"^what (?:are|were) (?:the|your|my|our) (?:last )?(?:changes|edits)\b.*",
        r"^(?:list|show|recap|summari[sz]e|repeat)\b.*\b(?:changes|edits|history|changed|did|done)\b.*",
        "^(?:the )?(?:history|changes)$",
        r"^(?:did|have|had) you (?:already |just |really |even )*(?:make|made|change[d]?|do|done|give|given|add|added|remove[d]?|turn|touch|alter|follow|undo|undone)\b.*",
        r"^(?:has|have|did) (?:anything|something|it|she|he|that) change[d]?\b.*",
        r"^how (?:did|have) you changed?\b.*",
        r"^which changes\b.*",
    ),
    "help": (
        "^help$",
        r"^\?+$",
        r"^what else\b.*$",
        r"^what can (?:you|i|we|one)\b.*$",
        r"^how (?:do|does|can|should) (?:i|this|it|you|we|one)(?! look)\b.*$",
        r"^what (?:should|could|must) i (?:say|type|do|ask)\b.*$",
        r"^what (?:commands|words|orders|options|kind of (?:things|changes))\b.*$",
        r"^(?:can|may|could) (?:i|we|one)\b(?! (?:have|get|see)\b).*$",
        r"^(?:do|can) you (?:understand|speak|know|do|change|edit|make) ?(?!her|him|it|the|a |an )\w*\b.*$",
        "^who are you$",
        "^what are you$",
        r"^are you (?:a|an|human|real|there|ai)\b.*$",
        "^what is (?:this|dreamface)$",
        "^commands$",
        "^manual$",
        "^instructions$",
        "^examples?$",
        "^what now$",
        "^what next$",
    ),
    "describe": (
        f"^what (?:does|do) (?:{WHO}) look like$",
        r"^describe\b.*$",
        f"^(?:tell me |anything |something |more )?about (?:{WHO})$",
        f"^who (?:is|are|'s) (?:{WHO}|that|this)$",
        "^what (?:do|can) you see$",
        f"^how (?:does|do) (?:{WHO}) look(?: like| now)?$",
        f"^what(?:'s| is) (?:{WHO}) like$",
        "^what kind of (?:face|person|man|woman) .*$",
        f"^sum (?:{WHO}) up$",
        "^summary$",
    ),
    "prompt": (
        r"^(?:what(?:'s| is| was| were)?|which|show)\b.*\b(?:prompt|seed|described|original words|head model|topology|resolution)\b.*",
        "^(?:the )?(?:prompt|seed)$",
    ),
    "age": (
        r"^how (?:old|young)\b.*",
        rf"^(?:what|which|whats)(?:'s| is)? ?(?:{THE})? ?age\b.*",
        rf"^(?:{_BE}|does|do|isn't|has) (?:{_SHE}) (?:look |seem |appear |too |very |really |quite |still |that |so |really |look )*(?:old|young|aged|elderly|middle[- ]aged|a (?:child|kid|teenager|baby)|an adult|older|younger|over \d+|under \d+|(?:about |around )?\d+)\b.*",
        rf"^(?:{WHO}) (?:too |is |looks? |seems? )+(?:old|young)\??$",
        f"^when was (?:{WHO}) born",
        f"^(?:{THE} )?age$",
    ),
    "sex": (
        rf"^(?:{_BE}|isn't|does|do) (?:{WHO}|that|this|there)(?: (?:look|seem|supposed to be|meant to be|really|even|still|be|appear|like))*(?: like)? ?(?:an? |the )?(?:\w+ )?(?:man|woman|male|female|boy|girl|guy|lady|masculine|feminine|bloke|dude|chick|human)(?: or .*)?\b.*",
        r"^(?:what|which|whats)(?:'s| is)? ?(?:the |her |his |their )?(?:sex|gender)\b.*",
        r"^(?:a )?(?:man|male|boy|he|woman|female|girl|she) or (?:a )?(?:man|male|boy|he|woman|female|girl|she)\b.*",
        "^(?:her|his|their|the) (?:sex|gender)$",
    ),
}
"""Topics, and the phrases of their questions, as patterns."""

_TOPICS: Final = tuple((topic, re.compile("|".join(phrases), re.IGNORECASE)) for topic, phrases in _PHRASES.items())
"""Topics by the pattern of their questions; the first that fits holds."""

_ABOUT: Final = re.compile(
    r"^(?:what(?:'s|s)?|which|who|whose|where|when|how|why|is|are|was|were|does|do|did|has|have|had|isn't|aren't|doesn't|don't|hasn't|can|could|will|would|should)\b",
    re.IGNORECASE,
)
_REQUEST: Final = re.compile(
    rf"^(?:(?:can|could|would|will|should) (?:you|we)\b(?! (?:tell|say|explain|show|see|understand|know|remember|read|speak))|(?:can|could|may) i (?:have|get|see)\b|why (?:don't|not|do not|didn't|doesn't|isn't) ?(?:you|we)? ?(?:make|give|try|add|change|just|put|turn|have|let|take|remove|do)\b"
    rf"|how about|what about|what if|what would (?:{WHO}) look like (?=\S)|(?:could|can|should|would|might) (?:{_SHE}) (?:be|have|look|get|use|do with|wear|become|not|also|please|perhaps|maybe)\b|(?:isn't|is) it (?:about )?time|is it possible to|would it be possible|(?:do|can) (?:you|we) (?:mind|make|give|put|add)\b|shouldn't|couldn't|wouldn't it be)",
    re.IGNORECASE,
)
_NO_REQUEST: Final = re.compile(
    r"^(?:what about|how about) (?:the |her |his )?(?:age|changes|prompt|seed)\b", re.IGNORECASE
)
_ORIGIN: Final = re.compile(
    r"\bwhere (?:is|are|does|do|'s) .*\b(?:from|come from|born)\b|\b(?:ethnicity|ancestry|race|nationality)\b|^what country",
    re.IGNORECASE,
)
_COLOURED: Final = re.compile(r"\bcolou?rs?\b", re.IGNORECASE)
_TALL: Final = re.compile(r"^how (?:tall|fat|heavy|thin|muscular|slim)\b", re.IGNORECASE)
_COLOURS: Final = {
    "eyes": ("iris.colour",), "hair": ("hair.melanin", "hair.redness", "hair.grey", "hair.dye"),
    "skin": ("skin.melanin", "skin.tint"), "lips": ("lipstick", "lips.redness"), "mouth": ("lipstick", "lips.redness"),
    "hair colour": ("hair.melanin", "hair.redness", "hair.grey", "hair.dye"), "eye colour": ("iris.colour",),
    "skin tone": ("skin.melanin", "skin.tint"), "brows": ("brows.colour",), "beard": ("beard.colour",), "teeth": ("teeth.yellowness",),
}  # fmt: skip
_MEASURES: Final = {
    ("hair", "long"): ("hair.length", "hair.style"), ("hair", "short"): ("hair.length", "hair.style"),
    ("hair", "length"): ("hair.length", "hair.style"), ("hair", "dark"): ("hair.melanin",),
}  # fmt: skip


def is_question(text: str, raw: str) -> bool:
    """Return whether a text asks something instead of ordering it.

    Args:
        text: in lower case, without punctuation at its end.
        raw: as it was typed.
    """
    asked = _turned(text)
    if _REQUEST.match(asked) and not _NO_REQUEST.match(asked):
        return False
    if any(pattern.match(asked) for topic, pattern in _TOPICS if topic in _WITHOUT_A_MARK):
        return True
    if asked != text and re.match(r"^(?:what|which|why|how|who|where)\b", asked):
        return True
    return bool(_ABOUT.match(asked)) and (
        "?" in raw
        or bool(re.match(r"^(?:what|which|why|how|who|where|whose|whats)\b", asked))
        or bool(_SUBJECT.match(asked))
    )


_WITHOUT_A_MARK: Final = ("help", "describe", "changes", "unknown", "prompt", "why", "sex")
"""Topics whose questions are known as such by their words alone."""

_SUBJECT: Final = re.compile(rf"^(?:is|are|was|were|does|has|did) (?:{WHO}|{THE} \w+|that|this|there)\b", re.IGNORECASE)


def _turned(text: str) -> str:
    """Return a question without what is said around it: of "the hair, is it dyed" it is "is the hair dyed"."""
    return _DOUBLED.sub(r"\g<be> \g<noun> \g<rest>", _ASIDE.sub("", text))


_DOUBLED: Final = re.compile(rf"^(?P<noun>{THE} [\w ]+?), (?P<be>is|are|was|were|does|has) (?:it|they) (?P<rest>.+)$")


def read_question(text: str, context: Context) -> Question | None:
    """Return the question that a text asks; None where it is about nothing that is known.

    Args:
        text: in lower case, without punctuation at its end.
        context: the face that it is about.
    """
    asked = _turned(text).strip()
    for topic, pattern in _TOPICS:
        if pattern.match(asked):
            return _about(topic, asked, context)
    return _about_traits(asked, context) or _about_mark(asked, context)


_MARK: Final = re.compile(
    rf"(?:is|are|was|were) there (?:any |an? |the |some |still )*(?P<what>.+)|(?:does|do|has|have) (?:{WHO}) (?:still )?(?:have |got )?(?:any |an? |some |the )*(?P<thing>.+)"
    rf"|where (?:is|are) (?P<place>.+)|why (?:is|are) there (?:any |an? |the |some )*(?P<why>.+)|(?:why|where) (?:does|do|has|have) (?:{WHO}) (?:have |got )?(?:any |an? |some |the )*(?P<cause>.+)"
)


def _about_mark(asked: str, context: Context) -> Question | None:
    """Return the question for something that only lies on a place: "is there a bruise?"."""
    found = _MARK.fullmatch(asked)
    what = next((text for text in found.groups() if text), "") if found else ""
    return Question("trait", words=asked) if what and is_known(what) and context.reads_more(what) else None


def _about(topic: str, asked: str, context: Context) -> Question | None:
    if topic == "age":
        return Question("age", ("age",), _claimed(asked), asked)
    if topic == "sex":
        claimed = read_words(_rest(asked)).traits if _rest(asked) else Traits()
        return Question("sex", ("gender",), Traits({n: e for n, e in claimed.items() if n == "gender"}), asked)
    if topic in ("why", "changes"):
        found = _about_traits(asked, context)
        return Question(topic, found.traits if found else (), found.claimed if found else Traits(), asked)
    return Question(topic, words=asked)


_LED: Final = re.compile(
    rf"^(?:why|how come|what made you|what|which|how|where|is|are|was|were|does|do|did|has|have|had|isn't|aren't|doesn't|don't|hasn't|can|will|would|should|there|any|kind|sort|type|of"
    rf"|you|we|i|make|made|making|give|given|giving|turn(?:ed)?|look(?:s|ing)?|seem(?:s)?|like|got|get|wear(?:ing|s)?|be|been|so|too|very|that|this|such|really|just|quite|still|{WHO}|'s|to|with|come|from|change[ds]?|done|already)\b\s*",
    re.IGNORECASE,
)  # fmt: skip


def _rest(asked: str) -> str:
    """Return a question's words without those that make it one."""
    while True:
        shorter = _LED.sub("", asked.strip(), count=1)
        if shorter == asked:
            break
        asked = shorter
    asked = re.sub(
        rf"\b(?:{THE}|is|are|does|do|has|have|so|that|too|very|really|such|any|got|at all|actually|still|even)\b",
        " ",
        asked,
    )
    return " ".join(asked.split())


def _claimed(asked: str) -> Traits:
    words = _rest(asked)
    return read_words(words).traits if words and any(map(str.isalnum, words)) else Traits()


def _about_traits(asked: str, context: Context) -> Question | None:
    """Return a question about traits: those that its words set, and those of the parts that it names."""
    if _ORIGIN.search(asked) and not find_parts(asked.partition("come from")[0]):
        names = tuple(name for name in context.traits if name.startswith("ancestry."))
        return Question("trait", names or ("ancestry.european",), words=asked)
    if _TALL.match(asked):
        return Question("trait", ("body.weight",), words=asked)
    parts, rest = find_parts(asked), _rest(asked)
    if _COLOURED.search(asked) and parts and parts[0].name in _COLOURS:
        return Question("trait", _COLOURS[parts[0].name], words=asked)
    measured = next(
        (
            names
            for (part, word), names in _MEASURES.items()
            if parts and parts[0].name == part and word in rest.split()
        ),
        (),
    )
    claimed = _read_claim(rest, parts, context)
    names = measured or tuple(claimed) or traits_of(parts)
    is_open = asked.startswith(("how ", "what", "which"))
    return Question("trait", names, Traits() if is_open else claimed, asked) if names else None


def _read_claim(rest: str, parts: tuple[Part, ...], context: Context) -> Traits:
    """Return what a question supposes: of "is her nose big?" a big nose."""
    bare = without_parts(rest).strip()
    if not bare and parts and any(part.name not in _ON_FACE for part in parts):
        return Traits()
    for words in (
        rest,
        as_change(rest)[0],
        f"{bare} {parts[0].name}" if parts and bare else "",
        f"{rest} skin" if rest in lexicon().adjectives else "",
    ):
        if words and any(map(str.isalnum, words)):
            traits = read_words(words).traits
            own = {name: entry for name, entry in traits.items() if not parts or name in traits_of(parts)} or dict(
                traits
            )
            if own:
                return Traits(own)
    return Traits()


_ON_FACE: Final = frozenset({
    "freckles", "moles", "age spots", "blemishes", "scars", "vitiligo", "lipstick", "eyeliner", "eyeshadow", "blush",
    "foundation", "make-up", "wrinkles", "stubble", "beard", "bags under the eyes", "fringe", "expression",
})  # fmt: skip
"""Parts of which a face may have none."""
