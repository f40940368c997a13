"""From what somebody says to the steps that it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from dreamface.language.changes import base_of
from dreamface.language.lexicon import lexicon
from dreamface.language.parts import Part, find_parts, part_of, parts_beside, traits_of, without_parts
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
    Restore,
    Scale,
    Step,
    Take,
    Undo,
)
from dreamface.language.talk_corrections import corrected_order, corrects
from dreamface.language.talk_history import read_history, read_taking
from dreamface.language.talk_orders import SMALL_TALK, THE, VERBS, WHO, as_change, corrected, is_english, stripped
from dreamface.language.talk_poses import cannot_move, pose_of
from dreamface.language.talk_questions import is_question, read_question
from dreamface.language.talk_references import refers, thing_of, with_thing
from dreamface.language.talk_sides import eye_of, only_both, without_comparing
from dreamface.language.talk_unmade import reason_of
from dreamface.language.talk_wishes import mended, removal, rephrased, without_praise
from dreamface.language.tongues import foreign_language
from dreamface.language.words import tokenize
from dreamface.text import clean, normalise
from dreamface.traits import VOCABULARY, Kind, Traits, Value

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

_QUOTES: Final = re.compile("[\"()“”„«»<>]|(?<!\\w)'|'(?!\\w)")
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
_NOT_SO: Final = re.compile(
    rf"^(?:and )?(?:not|no|instead of|rather than) (?:{THE} )?[\w -]+? ones?$"
    r"|^(?:not|rather than|instead of) (?:an? )?[\w-]+$"
)
_FORBIDS: Final = re.compile(
    r"^(?:please )?(?:don't|do not|dont|never|stop|avoid|without|no need (?:for you )?to|there is no need to|you (?:needn't|shouldn't|mustn't|don't have to))"
    r" (?:make|making|give|giving|turn|turning|let|letting|add|adding|have|having|put|putting)\b ?(?P<what>.*)$"
)
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
_ABUSE: Final = re.compile(
    r"^(?:you|u)(?:'re| are|r)?\b"
    r"|^(?:ignore|disregard|forget) (?:all |your |the |any )*(?:previous|prior|above)?\s*"
    r"(?:instructions|rules|prompts?)"
    r"|^(?:write|print|tell (?=me an? |us an? )|sing|play|open|run|send|buy|search|translate|calculate) "
    r"(?:me |us )?(?!more)"
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
    steps = _corrections(lower, context) or _without_repeats(tuple(_steps(lower, context)))
    foreign = " " in lower and not is_english(lower)
    return _checked(steps, context) or (Nothing(_NO_ENGLISH if foreign else NOT_UNDERSTOOD),)


def _corrections(lower: str, context: Context) -> tuple[Step, ...]:
    """Return the steps of a text that corrects what was said before it; none of other texts."""
    if not context.last or read_history(stripped(lower), context.others) is not None:
        return ()
    before = replace(context, traits=context.before or context.traits, last="", before=None)
    said = _last_orders(context)
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
    names = {name for step in orders for name in _traits_of(step, before)}
    about = {id(step) for step in said if not names.isdisjoint(_traits_of(step, before)) or thing_of(step.words)}
    if not about and not _DENIES.match(lower):  # an order about something else
        return tuple(orders) if marked and line != stripped(lower) else ()
    others = [step for step in said if id(step) not in about] if len(said) > 1 else []
    return tuple(replace(step, instead=True) for step in (*others, *orders))


_PLAIN_NAMES: Final = {"hair colour": "hair", "hairstyle": "hair", "eye colour": "eyes", "skin tone": "skin"}


def _last_orders(context: Context) -> list[Change]:
    """Return the orders of what was said for the last change."""
    before = replace(context, traits=context.before or context.traits, last="", before=None)
    return [step for step in _steps(context.last, before) if isinstance(step, Change)]


def _with_topic_of_last(context: Context) -> Context:
    """Return a context whose last order names the part that it is about: "blonde hair" of "blonde"."""
    names = () if not context.last or find_parts(context.last) else context.moved
    part = part_of(names[0]).name if names else ""
    if not part or part in ("age", "sex", "weight", "ancestry", "expression", "symmetry"):
        return context
    return replace(context, last=f"{_PRONOUN.sub('', context.last).strip()} {_PLAIN_NAMES.get(part, part)}")


_STILL: Final = re.compile(r"(?:(?:hm+|no+|ok|okay|and|now|please|oh)[\s,]+)*(?P<even>(?:even |still |yet |again )*)(?P<how>.+?)(?: (?:than (?:before|that|this|it was)|still|yet|please))*")
_NOT_SO_MUCH: Final = re.compile(r"(?:no,? )?not (?:quite )?(?:so|that|as|too) (?P<how>(?!much|many|fast)\w+)")


def _still(lower: str, said: Sequence[Change], context: Context) -> tuple[Step, ...]:
    """Return the step of a comparative without a noun that goes on with the last order: "even shorter"."""
    text = lower.strip(" .!?,")
    found, softer = _STILL.fullmatch(text), _NOT_SO_MUCH.fullmatch(text)
    how = f"less {softer['how']}" if softer else found["how"] if found else ""
    if not said or not _is_bare(how) or not _compares(how) or _DENIES.match(text) and not softer:
        return ()
    names = set(context.moved)
    parts = find_parts(context.last) or tuple(dict.fromkeys(map(part_of, sorted(names))))
    for part in reversed(parts):
        words = f"{how} {_PLAIN_NAMES.get(part.name, part.name)}"
        order, strength = as_change(words)
        if names & set(context.read(order).traits):
            return (Change(order, strength, said=text),)
    return (Scale(1.0 / 1.5),) if softer and not find_parts(text) else ()


_ONLY_THOSE: Final = re.compile(r"(?:no+[\s,]+|i (?:meant|said|mean) )*(?:just|only) (?P<what>[\w ]+)|(?:no+[\s,]+)?(?P<these>(?:the |her |his )[\w ]+) (?:only|alone)")


def _only_those(lower: str, said: Sequence[Change], before: Context) -> tuple[Step, ...]:
    """Return the orders of the last line that are about parts: "no, just the lips"."""
    found = _ONLY_THOSE.fullmatch(lower.strip(" .!?"))
    parts = _only_parts(found["what"] or found["these"]) if found and len(said) > 1 else ()
    names = set(traits_of(parts))
    kept = [step for step in said if names & _traits_of(step, before)]
    return tuple(replace(step, instead=True) for step in kept) if kept and len(kept) < len(said) else ()


_DENIES: Final = re.compile(r"(?:no+|nope|nah|not|wrong|i (?:meant|mean|said))\b")


def _is_lost(lower: str, context: Context) -> bool:
    """Return whether a text means nothing by itself."""
    steps = tuple(_steps(lower, replace(context, last="")))
    return not steps or all(isinstance(step, Nothing) for step in steps)


def _traits_of(step: Change, context: Context) -> set[str]:
    """Return the names of the traits that an order sets."""
    return set(step.traits or context.read(step.words).traits)


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
    pieces = [piece for sentence in _SENTENCE_ENDS.split(lower) for piece in _apart(sentence)]
    if is_question(whole, lower) and not _ABUSE.match(whole) and not _orders_too(pieces):
        question = read_question(whole, context)
        yield question or Nothing(_NO_WHAT)
        return
    if step := read_history(stripped(lower), context.others):
        if not (isinstance(step, Take) and removal(stripped(lower))):
            yield step
            return
    clauses: list[_Clause] = []
    about: tuple[Part, ...] = ()
    for sentence in pieces:
        bare = sentence.strip(" ?!.,;:")
        if bare and is_question(bare, sentence) and not _ABUSE.match(bare):
            yield from _of_clauses(clauses, context)
            clauses = []
            yield read_question(_about(bare, about), context) or Nothing(_NO_WHAT)
        else:
            clauses += _clauses(sentence if clauses else _about_order(sentence, about), context)
        about = find_parts(bare) or about
    yield from _of_clauses(clauses, context)


_JOINTS: Final = re.compile(r"\s*,\s*(?:(?:and|but|so|then|also)\s+)?|\s+(?:and|but|so|then)\s+")
_ASKS: Final = re.compile(r"(?:so |then |also |now |(?:please )?(?:tell|show) (?:me|us) )*(?:what|how|which|why|who|where|is|are|does|do|did|has|have)\b")
_ORDERED: Final = re.compile(
    rf"(?:please |then |now |also |just |so |if so |if yes |if not |if she is |in that case )*(?:(?:can|could|would|will) you (?:please )?(?!tell|say|explain)|(?:i|we) (?:want|need|would like)\b"
    rf"|(?:make|give|let|have|turn|set|put|add|take|remove|delete|get|change|keep|undo|redo|close|open|raise|lift|dye|{'|'.join(sorted(map(re.escape, VERBS), key=len, reverse=True))})\b)"
)


def _apart(sentence: str) -> tuple[str, ...]:
    """Return a question and an order of one sentence one by one: "how old is she, and make her older"."""
    for joint in _JOINTS.finditer(sentence):
        first, second = sentence[: joint.start()], sentence[joint.end() :]
        asked, ordered = second.strip(" ?!.,;:"), second.strip(" ,;:")
        if _ASKS.match(first) and _ORDERED.match(ordered) and is_question(first, f"{first}?"):
            return f"{first}?", *_apart(second.rstrip("?"))
        if _ASKS.match(first) and _ASKS.match(asked) and is_question(first, f"{first}?") and is_question(asked, f"{asked}?"):
            return f"{first}?", *_apart(f"{asked}?")
        if _ASKS.match(asked) and not is_question(first, first) and is_question(asked, f"{asked}?"):
            if not _ASKS.match(first) and re.match(r"(?:so |then |also |now |(?:please )?(?:tell|show) (?:me|us) )*(?:what|how|which|why|who|is|does)\b", asked):
                return first, f"{asked}?"
    return (sentence,)


def _orders_too(pieces: Sequence[str]) -> bool:
    """Return whether several sentences ask several things, or order something beside a question."""
    bare = [piece.strip(" ?!.,;:") for piece in pieces]
    asked = [bool(one) and is_question(one, piece) for one, piece in zip(bare, pieces, strict=True)]
    return (len(asked) > 1 and all(asked)) or any(asked) and any(one and not it and _ORDERED.match(one) for one, it in zip(bare, asked, strict=True))


def _about(question: str, parts: tuple[Part, ...]) -> str:
    """Return a question with the part that "it" stands for: "how wide is it" after an order for the mouth."""
    if not parts or find_parts(question):
        return question
    return _PRONOUN.sub(f"the {parts[0].name} ", question, count=1).strip()


def _about_order(sentence: str, parts: tuple[Part, ...]) -> str:
    """Return an order with the part that "it" stands for in the question before it: "make them brown"."""
    if not parts or find_parts(sentence) or not _PRONOUN.search(sentence):
        return sentence
    return _PRONOUN.sub(f"the {parts[0].name} ", sentence, count=1).strip()


_EXCEPT_THERE: Final = re.compile(
    rf"(?P<what>.+?)(?: (?:everywhere|all over))* (?:except|but|apart from|other than|just not|only not)(?: for)?(?: not)? (?:(?:on|in|around|at) )?(?P<where>{THE} [\w ]+)"
)
_SPREAD: Final = frozenset({"freckles", "moles", "age spots", "blemishes", "wrinkles", "stubble", "scars"})
_WITH_BOTH: Final = re.compile(
    rf"(?:make )?both (?P<first>(?:{THE} )?\w+) and (?P<second>(?:{THE} )?\w+) (?P<how>(?:a (?:bit|little) |much )?(?:more |less )?\w+)(?=[.,!]|$)"
)
_ONE_AND_OTHER: Final = re.compile(r"\bone (?:of her |of his )?(?:[a-z]+ )?(?:eyes?|one)\b.*\b(?:other|one)\b")


def _with_two_eyes(sentence: str) -> str:
    """Return a sentence about one eye and the other as the reader knows it: "one eye is blue and the other is brown"."""
    sentence = re.sub(r"\bone (?:of (?:her|his|the) )?eyes? (?!is\b)([a-z]+)\b", r"one eye is \1", sentence)
    return re.sub(r",? (?:and )?(?:the )?other (?:eye |one )?(?!is\b)([a-z]+)\b", r" and the other is \1", sentence)


def _clauses(sentence: str, context: Context) -> Iterator[_Clause]:
    """Yield a sentence's clauses, without what is polite and what carries nothing."""
    if found := _EXCEPT_THERE.fullmatch(sentence.strip(" .!")):
        what = removal(stripped(found["what"])) or stripped(found["what"])
        if (parts := find_parts(what)) and parts[0].name in _SPREAD:
            yield _Clause(f"{what} everywhere but {found['where']}")
            return
    sentence = _WITH_BOTH.sub(r"\g<how> \g<first> and \g<how> \g<second>", sentence)
    if _ONE_AND_OTHER.search(sentence) and "iris.right_colour" in context.read(_with_two_eyes(sentence)).traits:
        yield _Clause(stripped(_with_two_eyes(sentence)))
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
                listed = number > 0 or (piece.strip().startswith("and ") and bool(_only_parts(text)))
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
        if clause.listed and steps and isinstance(steps[-1], Hold) and (parts := _only_parts(clause.text)):
            steps[-1] = _hold_too(steps[-1], parts)
            continue
        before = len(steps)
        step = _step_of(clause, steps, last, context)
        if step is _SAID_ALREADY:
            continue
        if is_correction and isinstance(step, Change) and steps and isinstance(steps[-1], Change):
            step = _with_noun(step, steps[-1], context)
            steps = steps[:-1]
        is_correction = is_correction and len(steps) == before and step is None
        if step is not None:
            steps.append(step)
        elif not _ABUSE.match(clause.text):
            lost.append(clause.text)
        last = find_parts(clause.text) or last
    yield from _with_held(_with_lost(steps, lost), context)


def _about_the_last(text: str, context: Context) -> str:
    """Return an order with the part that "it" stands for in the last one: "now open them again" after "close her eyes"."""
    parts = find_parts(context.last)
    if not parts or find_parts(text) or not re.search(r"\b(?:it|them|that|those|(?:left|right) one)\b", text):
        return text
    if re.search(r"\b(?:left|right) one\b", text):
        return re.sub(r"\b(left|right) one\b", rf"\1 {parts[-1].name.removesuffix('s')}", text)
    words = re.sub(r"\s+", " ", _PRONOUN.sub(f"the {parts[-1].name} ", text, count=1)).strip()
    return words if pose_of(words)[0] or removal(words) else _with_topic(text, parts[-1], context) or text


def _taking_too(clause: _Clause, lifted: bool, text: str) -> str:
    """Return a clause that is listed after one that takes something away as it reads with "no": "and the scar"."""
    if not (lifted and clause.listed):
        return text
    both = removal(f"remove it and {text}").partition(" and ")[2]
    return both if both.startswith("no ") else text


_SAID_ALREADY: Final = Nothing("")
"""Of a clause that only says again what another one says: "not the blue one"."""


def _step_of(clause: _Clause, steps: Sequence[Step], last: Sequence[Part], context: Context) -> Step | None:
    """Return the step that one clause asks for; None where it asks for none.

    Args:
        clause: it.
        steps: of the clauses before it.
        last: parts that "them" stands for.
        context: the face.
    """
    text = clause.text
    step = read_history(text, context.others, last)
    if (less := removal(text)) and (step is None or isinstance(step, Take)):
        clause, text, step = replace(clause, text=less), less, None
    if step is not None:
        return step
    orders = [one for one in steps if isinstance(one, Change)]
    if orders and (found := _BUT_NOT.fullmatch(text)):
        return _but_not(found["what"], orders[-1], context) or _SAID_ALREADY
    if orders and _NOT_SO.match(text):
        return _SAID_ALREADY
    if stays := _staying(text, context):
        return stays
    if why := cannot_move(text) or reason_of(text):
        return Nothing(why, text)
    meant, strength = pose_of(text)
    meant = meant or eye_of(text, context.traits)
    if meant:
        return Change(text, strength, said=text, traits=meant)
    if why := only_both(text, context.traits):
        return Nothing(why, text)
    for read in (_vague, _forbidden, _undoing, _likened, _change):
        if found := read(text, context):
            return found
    return read_taking(text, context.others)


_BUT_NOT: Final = re.compile(
    r"(?:though |just |only |but |and |yet )*(?:not|without (?:being|getting|becoming|looking|going))"
    r"(?: (?:too|so|that|any|overly|at all|being|looking))* (?P<what>(?!(?:the|an?|her|his) )[\w' -]+?)(?: (?:though|please|at all))?"
)
_STAYING: Final = re.compile(
    rf"(?:(?:{THE} [\w]+|she|he|it|they) )?(?:(?:should|must|has to|have to|needs to|can|may) )?"
    r"(?:stay|stays|remain|remains|staying|remaining) (?P<what>(?!as\b|the same|like|put|there)[\w -]+)"
)


def _but_not(what: str, order: Change, context: Context) -> Step | None:
    """Return what must not go along with an order as what stays: "older but not wrinkled"."""
    parts = find_parts(order.words)
    own = set(order.traits or context.read(order.words).traits)
    said = [what, *(f"{what} {part.name}" for part in parts[:1])]
    names = {name for words in said for name in context.read(as_change(words)[0]).traits} - own
    return Hold(tuple(map(_alone, sorted(names)))) if names else None


def _staying(text: str, context: Context) -> Step | None:
    """Return what somebody says stays as it is by how it is: "she should stay feminine"."""
    found = _STAYING.fullmatch(text)
    names = tuple(context.read(found["what"]).traits) if found else ()
    return Hold(tuple(dict.fromkeys(map(part_of, names)))) if names else None


def _alone(name: str) -> Part:
    """Return a trait as a part of its own."""
    return Part(name, "", (name,))


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


def _only_parts(text: str) -> tuple[Part, ...]:
    """Return the parts that a clause names where it says nothing else."""
    rest = re.sub(rf"\b{THE}\b", "", without_parts(text))
    return find_parts(text) if not rest.strip(" ,") else ()


_EXPLAINS: Final = re.compile(rf"(?:{WHO})(?:'s| is| looks?| seems?) (?:just |now |still |like )+an? [\w ]+|(?:{WHO}) looks? like [\w ]+")
"""Why somebody orders what came before: "less make-up, she looks like a clown"."""


def _without_facts(clauses: Sequence[_Clause]) -> list[_Clause]:
    """Return clauses without plain statements before a wish: "she looks 50, she should be 30"."""
    wishes = [number for number, clause in enumerate(clauses) if _WISH.search(clause.text)]
    last = wishes[-1] if wishes else 0
    orders = [
        number for number, clause in enumerate(clauses) if _ORDERS.match(clause.text) and _PRONOUN.search(clause.text)
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
        if number and not clause.listed and _only_parts(clauses[number - 1].text):
            continue  # "eyes: blue, hair: red"
        if _is_bare(clause.text) and find_parts(following.text) and not read_history(following.text, context.others):
            noun = find_parts(following.text)[0]
            own = without_parts(following.text).replace("the", "").strip()
            if not own:
                texts[number + 1] = replace(following, text="")
            elif not following.listed and not _is_list_of_adjectives(following.text):
                continue
            texts[number] = replace(clause, text=_of(clause.text, noun, context))
    topic: Part | None = None
    named = False  # whether the clause before names a part and says nothing of it: "the lips: fuller"
    before = ""
    for clause in texts:
        parts, alone = find_parts(clause.text), _only_parts(clause.text)
        if clause.listed and (bare := re.sub(r" (?:too|as well|also)$", "", clause.text)) != clause.text:
            clause, alone = (replace(clause, text=bare), _only_parts(bare)) if _only_parts(bare) else (clause, alone)
        if alone and clause.listed and _adjective_of(before):  # "wider nose and mouth"
            clause = replace(clause, text=f"{_adjective_of(before)} {clause.text}")
        elif alone and len(texts) > 1 and not clause.listed and not _MOODS.fullmatch(clause.text):
            topic, named = alone[0], True
            continue
        elif parts:
            topic = parts[0]
        elif topic and _is_bare(clause.text) and (clause.listed or named or _PRONOUN.search(clause.text)):
            clause = replace(clause, text=_of(_PRONOUN.sub("", clause.text), topic, context))
        elif topic and (named_again := _with_topic(clause.text, topic, context)):
            clause = replace(clause, text=named_again)
        named, before = False, clause.text
        yield clause


_MOODS: Final = re.compile(r"(?:an? |the )?(?:[a-z]+ )?(?:smil(?:e|ing)|frown(?:ing)?|grin(?:ning)?)")
"""Names of parts that are orders by themselves: "smile, but no teeth"."""

_PRONOUN: Final = re.compile(r"\b(?:it|them|that|those)\b ?")


def _with_topic(text: str, topic: Part, context: Context) -> str:
    """Return an order with a part in the place of "it", where that means something of the part's own."""
    words = _PRONOUN.sub(f"the {topic.name} ", text, count=1).strip()
    if words == text or not _ORDERS.match(text):
        return ""
    found = context.read(as_change(words)[0]).traits
    return words if set(found) & set(topic.names) else ""


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
    r"^(?:(?:make|a|an|and|bit|touch|little|much|more|less|slightly|way|even|far|lot|tad|very|too|the|it|them|is|are"
    r"|so|also) ?)*[a-z-]+$"
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


_VAGUE: Final = re.compile(
    rf"(?:i|we) (?:(?:do not|don't|didn't) (?:really )?(?:like|love|want|care for)|hate|dislike) (?:how |the way )?(?P<what>(?:{THE}) [\w ]+?)(?: looks?| is| are)?(?: (?:at all|much|like that|like this|now))*"
    rf"|(?:there (?:is|'s) )?something(?:'s)? (?:is |looks )?(?:wrong|off|odd|strange|weird)(?: going on)? (?:about|with|in|around) (?P<where>(?:{THE}) [\w ]+)"
    rf"|(?P<part>(?:{THE}) [\w ]+?) (?:is|are|looks?|seems?) (?:a bit |somehow |just |all |still )*(?:wrong|off|odd|not right|weird|strange)"
)
_WHAT_OF_IT: Final = "Say what should be different about the {}, such as “bigger” or “smaller”."


def _vague(text: str, _context: Context) -> Step | None:
    """Return the sentence for a complaint about a part that does not say what is wrong with it."""
    found = _VAGUE.fullmatch(text)
    parts = _only_parts(found["what"] or found["where"] or found["part"]) if found else ()
    return Nothing(_WHAT_OF_IT.format(parts[0].name)) if parts else None


_UNDOES: Final = re.compile(rf"(?:undo|revert|take back) (?:only |just )?(?:{THE} )?(?P<what>\S.*?)(?: (?:bit|part|thing|change|edit|one|stuff))*")
_HOW_TO_UNDO: Final = "I don't know which change you mean: say “undo”, “undo the last two”, “undo the first one” or “undo all but the nose”."


def _undoing(text: str, context: Context) -> Step | None:
    """Return the step that takes back what words name by what they did: "undo the older bit"."""
    found = _UNDOES.fullmatch(text)
    if found is None:
        return None
    names = tuple(context.read(found["what"]).traits)
    return Restore(tuple(map(_alone, names))) if names else Nothing(_HOW_TO_UNDO)


def _forbidden(text: str, context: Context) -> Step | None:
    """Return what must not be done as parts that stay: "don't make her older" holds the age."""
    if not (found := _FORBIDS.match(text)):
        return None
    what = re.sub(r"\b(?:any|even|so) (?=\w)", "", found["what"])
    said = [as_change(stripped(f"make {one}"))[0] for one in re.split(r" or |, ", what)]
    claims = [(words, context.read(words).traits) for words in said if words]
    names = tuple(name for _, traits in claims for name in traits)
    if names and not _compares(what) and " like " not in f" {what}" and all(_is_so(name, traits, context) for _, traits in claims for name in traits):
        return _undone(claims, context)
    return Hold(tuple(dict.fromkeys(map(part_of, names)))) if names else None


def _compares(words: str) -> bool:
    return any(word in ("more", "less", "fewer") or base_of(word) for word in words.split())


def _is_so(name: str, said: Traits, context: Context) -> bool:
    """Return whether a face is already as words say, or nearly."""
    trait, now, claimed = VOCABULARY[name], context.traits.value(name), said.value(name)
    if trait.kind is not Kind.NUMBER:
        return now == claimed
    assert isinstance(now, float | int) and isinstance(claimed, float | int) and isinstance(trait.default, float | int)
    way = claimed - trait.default
    return (now - trait.default) * way > 0.0 and abs(now - trait.default) >= _NEARLY * abs(way)


_NEARLY: Final = 0.6  # of what words say, from which a face is so


def _undone(claims: Sequence[tuple[str, Traits]], context: Context) -> Step | None:
    """Return the order against what a face already is: an expression goes, of anything else there is less."""
    moved = {name: entry for _, traits in claims for name, entry in traits.items() if name.startswith("expression.")}
    words = " and ".join(words for words, _ in claims)
    if moved:
        return Change(words, said=words, traits=Traits({n: replace(e, value=0.0) for n, e in moved.items()}))
    less = f"less {claims[0][0]}"
    return Change(less, said=less) if context.means_something(less) else None


_LIKENED: Final = re.compile(
    rf"(?:(?:give|make|with|have|want) (?:{THE} )?)*(?:(?:an? |the |her |his )?(?P<part>[\w ]+?) (?:like|of) an? (?P<who>[\w ]+)|an? (?P<whose>[\w ]+?)'s? (?P<thing>[\w ]+))"
)


def _likened(text: str, context: Context) -> Step | None:
    """Return the change of a part that is likened to somebody's: of "a nose like a Roman emperor" the nose alone."""
    found = _LIKENED.fullmatch(text)
    parts = _only_parts(found["part"] or found["thing"]) if found else ()
    if found is None or not parts or not any(map(_is_person, (found["who"] or found["whose"]).split())):
        return None
    said = context.read(text).traits
    own = Traits({name: entry for name, entry in said.items() if name in traits_of(parts)})
    return Change(text, said=text, traits=own) if own else Nothing(_NOT_LIKENED.format(text))


_NOT_LIKENED: Final = "I know nothing of “{}” that I could make: say how it looks, such as “a hooked nose”."


def _is_person(word: str) -> bool:
    entry = lexicon().entries.get(word)
    return entry is not None and bool(entry.kind)


def _change(text: str, context: Context) -> Step | None:
    """Return the change that a clause orders; None where it means nothing."""
    if _ABUSE.match(text):
        return None
    words, strength = as_change(_by_percent(text, context))
    if not words or not any(map(str.isalnum, words)):
        return None
    if re.fullmatch(
        r"(?:change|do|make|edit|different|another|something|anything|it|that)"
        r"(?: (?:it|that|something|anything|her|him))?",
        words,
    ):
        return None
    laid = without_comparing(text)
    for candidate in dict.fromkeys((laid or words, words, text)):
        if context.means_something(candidate):
            return Change(candidate, strength if candidate in (laid, words) else 1.0, said=text)
    return None


_PERCENT: Final = re.compile(r"^(?:about |around )?(?P<share>\d{1,3}) ?(?:%|percent|per cent) (?P<how>older|younger)$")


def _by_percent(text: str, context: Context) -> str:
    """Return "20 % older" in years."""
    found = _PERCENT.match(re.sub(r"^(?:make|let) (?:her|him|it|them) (?:look |be )?", "", text))
    if not found:
        return text
    return f"{max(1, round(context.traits.number('age') * int(found['share']) / 100))} years {found['how']}"


def _with_held(steps: Sequence[Step], context: Context) -> Iterator[Step]:
    """Yield steps in which what is held beside an order belongs to it."""
    orders = any(isinstance(step, Change) for step in steps)
    held = traits_of(part for step in steps if isinstance(step, Hold) for part in step.parts) if orders else ()
    for step in steps:
        if isinstance(step, Hold) and orders:
            continue
        if isinstance(step, Change):
            mine = _traits_of(step, context)
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
