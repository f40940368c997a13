"""From what somebody says to the steps that it asks for."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from dreamface.language.parts import Part, find_parts, part_of, parts_beside, traits_held_by, traits_of, without_parts
from dreamface.language.talk import (
    CAN_DO,
    LONGEST_SAID,
    NO_WORDS,
    NOT_UNDERSTOOD,
    Change,
    Context,
    Hold,
    Nothing,
    Question,
    Restart,
    Scale,
    Step,
    Take,
    Undo,
)
from dreamface.language.talk_clauses import ABUSE, SAID_ALREADY, compares, only_parts, step_of, traits_set
from dreamface.language.talk_corrections import corrected_order, corrects
from dreamface.language.talk_history import read_history
from dreamface.language.talk_orders import (
    SMALL_TALK,
    THE,
    VERBS,
    WHO,
    as_change,
    by_percent,
    corrected,
    is_english,
    stripped,
)
from dreamface.language.talk_poses import pose_of
from dreamface.language.talk_questions import is_question, read_question
from dreamface.language.talk_references import refers, thing_of, with_mark, with_thing
from dreamface.language.talk_sentences import (
    EXCEPT_THERE,
    ONE_AND_OTHER,
    PRONOUN,
    SIDE_FIRST,
    SPREAD,
    WITH_BOTH,
    about,
    about_order,
    apart,
    orders_too,
    with_two_eyes,
)
from dreamface.language.talk_unmade import reason_of
from dreamface.language.talk_wishes import mended, removal, rephrased, without_praise
from dreamface.language.tongues import foreign_language
from dreamface.language.words import tokenize
from dreamface.text import clean, normalise
from dreamface.traits import VOCABULARY, Group, Kind, Traits, Value

_NO_WHAT: Final = (
    "I can't answer that about a face. Ask for its age, its colours, its parts, or what was changed and why."
)
_CONTRADICTION: Final = "You ask for two opposite things at once (“{}” and “{}”): say which of them you want."
_WHICH_ONE: Final = "“{}”: say what should be there, such as “a scar on the chin”."
_NO_SUCH_AGE: Final = (
    f"People here are {VOCABULARY['age'].low:.0f} to {VOCABULARY['age'].high:.0f} years old: nothing was changed."
)
_FOREIGN: Final = "I understand English only, and this looks like {}: nothing was changed."

_NO_ENGLISH: Final = f"I did not understand that: I know English only. {CAN_DO}"

_QUOTES: Final = re.compile("[\"(“”„«»<>]|(?<!\\w)'|'(?!\\w)")
_SENTENCE_ENDS: Final = re.compile(r"(?<=[.!?;\n])\s+|\n+")
_CLAUSE_ENDS: Final = re.compile(
    r"\s*(?:,|;|:(?!\d)|\s-+\s|\.(?!\d)|!|\?|\bbut\b|\band then\b|\bthen\b|\balthough\b|\bhowever\b|\bwhile\b)\s*"
)
_HELD_LATER: Final = re.compile(
    r"(?<!\bdo)(?<!\blive)\s+(?=(?:without (?:touching|changing|altering|affecting)|except(?: for)?|apart from"
    r"|without (?:the|her|his|making|giving|turning|getting|becoming|going|looking|growing)\b"
    r"|but (?:not|keep|leave|don't|without)|and (?:keep|leave|don't (?:touch|change))"
    rf"|(?:keep|keeping|leave|leaving) {THE})\b)"
)
_AND: Final = re.compile(r"\s+(?:and|&|\+|plus)\s+")
_CORRECTS: Final = re.compile(r"^(?:no|nope|wait|sorry|rather|actually|i mean|or rather|make that|better)\b")
_NONE: Final = re.compile(r"no (?:more )?(?!wait|sorry|rather|actually|make|i\b|not\b|that\b|the\b|a\b|an\b)[\w' -]+")
_FACT: Final = re.compile(
    r"^(?:she|he|it|they|(?:the|her|his|their) [\w ]+?)(?:'s|'re| is| are| looks?| seems?| has| have)"
    r"(?: (?:about|around|like|now))* (?P<what>.+)$"
)
_COMPLAINT: Final = re.compile(r"\b(?:too|enough|should|must|could|needs?|ought|want|instead|make|supposed)\b")
_WISH: Final = re.compile(r"\b(?:should|must|could|needs?|ought|want|instead|make|supposed)\b")
_FILLING: Final = re.compile(
    r"(?:i|we) (?:do(?:n't| not) )?(?:really )?(?:like|love|hate|dislike|want) "
    r"(?:it|that|this|her|him|them|(?:the|her|his) [\w ]+)"
    r"|that'?s (?:it|better|good|nice)|it'?s (?:ugly|bad|wrong|not right)"
)


@dataclass(frozen=True)
class _Clause:
    """One clause of what was said.

    Attributes:
        text: stripped and in lower case.
        corrects: whether it takes the place of what was said before: "no, smaller".
        listed: whether it came after "and" within a sentence's piece, or is a last part of a list: ", and the lips".
    """

    text: str
    corrects: bool = False
    listed: bool = False


def understand(text: str, context: Context | None = None) -> tuple[Step, ...]:
    """Return the steps that a text asks for, in its order; at least one. Nothing is raised for what somebody says.

    Args:
        text: English, as it was typed.
        context: the face that it was said to.

    >>> understand("undo the last two")
    (Undo(count=2),)
    """
    context = context or Context()
    said = " ".join(_QUOTES.sub(" ", re.sub(r"\s\(|\)", ", ", normalise(clean(text)))).split()).strip(", ")
    if not any(map(str.isalnum, said)):
        return (
            _help(said) if set(said) & {"?"} and len(said) > 0 and not set(said) - {"?", " "} else Nothing(NO_WORDS),
        )
    if len(said) > LONGEST_SAID:
        return (Nothing(f"That is {len(said):,} characters long: say it in at most {LONGEST_SAID}."),)
    if language := foreign_language(tokenize(said)):
        return (Nothing(_FOREIGN.format(language)),)
    lower = corrected(said.lower())
    context = _with_topic_of_last(context)
    if SMALL_TALK.fullmatch(lower.strip()):
        return (Nothing(CAN_DO),)
    if _asks_for_no_age(lower):
        return (Nothing(_NO_SUCH_AGE),)
    about_mark = with_mark(stripped(lower), context.mark, _compares_a_thing if context.is_mark_last else None)
    lower = about_mark or lower
    steps = (() if about_mark else _corrections(lower, context)) or _without_repeats(tuple(_steps(lower, context)))
    foreign = " " in lower and not is_english(lower)
    return _checked(steps, context) or (Nothing(_NO_ENGLISH if foreign else NOT_UNDERSTOOD),)


def _corrections(lower: str, context: Context) -> tuple[Step, ...]:
    """Return the steps of a text that corrects what was said before it; none of other texts."""
    if not context.last or read_history(stripped(lower), context.others) is not None:
        return ()
    before = replace(context, traits=context.before or context.traits, last="", before=None)
    said = [step for step in _steps(context.last, before) if isinstance(step, Change)]
    if steps := _still(lower, said, context) or _only_those(lower, said, before):
        return steps
    marked = corrects(lower)
    if not marked and _about_the_last(stripped(lower), context) != stripped(lower):
        return ()  # "shave it off"
    line = corrected_order(lower, context.last)
    if not line or not (marked or _is_lost(lower, context)):
        return ()
    steps = _without_repeats(tuple(_steps(line, before)))
    if not steps or any(isinstance(step, Nothing | Question) for step in steps):
        return ()
    if not all(isinstance(step, Change) for step in steps):
        return (Undo(), *steps)
    orders = [step for step in steps if isinstance(step, Change)]
    names = {name for step in orders for name in traits_set(step, before)}
    about = {id(step) for step in said if not names.isdisjoint(traits_set(step, before)) or thing_of(step.words)}
    other_side = _without_side(line) == _without_side(context.last)
    one_of_pair = corrects(lower) and line != _without_side(line) and context.last == _without_side(context.last)
    if not about and not other_side and not one_of_pair and not _DENIES.match(lower):  # an order about something else
        return tuple(orders) if marked and line != stripped(lower) else ()
    others = [step for step in said if id(step) not in about] if len(said) > 1 else []
    return tuple(replace(step, instead=True) for step in (*others, *orders))


def _without_side(line: str) -> str:
    return re.sub(r"\b(?:left|right)\b", "", line)


def _compares_a_thing(words: str) -> bool:
    """Return whether words are a comparative that can be of a thing: "a bit darker", but not "older" or "more"."""
    return _is_bare(words) and compares(words) and words.split()[-1] not in ("more", "less", "fewer")


_PLAIN_NAMES: Final = {"hair colour": "hair", "hairstyle": "hair", "eye colour": "eyes", "skin tone": "skin"}


def _with_topic_of_last(context: Context) -> Context:
    """Return a context whose last order names the part that it is about: "blonde hair" of "blonde"."""
    names = () if not context.last or find_parts(context.last) else context.moved
    part = part_of(names[0]).name if names else ""
    if not part or part in ("age", "sex", "weight", "ancestry", "expression", "symmetry"):
        return context
    return replace(context, last=f"{PRONOUN.sub('', context.last).strip()} {_PLAIN_NAMES.get(part, part)}")


_STILL: Final = re.compile(
    r"(?:(?:hm+|no+|ok|okay|and|now|please|oh)[\s,]+)*(?P<even>(?:even |still |yet |again )*)(?P<how>.+?)(?: (?:than (?:before|that|this|it was)|still|yet|please|again))*"
)
_NOT_SO_MUCH: Final = re.compile(r"(?:no,? )?not (?:quite )?(?:so|that|as|too) (?P<how>(?!much|many|fast)\w+)")


def _still(lower: str, said: Sequence[Change], context: Context) -> tuple[Step, ...]:
    """Return the step of a comparative without a noun that goes on with the last order: "even shorter"."""
    text, share = by_percent(lower.strip(" .!?,"))
    found, softer = _STILL.fullmatch(text), _NOT_SO_MUCH.fullmatch(text)
    how = f"less {softer['how']}" if softer else found["how"] if found else ""
    if not said or not _is_bare(how) or not compares(how) or (_DENIES.match(text) and not softer):
        return ()
    names = set(context.moved)
    parts = find_parts(context.last) or tuple(dict.fromkeys(map(part_of, sorted(names))))
    orders = [f"{how} {_PLAIN_NAMES.get(part.name, part.name)}" for part in reversed(parts)]
    for words in orders:
        order, strength = as_change(words)
        if names & set(context.read(order).traits):
            return (Change(order, strength * share, said=lower),)
    if softer and not find_parts(text):
        return (Scale(1.0 / _FURTHER),)
    if names and all(name.startswith("expression.") for name in names):
        return (Scale(1.0 / _FURTHER if _BACK.search(how) else _FURTHER),)
    for part, words in zip(reversed(parts), orders, strict=True):
        order, strength = as_change(words)
        if set(context.read(order).traits) & set(part.names):
            return (Change(order, strength * share, said=lower),)
    return () if _is_of_skin(how, names, context) else (Scale(_FURTHER),) if names else ()


_FURTHER: Final = 1.5  # times as far, that a comparative alone goes on
_BACK: Final = re.compile(r"\b(?:less|fewer|smaller|narrower|lower|weaker|fainter|softer|subtler|gentler|shorter)\b")
"""Comparatives that go back a bit on an expression."""


def _is_of_skin(how: str, names: Collection[str], context: Context) -> bool:
    """Return whether a comparative is of the whole skin after an order for shapes alone: "bigger nose", "darker"."""
    said = context.read(how).traits
    colours = {name for name in names if VOCABULARY[name].group is not Group.SHAPE}
    return bool(said) and not colours and all(name.startswith("skin.") for name in said)


_ONLY_THOSE: Final = re.compile(
    r"(?:no+[\s,]+|i (?:meant|said|mean) )*(?:just|only) (?P<what>[\w ]+)|(?:no+[\s,]+)?(?P<these>(?:the |her |his )[\w ]+) (?:only|alone)"
)


def _only_those(lower: str, said: Sequence[Change], before: Context) -> tuple[Step, ...]:
    """Return the orders of the last line that are about parts: "no, just the lips"."""
    found = _ONLY_THOSE.fullmatch(lower.strip(" .!?"))
    parts = only_parts(found["what"] or found["these"]) if found and len(said) > 1 else ()
    names = set(traits_of(parts))
    kept = [step for step in said if names & traits_set(step, before)]
    return tuple(replace(step, instead=True) for step in kept) if kept and len(kept) < len(said) else ()


_DENIES: Final = re.compile(r"(?:no+|nope|nah|not|wrong|i (?:meant|mean|said))\b")


def _is_lost(lower: str, context: Context) -> bool:
    """Return whether a text means nothing by itself."""
    steps = tuple(_steps(lower, replace(context, last="")))
    return not steps or all(isinstance(step, Nothing) for step in steps)


_HUNDREDS: Final = r"(?:[a-z]+ )?(?:hundred|thousand|million)s?(?: (?:and )?[a-z-]+)??"
_AGE: Final = re.compile(
    rf"(?<![\w.])(?P<age>(?:-|minus )?\d+|{_HUNDREDS})[ -]years?(?:[ -]olds?| of age)\b"
    r"|\b(?:aged?|make (?:her|him|it|them)|look(?:ing)?|at the age of|should be) "
    r"(?P<alone>(?:-|minus )?\d+)(?= *(?:[,.;!]|$))",
    re.IGNORECASE,
)


def _asks_for_no_age(text: str) -> bool:
    """Return whether an order is for an age that nobody here has: "a 500 year old", "-5 years old"."""
    if is_question(text.strip(" ?!.,;:"), text):
        return False
    ages = [found["age"] or found["alone"] for found in _AGE.finditer(text)]
    return any(not _is_an_age(age) for age in ages)


def _is_an_age(words: str) -> bool:
    trait, digits = VOCABULARY["age"], words.removeprefix("minus ").removeprefix("-")
    if not digits.isdigit():  # hundreds, in words
        return False
    return digits == words and trait.low <= int(digits) <= trait.high


def _help(said: str) -> Step:
    return Nothing(CAN_DO) if said else Nothing(NO_WORDS)


def _steps(lower: str, context: Context) -> Iterator[Step]:
    """Yield the steps of each sentence."""
    whole = lower.strip(" ?!.,;:")
    pieces = [piece for sentence in _SENTENCE_ENDS.split(lower) for piece in apart(sentence)]
    if is_question(whole, lower) and not ABUSE.match(whole) and not orders_too(pieces):
        question = read_question(whole, context)
        yield question or Nothing(_NO_WHAT)
        return
    step = read_history(stripped(lower), context.others)
    if step is not None and not (isinstance(step, Take) and removal(stripped(lower))):
        yield step
        return
    clauses: list[_Clause] = []
    spoken: tuple[Part, ...] = ()
    for sentence in pieces:
        bare = sentence.strip(" ?!.,;:")
        if bare and is_question(bare, sentence) and not ABUSE.match(bare):
            yield from _of_clauses(clauses, context)
            clauses = []
            yield read_question(about(bare, spoken), context) or Nothing(_NO_WHAT)
        else:
            clauses += _clauses(sentence if clauses else about_order(sentence, spoken), context)
        spoken = find_parts(bare) or spoken
    yield from _of_clauses(clauses, context)


def _but_there(sentence: str) -> str:
    """Return an order for what is spread over the skin that leaves a place out; nothing of other sentences."""
    found = EXCEPT_THERE.fullmatch(sentence.strip(" .!"))
    what = (removal(stripped(found["what"])) or stripped(found["what"])) if found else ""
    parts = find_parts(what)
    if found is None or not parts or parts[0].name not in SPREAD:
        return ""
    kept = only_parts(found["where"])
    if kept and set(traits_of(kept)) <= set(parts[0].names):  # crow's feet are wrinkles, and no place
        return ""
    return f"{what} everywhere but {found['where']}"


def _clauses(sentence: str, context: Context) -> Iterator[_Clause]:
    """Yield a sentence's clauses, without what is polite and what carries nothing."""
    if spread := _but_there(sentence):
        yield _Clause(spread)
        return
    sentence = SIDE_FIRST.sub(r"\g<verb> the \g<side> \g<how>", sentence)
    sentence = WITH_BOTH.sub(r"\g<how> \g<first> and \g<how> \g<second>", sentence)
    if ONE_AND_OTHER.search(sentence) and "iris.right_colour" in context.read(with_two_eyes(sentence)).traits:
        yield _Clause(stripped(with_two_eyes(sentence)))
        return
    sentence = _HELD_LATER.sub(", ", without_praise(sentence))
    for piece in _CLAUSE_ENDS.split(sentence):
        is_correction = bool(_CORRECTS.match(piece.strip())) and not _NONE.fullmatch(piece.strip())
        whole = read_history(stripped(piece), context.others)  # "leave the eyes and lips alone"
        forbidden = ""
        for number, part in enumerate([piece] if whole else _AND.split(piece)):
            text = rephrased(stripped(part))
            if forbidden and not find_parts(text) and _is_bare(text):  # "I don't want her to look older and fatter"
                text = f"{forbidden} {text}"
            forbidden = (re.match(r"don't make (?:her|him|it|them)\b", text) or [""])[0]
            if text or is_correction:
                listed = number > 0 or (piece.strip().startswith("and ") and bool(only_parts(text)))
                yield _Clause(text, is_correction and not number, listed)
                is_correction = is_correction and not text


def _of_clauses(clauses: Sequence[_Clause], context: Context) -> Iterator[Step]:
    """Yield what clauses ask for."""
    texts = mended([clause.text for clause in clauses])
    clauses = [replace(clause, text=text) for clause, text in zip(clauses, texts, strict=True)]
    clauses = _without_facts([_without_feeling(clause) if len(clauses) > 1 else clause for clause in clauses])
    steps: list[Step] = []
    lost: list[str] = []
    last: tuple[Part, ...] = ()
    is_correction = lifted = False
    thing = context.thing
    clauses = [replace(clause, text=_about_the_last(clause.text, context)) for clause in clauses]
    for clause in _joined(clauses, context):
        if refers(clause.text) and not thing:
            steps.append(Nothing(_WHICH_ONE.format(clause.text)))
            continue
        clause = replace(clause, text=_taking_too(clause, lifted, with_thing(clause.text, thing)))
        lifted = clause.text.startswith("no ") or bool(removal(clause.text))
        thing = thing_of(clause.text) or thing
        is_correction = is_correction or clause.corrects
        if not clause.text or SMALL_TALK.fullmatch(clause.text):
            continue
        if clause.listed and steps and isinstance(steps[-1], Hold) and (parts := only_parts(clause.text)):
            steps[-1] = _hold_too(steps[-1], parts)
            continue
        before = len(steps)
        step = step_of(clause.text, steps, last, context)
        if step is SAID_ALREADY:
            continue
        if is_correction and step is None and steps and isinstance(steps[-1], Change):
            line = corrected_order(clause.text, steps[-1].said)
            if line and corrects(f"no, {clause.text}"):
                step = step_of(line, [], last, context)
        if is_correction and isinstance(step, Change) and steps and isinstance(steps[-1], Change):
            step = _with_noun(step, steps[-1], context)
            steps = steps[:-1]
        is_correction = is_correction and len(steps) == before and step is None
        if step is not None:
            steps.append(step)
        elif not ABUSE.match(clause.text):
            lost.append(clause.text)
        last = find_parts(clause.text) or last
    yield from _with_held(_with_lost(steps, lost), context)


def _about_the_last(text: str, context: Context) -> str:
    """Return an order with the part that "it" stands for in the last one: "now open them again" after "close her eyes"."""
    parts = find_parts(context.last)
    if (
        not parts
        or find_parts(text)
        or not re.search(r"\b(?:it|them|they|that|those|this|these|(?:left|right) one)\b", text)
    ):
        return text
    if re.search(r"\b(?:left|right) one\b", text):
        return re.sub(r"\b(left|right) one\b", rf"\1 {parts[-1].name.removesuffix('s')}", text)
    words = re.sub(r"\s+", " ", PRONOUN.sub(f"the {parts[-1].name} ", text, count=1)).strip()
    return words if pose_of(words)[0] or removal(words) else _with_topic(text, parts[-1], context) or text


def _taking_too(clause: _Clause, lifted: bool, text: str) -> str:
    """Return a clause that is listed after one that takes something away as it reads with "no": "and the scar"."""
    if not (lifted and clause.listed):
        return text
    both = removal(f"remove it and {text}").partition(" and ")[2]
    return both if both.startswith("no ") else text


def _hold_too(step: Hold, parts: tuple[Part, ...]) -> Hold:
    """Return what is held with further parts: "keeping her hair and skin", "only change the nose, and the lips"."""
    if step.free:
        return Hold(parts_beside((*step.free, *parts)), (*step.free, *parts))
    return Hold((*step.parts, *parts))


def _with_lost(steps: Sequence[Step], lost: Sequence[str]) -> list[Step]:
    """Return steps of which the last order says which clauses beside it nothing was made of."""
    found = list(steps)
    for number in reversed(range(len(found))):
        step = found[number]
        if isinstance(step, Change):
            found[number] = replace(step, lost=tuple(lost))
            break
    return found


def _without_feeling(clause: _Clause) -> _Clause:
    """Return a clause that says only what somebody feels without that: "I hate the nose" is about the nose."""
    if not _FILLING.fullmatch(clause.text):
        return clause
    parts = find_parts(clause.text)
    return replace(clause, text=parts[0].name if parts else "")


_EXPLAINS: Final = re.compile(
    rf"(?:{WHO})(?:'s| is| looks?| seems?) (?:just |now |still |like )+an? [\w ]+|(?:{WHO}) looks? like [\w ]+"
)
"""Why somebody orders what came before: "less make-up, she looks like a clown"."""


def _without_facts(clauses: Sequence[_Clause]) -> list[_Clause]:
    """Return clauses without plain statements before a wish: "she looks 50, she should be 30"."""
    wishes = [number for number, clause in enumerate(clauses) if _WISH.search(clause.text)]
    last = wishes[-1] if wishes else 0
    orders = [
        number for number, clause in enumerate(clauses) if _ORDERS.match(clause.text) and PRONOUN.search(clause.text)
    ]
    ordered = orders[-1] if orders else 0
    clauses = [
        replace(clause, text="")
        if number and _EXPLAINS.fullmatch(clause.text) and any(one.text for one in clauses[:number])
        else clause
        for number, clause in enumerate(clauses)
    ]
    return [
        clause
        if number >= max(last, ordered) or _COMPLAINT.search(clause.text) or not _FACT.match(clause.text)
        else replace(clause, text=" ".join(part.name for part in find_parts(clause.text)[:1]))
        for number, clause in enumerate(clauses)
    ]


def _joined(clauses: Sequence[_Clause], context: Context) -> Iterator[_Clause]:
    """Yield clauses that share a noun with it: "longer and darker hair", "a touch wider, the mouth"."""
    texts = list(clauses)
    for number, (clause, following) in enumerate(pairwise(clauses)):
        if number and not clause.listed and only_parts(clauses[number - 1].text):
            continue  # "eyes: blue, hair: red"
        if _is_bare(clause.text) and find_parts(following.text) and not read_history(following.text, context.others):
            noun = find_parts(following.text)[0]
            own = without_parts(following.text).replace("the", "").strip()
            if not own:
                texts[number + 1] = replace(following, text="")
            elif following.text.startswith("with ") or not (following.listed or _is_list_of_adjectives(following.text)):
                continue  # "blonde but with dark brows": the hair is blonde
            texts[number] = replace(clause, text=_of(clause.text, noun, context))
    topic: Part | None = None
    named = False  # whether the clause before names a part and says nothing of it: "the lips: fuller"
    before = ""
    for clause in texts:
        parts, alone = find_parts(clause.text), only_parts(clause.text)
        if clause.listed and (bare := re.sub(r" (?:too|as well|also)$", "", clause.text)) != clause.text:
            clause, alone = (replace(clause, text=bare), only_parts(bare)) if only_parts(bare) else (clause, alone)
        if alone and clause.listed and _adjective_of(before):  # "wider nose and mouth"
            clause = replace(clause, text=f"{_adjective_of(before)} {clause.text}")
        elif alone and len(texts) > 1 and not clause.listed and not _MOODS.fullmatch(clause.text):
            topic, named = alone[0], True
            continue
        elif parts:
            topic = parts[0]
        elif topic and _is_bare(clause.text) and (clause.listed or named or PRONOUN.search(clause.text)):
            clause = replace(clause, text=_of(PRONOUN.sub("", clause.text), topic, context))
        elif topic and (named_again := _with_topic(clause.text, topic, context)):
            clause = replace(clause, text=named_again)
        named, before = False, clause.text
        yield clause


_MOODS: Final = re.compile(r"(?:an? |the )?(?:[a-z]+ )?(?:smil(?:e|ing)|frown(?:ing)?|grin(?:ning)?)")
"""Names of parts that are orders by themselves: "smile, but no teeth"."""


def _with_topic(text: str, topic: Part, context: Context) -> str:
    """Return an order with a part in the place of "it", where that means something of the part's own."""
    words = PRONOUN.sub(f"the {topic.name} ", text, count=1).strip()
    if words != text and removal(re.sub(r"\s+", " ", words)):
        return re.sub(r"\s+", " ", words)
    if words == text or not (_ORDERS.match(text) or _TOO.search(text)):
        return ""
    found = context.read(as_change(words)[0]).traits
    return words if set(found) & set(topic.names) else ""


_TOO: Final = re.compile(r"^(?:now )?(?:it|they|this|these|that|those) (?:is|are|looks?|seems?) .*\b(?:too|enough)\b")
"""A complaint about what was changed last: "now they are too pale"."""

_ORDERS: Final = re.compile(rf"^(?:make|turn|cut|dye|colou?r|give|set|{'|'.join(map(re.escape, VERBS))})\b")


def _adjective_of(text: str) -> str:
    """Return the words before a part's name where these are an adjective: "wider" of "wider nose"."""
    found = re.fullmatch(
        r"(?:(?:make|give|get) (?:her |him |it |them |the |his )?)?(?:an? |the |her |his )?"
        r"(?P<how>(?:a (?:bit|little) )?[a-z-]+)",
        re.sub(r"\s+", " ", without_parts(text)).strip(),
    )
    return found["how"] if found and find_parts(text) else ""


def _is_list_of_adjectives(text: str) -> bool:
    """Return whether a clause is an adjective and the noun it belongs to: "thinner nose"."""
    return len(text.split()) <= 3


_BARE: Final = re.compile(
    r"^(?:(?:make|a|an|and|bit|touch|little|much|more|less|slightly|way|even|far|lot|tad|very|too|the|it|them|they|this"
    r"|these|is|are|now|so|also) ?)*[a-z-]+$"
)
_OF_PEOPLE: Final = frozenset({
    "older", "younger", "heavier", "friendlier", "happier", "sadder", "angrier", "prettier", "masculine", "feminine",
    "beautiful", "handsome", "tired", "smiling", "bald",
})  # fmt: skip
"""Adjectives that are of the person, whatever part was spoken of before."""


def _is_bare(text: str) -> bool:
    """Return whether a clause is an adjective without its noun, such as "longer" or "a bit darker"."""
    words = text.split()
    if SMALL_TALK.fullmatch(text) or reason_of(text):
        return False
    return bool(words) and not find_parts(text) and words[-1] not in _OF_PEOPLE and bool(_BARE.match(text))


def _of(text: str, part: Part, context: Context) -> str:
    """Return an adjective with its noun where that means something of the noun's own."""
    words = f"{text} {part.name}"
    found = context.read(as_change(words)[0]).traits
    return words if found and set(found) <= set(part.names) else text


def _with_noun(step: Change, before: Change, context: Context) -> Change:
    """Return a correction with the noun of what it corrects: "bigger nose, no, smaller"."""
    parts = find_parts(before.words)
    if not parts or find_parts(step.words):
        return step
    words = _of(step.words, parts[0], context)
    return replace(step, words=words)


def _with_held(steps: Sequence[Step], context: Context) -> Iterator[Step]:
    """Yield steps in which what is held beside an order belongs to it."""
    orders = any(isinstance(step, Change) for step in steps)
    held = traits_held_by(part for step in steps if isinstance(step, Hold) for part in step.parts) if orders else ()
    for step in steps:
        if isinstance(step, Hold) and orders:
            continue
        if isinstance(step, Change):
            mine = traits_set(step, context)
            # What is forbidden in one breath with an order about the same thing only says which way not to go.
            yield replace(step, held=tuple(name for name in held if name not in mine or not mine <= set(held)))
        else:
            yield step


def _without_repeats(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Return steps without the same one said twice in a row: "no, undo that, go back"."""
    kept: list[Step] = []
    for step in steps:
        if not (kept and isinstance(step, Undo | Restart) and kept[-1] == step):
            kept.append(step)
    return tuple(kept)


def _checked(steps: tuple[Step, ...], context: Context) -> tuple[Step, ...]:
    """Return steps, or the sentence where two orders of one text go opposite ways."""
    ways: dict[str, tuple[float, str]] = {}
    for step in steps:
        if not isinstance(step, Change):
            continue
        for name, entry in (step.traits or context.read(step.words).traits).items():
            way = _way(name, entry.value, context.traits)
            if name in ways and way * ways[name][0] < 0.0:
                return (Nothing(_CONTRADICTION.format(ways[name][1], step.said)),)
            ways.setdefault(name, (way, step.said))
    return steps


def _way(name: str, value: Value, traits: Traits) -> float:
    if VOCABULARY[name].kind is not Kind.NUMBER or not isinstance(value, float | int):
        return 0.0
    return float(value) - traits.number(name)


__all__ = ["Question", "understand"]
