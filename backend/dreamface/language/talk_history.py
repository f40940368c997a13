"""Words that step through what was done to a face: undo, more, "the nose was better before", "keep the freckles"."""

# ruff: noqa: E501 - tables of phrases, as patterns

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from dreamface.language import slips
from dreamface.language.lexicon import lexicon
from dreamface.language.parts import PARTS, Part, find_parts, parts_beside, without_parts
from dreamface.language.people import sex_of_names
from dreamface.language.tables import UNITS
from dreamface.language.talk import (
    Hold,
    Redo,
    Release,
    Restart,
    Restore,
    Scale,
    Step,
    Take,
    Undo,
    UndoBut,
    UndoOne,
    Version,
)
from dreamface.language.talk_orders import THE, WHO

_IT: Final = r"(?:that|it|this|them|those|these)"
_COUNT: Final = r"(?P<count>\d{1,2}|[a-z]+|a couple(?: of)?|couple)"
_STEPS: Final = r"(?:changes?|steps?|edits?|ones?|things?|orders?|times?)"
_BACK: Final = r"(?:undo|revert|roll back|rollback|take back|cancel|scrap|discard|reverse|unmake|drop|go back|step back|back up|back)"


def _whole(*phrases: str) -> re.Pattern[str]:
    """Return the pattern of several phrases, in which a group may have the same name several times: they get numbers."""
    pattern = "|".join(phrases)
    seen: Counter[str] = Counter()

    def number(found: re.Match[str]) -> str:
        seen[found[1]] += 1
        return f"(?P<{found[1]}_{seen[found[1]]}>"

    return re.compile(re.sub(r"\(\?P<(\w+)>", number, pattern), re.IGNORECASE)


def _group(found: re.Match[str], name: str) -> str:
    """Return what a group of this name has matched, or nothing."""
    return next((text for key, text in found.groupdict().items() if text and key.rpartition("_")[0] == name), "")


_NO: Final = r"(?:(?:no+|nope|nah|ugh|yikes)[ ,.!]+)?"
_UNDO: Final = _whole(
    f"{_BACK}(?: (?:{_IT}|{THE} (?:last|latest|previous)(?: {_STEPS})?|what you (?:just )?did|your last {_STEPS}|the change|one step|a step|again|once|once more|one more))*",
    f"(?:take|put|turn|change) {_IT} back(?: please)?",
    f"put {_IT} back (?:how|the way|as|like) (?:it|they|she|he) (?:was|were)(?: before)?",
    f"(?:{_IT}|she|he|they)(?: was| were|'s)?(?: looked| (?:was|were))? (?:better|nicer|fine|good|prettier) before(?:hand)?(?: (?:that|this))?",
    f"(?:i|we) (?:liked|preferred) (?:{_IT}|her|him) (?:better |more )?(?:before|earlier)",
    "as (?:it|she|he) was(?: before)?",
    "like before",
    "never ?mind",
    f"{_NO}not there",
    "(?:one|a) step back(?:wards)?",
    rf"(?:(?:hm+|no+|ok|okay|oh)[ ,.]+)*(?!{THE} )[\w ]+? was (?:wrong|a mistake|a bad idea|the wrong choice)",
    f"{_NO}(?:{_IT}(?:'s| is| was) )?not (?:that|like (?:that|this)|what i (?:meant|wanted|asked for))",
    f"{_NO}(?:remove|delete|lose) {_IT}(?: again)?",
    f"{_NO}(?:undo|revert|back)",
    "ctrl[ +-]?z",
    "oops",
    "go back to before",
    "back to (?:how|what) it was(?: before)?",
    "that's (?:worse|wrong|bad|terrible|awful|ugly)",
    "(?:that|this) (?:is|looks?) (?:worse|wrong|bad|terrible|awful)",
)
_UNDO_COUNT: Final = _whole(
    f"{_BACK}(?: by)? (?:{THE} )?(?:last |latest |previous )?{_COUNT}(?: (?:last|previous|more))?(?: {_STEPS})?",
    f"take back {THE} last {_COUNT}(?: {_STEPS})?",
    "undo (?P<times>twice|thrice)",
)
_CHANGE: Final = r"(?:change|step|edit|one|thing|order)s?"
_KEPT_COUNT: Final = rf"{THE} (?P<end>first|last|latest|newest|oldest)(?: (?P<count>\d{{1,2}}|[a-z]+))?(?: {_CHANGE})?"
_ALL_CHANGES: Final = (
    rf"(?:everything|it all|all(?: of)?(?: (?:it|that|{THE} {_CHANGE}))?|{THE} {_CHANGE}|every {_CHANGE})"
)
_BUT: Final = r"(?:but|except|besides|apart from|other than|save|bar)(?: for)?(?: what you did (?:to|with))?"
_UNDO_BUT: Final = tuple(
    map(
        _whole,
        (
            rf"(?:{_BACK}|remove|reset|delete|forget) {_ALL_CHANGES},? {_BUT} (?:{_KEPT_COUNT}|(?P<part>(?:{THE} )?[\w' -]+?))",
            rf"(?:only )?keep(?: only)? {_KEPT_COUNT},?(?: and| but)? (?:{_BACK}|remove|reset|delete|forget) (?:{THE} )?(?:rest|others?|everything else)",
            rf"(?:only )?keep(?: only)? (?:what you did (?:to|with) )?(?P<part>(?:{THE} )?[\w' -]+?),?(?: and| but)? (?:{_BACK}|remove|reset|delete|forget) (?:{THE} )?(?:rest|others?|everything else)",
            rf"(?:only keep|keep only|keep nothing but) {_KEPT_COUNT}",
        ),
    )
)
_OTHER_WAY: Final = re.compile(
    r"(?:(?:no+|nope|nah|do|make it|i meant|go|and|just)[ ,.!]+)*(?:"
    r"(?:(?:exactly |quite )?(?:the )?(?:other|opposite|reverse) (?:way|direction)(?: a?round| about)?)"
    r"|(?:exactly |quite |just )?(?:the )?(?:opposite|reverse|contrary|inverse)(?: of (?:that|this|it))?"
    r"|(?:(?:that|this|it)(?: is|'s| was| went| goes)? )?(?:in |into )?(?:the )?wrong (?:way|direction)(?: a?round)?"
    r"|(?:reverse|invert|flip) (?:that|it|this)|vice versa)(?: please)?",
    re.IGNORECASE,
)
_REDO: Final = _whole(
    f"redo(?: {_IT})?",
    "redo (?:all|everything|it all)(?: of it)?",
    f"(?:put|bring|get) {_IT} back again",
    f"bring {_IT} back",
    f"(?:un-?undo|undo the undo|redo the last {_STEPS})",
    f"(?:(?:do )?{_IT} )?again",
    "once more",
    f"repeat(?: {_IT})?",
    "(?:it|that) was better after(?: all)?",
    "on second thoughts?,? (?:it|that) was better",
    rf"redo (?:the last )?(?P<count>\d{{1,2}}|two|three|four|five|both)(?: {_STEPS})?",
)
_AMOUNT: Final = r"(?P<amount>(?:just |only |even |still |yet |make it |go |do |and )*(?:a (?:tiny |little |wee )?bit|a little|slightly|a touch|a tad|somewhat|much|a lot|lots|way|far|some|quite a bit|very|so)?)"
_OF_IT: Final = rf"(?: (?:of )?(?:{_IT}|the same|the last one))?(?: than {_IT})?"
_MORE: Final = _whole(
    f"{_AMOUNT} ?(?:more|further|stronger|harder|more extreme|more intense|bolder){_OF_IT}",
    "(?:go|push it|take it|keep going|carry on|continue)(?: even)?(?: (?:further|farther|on|more))?",
    "keep going",
    "push it",
    f"(?:exaggerate|intensify|increase|strengthen|amplify|boost|emphasi[sz]e|amp up|crank up|turn up)(?: {_IT})?(?: more| even more)?",
    "crank it up",
    "turn it up",
    "amp it up",
    f"(?:{_IT}(?:'s| is)? )?(?:still )?(?:not|isn't|ain't) (?:nearly |quite )?(?:enough|strong enough|far enough)",
)
_LESS: Final = _whole(
    f"{_AMOUNT} ?(?:less|weaker|subtler|more subtle|gentler){_OF_IT}",
    "not (?:so|that|as|quite so) (?:much|strong(?:ly)?|far|extreme|hard)",
    f"(?:{_IT}(?:'s| is)? )?(?P<over>(?:way |far |a bit |a little )*too (?:much|strong|far|extreme|intense|heavy))",
    f"(?:tone|dial|turn|bring|scale|wind) (?:{_IT} (?:down|back)|(?:down|back) {_IT})(?: a bit| a little| a notch)?",
    "ease off",
    f"(?:reduce|weaken|lessen|soften) {_IT}",
    "be gentler",
    "tone down",
    "(?:that's|it's|you've gone|you went) (?:way )?(?:overboard|over the top|too far)",
    "you overdid it",
    "overdone",
    f"(?:{_IT}(?:'s| is| was) )?(?P<over>a (?:bit|little) )much",
    f"{_IT}(?:'s| is| was) (?:rather|quite|pretty) much",
)
_FACTORS: Final = (
    (_whole(r"(?:just |only )?(?:a (?:little|bit|touch|tad)(?: bit)?|slightly|somewhat)"), 0.5),
    (_whole(rf"(?:only |just |about )?(?:half|halve)(?: (?:of |as much(?: (?:of|as) )?)?{_IT})?(?: much)?|half as (?:much|strong)|{THE} half"), 0.5),
    (_whole(rf"(?:twice|double)(?: (?:of |as much(?: (?:of|as) )?)?{_IT})?|twice as (?:much|strong|far)|two times {_IT}"), 2.0),
    (_whole(rf"(?:triple|three times)(?: (?:as much|{_IT}))?"), 3.0),
    (_whole(rf"(?:only )?a third(?: (?:of )?{_IT})?"), 1 / 3),
    (_whole(rf"(?:only )?a quarter(?: (?:of )?{_IT})?"), 0.25),
)  # fmt: skip
_RESTART: Final = _whole(

    "(?:start|begin)(?: (?:all|everything))?(?: over| again| afresh| anew| from scratch| from zero| from the (?:start|beginning))+",
    "reset(?: (?:everything|all|it|the face|her|him|this|it all))?",
    "(?:forget|undo|revert|drop|discard|cancel|remove|delete|scrap|throw away|take back) (?:everything|it all|all(?: of)?(?: (?:that|this|it|the changes|my changes|your changes|changes))?|every change|all the edits)",
    "(?:go |take (?:her|him|it|us) )?(?:all the way )?back to (?:the )?(?:original(?: face| one)?|start|beginning|square one|first(?: face| one)?)",
    "(?:the )?original(?: face| one)?",
    "restart",
    "everything back(?: to (?:normal|the start))?",
    "clean slate",

)  # fmt: skip

_PART: Final = rf"(?P<part>(?:{THE} )?[\w' -]+?)"
_THE_PART: Final = rf"(?P<part>{THE} [\w' -]+?)"
_RESTORES: Final = tuple(
    map(
        _whole,
        (
            rf"{_PART} (?:was|were|looked|had been) (?:much |a lot |way )?(?:better|nicer|fine|good|okay|ok|perfect|prettier|right) (?:before|earlier|previously|at first|as it was|the way it was)",
            rf"{_THE_PART} (?:was|were) (?:already |just |quite |much |perfectly )*(?:better|nicer|fine|good|okay|ok|perfect|prettier|right|great)(?: (?:as|like) (?:it|they) (?:was|were))?",
            rf"(?:i|we) (?:liked|preferred|loved|prefer|like|want|miss) (?:{THE} )?(?P<old>old|previous|former|earlier|original|first|last) {_PART}(?: (?:more|better|back|again))*",
            rf"(?:i|we) (?:liked|preferred|loved) {_PART} (?:(?:more|better) )?(?:before|earlier|previously|as it was|the way it was)",
            rf"(?:put|bring|get|take|change|turn|set|give her|give him|give) (?:back )?{_PART} (?:back )?(?:to )?(?:(?:the way|how|as|like|what) (?:it|they) (?:was|were|looked|had been)(?: before| earlier)?|(?:like|as) before)",
            rf"(?:put|bring|get|change) {_THE_PART} back(?: (?:again|please))?|bring back {_PART}|give (?:her|him|them|it) back {_PART}|give (?:her|him|them|it) {_THE_PART} back",
            rf"(?:(?:go|change|get|switch|revert|return|roll) back|revert|return|change|back|restore)(?: (?:to|her|him))* (?:{THE} )?(?P<old>old|previous|former|earlier|original|first|last) {_PART}",
            rf"(?:(?:undo|revert|take back) (?:the |my |your )?(?:last )?(?:changes?|edits?) (?:to|of|on)|undo|revert|reset|restore|roll back|take back|undo what you did (?:to|with)|undo only) {_PART}(?: (?:only|alone|changes?))?",
            rf"(?:the )?(?P<old>old|previous|former|earlier|original) {_PART}(?: (?:back|again|please))+",
            rf"{_PART} (?:back )?(?:as|like|to (?:how|what|the way)|how|the way) (?:it|they) (?:was|were)(?: before)?|{_PART} (?:as|like) before",
        ),
    )
)  # fmt: skip
_OTHER: Final = r"(?P<who>the other(?: (?:one|face|head|person|woman|man|guy|girl))?|that other (?:one|face|head)|[\w' .-]+?)(?:'s)?"
_TAKES: Final = tuple(
    map(
        _whole,
        (
            rf"(?:take|use|copy|borrow|steal|get|give (?:her|him|them|it)|put on|add|grab|lift|want|with|have)? ?{_PART} (?:of|from|off) {_OTHER}",
            r"(?:take|use|copy|borrow|steal|get|give (?:her|him|them|it)|put on|put|grab|want|with|have)? ?(?P<who>the other (?:one|face|head|person)|[\w.-]+(?: [\w.-]+){0,3}?)(?:'s|s') (?P<part>[\w -]+?)(?: (?:on|onto|to) (?:her|him|it|them|the face))?",
            rf"(?:give (?:her|him|them|it) |use |take |with |have |wants? )?(?:the )?same {_PART} (?:as|like) {_OTHER}(?: has)?",
            rf"(?:make |give |let )?(?:(?:her|him|them|it) )?(?:have )?{_PART} (?:(?:be|look) )?(?:exactly |more |just )?(?:like|as|the same as) (?:that of |those of )?{_OTHER}(?: has)?",
        ),
    )
)
_STAY: Final = r"(?:as (?:it|they|she|he) (?:is|are|was|were)|as is|the same|like (?:that|this|it is)|alone|be|untouched|unchanged|in peace|out of it|exactly)"
_HOLDS: Final = tuple(
    map(
        _whole,
        (
            rf"(?:keep|keeping|leave|leaving|preserve|preserving|retain|hold|freeze|lock|protect|save|maintain)(?: (?:{_STAY}))? {_PART}(?: (?:exactly |just )?{_STAY})*(?: though| please)?",
            rf"(?:don't|do not|dont|never|please don't|must not|shouldn't|should not|not to|without|no|instead of) (?:ever )?(?:touch|chang|alter|modify|mess|affect|edit|ruin|los|remov|mov)\w*(?: with| up)? {_PART}(?: (?:any ?more|again|at all|please))*",
            rf"(?:except|but|apart from|not|other than|save)(?: for)?(?: not)?(?: (?:on|in|around|at|to|near|under|over))? {_THE_PART}",
            rf"{_PART} (?:must |should |has to |have to |can |may |needs to |need to |shall )?(?:stays?|remains?|keeps?|is kept|are kept|is (?:perfect|fine|good|right|ok|okay|great)|are (?:perfect|fine|good|right|ok|okay|great)|is off limits|are off limits)(?: (?:just |exactly )?(?:{_STAY}|there|put|now|already))*",
            rf"{_PART} (?:just )?(?:the same|unchanged|untouched|as (?:it|they) (?:is|are)|as is)",
            rf"(?:everything|anything|all) (?:but|except|besides)(?: for)? {_PART}",
        ),
    )
)  # fmt: skip
_RELEASES: Final = tuple(
    map(
        _whole,
        (
            rf"(?:you (?:can|may|could) |feel free to |you're free to |it's ok(?:ay)? to )?(?:change|touch|alter|edit) {_PART} again(?: now)?|you (?:can|may) (?:now )?(?:change|touch|alter|edit) {_PART}(?: (?:again|now))*",
            rf"(?:unlock|release|unfreeze|free|let go of|stop keeping|stop holding|no longer (?:keep|hold)|don't (?:keep|hold|lock)) {_PART}(?: any ?more)?",
        ),
    )
)  # fmt: skip
_EVERYTHING: Final = r"(?:everything|anything|all|the rest)"
_ONLIES: Final = tuple(
    map(
        _whole,
        (
            rf"(?:only|just) (?:ever )?(?:change|touch|alter|edit|modify|work on) {_THE_PART}",
            rf"(?:change|touch|alter|edit|modify|work on) (?:only|just|nothing but|nothing except) {_THE_PART}",
            rf"(?:only|just|nothing but|nothing except) {_THE_PART} (?:should|may|must|can|is to|are to) (?:be )?chang\w+",
            rf"(?:keep|leave|preserve|hold|freeze|lock|protect|don't (?:touch|change)|do not (?:touch|change)) {_EVERYTHING} (?:but|except|besides|other than|apart from)(?: for)? {_PART}(?: {_STAY})*",
        ),
    )
)  # fmt: skip
_RELEASE_ALL: Final = re.compile(
    rf"(?:you (?:can|may|could) (?:now )?|feel free to )?(?:change|touch|alter|edit) {_EVERYTHING} again(?: now)?"
    rf"|you (?:can|may) (?:now )?(?:change|touch|alter|edit) {_EVERYTHING}(?: now)?|(?:unlock|release|unfreeze|free|let go of) {_EVERYTHING}",
    re.IGNORECASE,
)
_ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
_TO_VERSION: Final = (
    r"(?:(?:(?:go|get|step|switch|jump|take (?:her|him|it|me|us)|bring (?:her|him|it)) )?(?:back |forward )?(?:to )?"
    r"|(?:show|give) (?:me |us )?|(?:i|we) (?:liked|preferred|want|prefer) )(?:the )?"
)
_AFTER_VERSION: Final = r"(?: (?:again|back|better|more))?"
_VERSION: Final = re.compile(
    rf"{_TO_VERSION}(?:(?:version|state) (?:number |no\.? ?)?(?P<number>\d{{1,3}}|[a-z]+)"
    rf"|(?P<ordinal>{'|'.join(_ORDINALS)}|\d{{1,3}}(?:st|nd|rd|th)) version){_AFTER_VERSION}",
    re.IGNORECASE,
)
_VERSION_BEFORE: Final = re.compile(
    rf"{_TO_VERSION}(?:(?:previous|last|earlier|former|old|older) version|version before(?: (?:that|this|it))?){_AFTER_VERSION}",
    re.IGNORECASE,
)
_TAKE_ALL: Final = re.compile(
    r"(?:take|use|copy|borrow|steal) (?:everything|it all|all(?: of it)?|the whole (?:face|head|look|person)) (?:of|from|off) (?P<who>[\w' .-]+?)"
    r"|(?:make|let) (?:her|him|it|them) (?:exactly |just )?the same as (?P<whom>[\w' .-]+?)",
    re.IGNORECASE,
)
_AGAIN: Final = re.compile(
    r"(?:leave|keep) (?:them|it|that|those|this)(?: (?:alone|like that|as (?:it|they) (?:is|are)|be))*", re.IGNORECASE
)
_LIKE: Final = re.compile(
    r"(?:make |let )?(?:her|him|it|them|she|he) (?:should )?(?:look )?(?:exactly |just )?"
    r"(?P<part>more |a bit (?:more )?|a little (?:more )?|somewhat )?(?:like|similar to) (?P<who>[\w' .-]+?)",
    re.IGNORECASE,
)
_FACE: Final = next(part for part in PARTS if part.name == "face")
FACE_SHAPE: Final = next(part for part in PARTS if part.name == "face shape")
_NUMBERS: Final = {"both": 2, "couple": 2, "a couple": 2, "a couple of": 2, "twice": 2, "thrice": 3, "few": 3, "one": 1}
_WAYS: Final = {"a bit": 1.25, "a little": 1.25, "a little bit": 1.25, "a tiny bit": 1.15, "a wee bit": 1.25, "slightly": 1.25,
                "a touch": 1.25, "a tad": 1.25, "somewhat": 1.3, "much": 2.0, "a lot": 2.0, "lots": 2.0, "way": 2.2, "far": 2.0,
                "quite a bit": 1.7, "so": 1.7, "very": 1.7}  # fmt: skip
_MOST: Final = 50
"""Steps that "redo everything" brings again."""

_ONE_OF: Final = re.compile(
    rf"{_BACK} (?:only |just )?(?:{THE} )?(?:(?P<ordinal>{'|'.join(_ORDINALS)})|(?:change|step|edit) (?:number |no\.? ?)?(?P<number>\d{{1,3}}|[a-z]+))(?: {_CHANGE})?(?: only)?",
    re.IGNORECASE,
)
_USUAL: Final = 1.5
_TOO_MUCH: Final = 0.5


def read_history(clause: str, others: Sequence[str] = (), last: Sequence[Part] = ()) -> Step | None:
    """Return the step that a clause asks for; None where it asks for none.

    Args:
        clause: in lower case, without politeness.
        others: names of other faces.
        last: parts that "them" stands for.
    """
    clause = re.sub(r"\b(\w+)(?:,? \1\b)+", r"\1", clause)  # "more, more, more"
    if (found := _LIKE.fullmatch(clause)) and (source := named(found["who"], others)) is not None:
        return Take((FACE_SHAPE,), source, 0.5 if found["part"] else 1.0)
    if found := _TAKE_ALL.fullmatch(clause):
        who = found["who"] or found["whom"]
        return Take((_FACE,), who if (source := named(who, others)) is None else source)
    for read in (_undo_but, _only, _hold, _version, _undo, _scale, _restore):
        if step := read(clause, last):
            return step
    return _take(clause, others)


def _version(clause: str, _last: Sequence[Part]) -> Step | None:
    """Return the step to a version by its number; version 1 is the face before it was talked to."""
    if _VERSION_BEFORE.fullmatch(clause):
        return Undo()
    if not (found := _VERSION.fullmatch(clause)):
        return None
    if ordinal := found["ordinal"]:
        return Version(_ORDINALS.index(ordinal) + 1 if ordinal in _ORDINALS else int(re.sub(r"\D", "", ordinal)))
    number = _number(found["number"])
    return Version(number) if number else None


def _only(clause: str, _last: Sequence[Part]) -> Step | None:
    """Return what is held where only some parts may change."""
    if _RELEASE_ALL.fullmatch(clause):
        return Release(PARTS)
    for pattern in _ONLIES:
        if (found := pattern.fullmatch(clause)) and (parts := _parts(found)):
            return Hold(parts_beside(parts), parts)
    return None


def _undo_but(clause: str, _last: Sequence[Part]) -> Step | None:
    """Return the step that takes back everything but some of it."""
    for pattern in _UNDO_BUT:
        if not (found := pattern.fullmatch(clause)):
            continue
        if end := _group(found, "end"):
            count = _number(_group(found, "count")) or 1
            return UndoBut(last=count) if end in ("last", "latest", "newest") else UndoBut(first=count)
        if parts := _parts(found):
            return UndoBut(parts)
    return None


def _undo(clause: str, _last: Sequence[Part]) -> Step | None:
    if found := _ONE_OF.fullmatch(clause):
        ordinal = found["ordinal"]
        number = _ORDINALS.index(ordinal.lower()) + 1 if ordinal else _number(found["number"])
        if number:
            return UndoOne(number)
    if _RESTART.fullmatch(clause):
        return Restart()
    if _UNDO.fullmatch(clause):
        return Undo()
    if found := _REDO.fullmatch(clause):
        return Redo(
            _MOST
            if clause.startswith(("redo all", "redo every", "redo it all"))
            else _number(_group(found, "count")) or 1
        )
    if (found := _UNDO_COUNT.fullmatch(clause)) and (
        count := _number(_group(found, "times") or _group(found, "count"))
    ):
        return Undo(count)
    return None


def _number(word: str) -> int:
    """Return the number that a word says; 0 where it says none."""
    if not word:
        return 0
    return int(word) if word.isdigit() else _NUMBERS.get(word) or UNITS.get(word, 0)


def _scale(clause: str, _last: Sequence[Part]) -> Step | None:
    if _OTHER_WAY.fullmatch(clause):
        return Scale(-1.0)
    for pattern, factor in _FACTORS:
        if pattern.fullmatch(clause):
            return Scale(factor)
    if found := _MORE.fullmatch(clause):
        return Scale(_way(_group(found, "amount")))
    if found := _LESS.fullmatch(clause):
        if over := _group(found, "over"):
            return Scale(0.3 if "way" in over or "far" in over else 0.75 if over.startswith("a ") else _TOO_MUCH)
        return Scale(1.0 / _way(_group(found, "amount")))
    return None


def _way(amount: str) -> float:
    words = re.sub(r"\b(?:just|only|even|still|yet|make it|go|do|and|some)\b", "", amount).strip()
    return _WAYS.get(words, _USUAL)


def _hold(clause: str, last: Sequence[Part]) -> Step | None:
    for patterns, kind in ((_RELEASES, Release), (_HOLDS, Hold)):
        for pattern in patterns:
            if (found := pattern.fullmatch(clause)) and (parts := _parts(found)):
                return kind(parts)
    return Hold(tuple(last)) if last and _AGAIN.fullmatch(clause) else None


def _restore(clause: str, _last: Sequence[Part]) -> Step | None:
    for pattern in _RESTORES:
        if (found := pattern.fullmatch(clause)) and (parts := _parts(found)):
            return Restore(parts, _group(found, "old") in ("original", "first"))
    return None


def _parts(found: re.Match[str]) -> tuple[Part, ...]:
    """Return the parts that a phrase is about; none where it says more than their names."""
    text = _group(found, "part")
    parts = find_parts(text)
    rest = re.findall(r"[\w']+", without_parts(text))
    plain = [word for word in rest if word not in _PLAIN]
    return parts if parts and not plain else ()


_PLAIN: Final = frozenset({
    "a", "an", "the", "her", "his", "their", "its", "that", "this", "those", "these", "my", "your", "and", "or", "all",
    "of", "only", "just", "whole", "also", "too", "exactly", "current", "own", "very", "same", "old",
})  # fmt: skip
"""Words beside a part's name that say no more than it."""


def _take(clause: str, others: Sequence[str]) -> Step | None:
    for pattern in _TAKES:
        if (found := pattern.fullmatch(clause)) and (parts := _parts(found)):
            who = _group(found, "who").strip().removesuffix("'s")
            source = named(who, others)
            if source is None and _is_somebody(who, copies=bool(_COPIES.match(clause)), owns="'" in clause):
                source = who  # somebody who is not there: whoever looks for the face says so
            if source is not None:
                return Take(parts, source)
    return None


def read_taking(clause: str, others: Sequence[str]) -> Step | None:
    """Return the step that takes a part of somebody, of whom nothing else is made: "the lips of Marilyn Monroe"."""
    return _take(f"take {re.sub(r'^(?:give (?:her|him|it|them)|with|have) ', '', clause)}", others)


_COPIES: Final = re.compile(r"(?:take|copy|borrow|steal|use) ")
_ITSELF: Final = re.compile(
    rf"(?:{WHO}|{THE} (?:own|person|face|head|woman|man|girl|boy|lady|guy|character|model)|(?:her|his|their)(?: own)?|once|again|there)"
)
_OF_OTHERS: Final = re.compile(r"(?:the|that|this|those|my|your|her|his|their|our) (?P<noun>\w.*)")


def _is_somebody(who: str, *, copies: bool, owns: bool) -> bool:
    """Return whether words name somebody, known here or not, whom a part can be of: "the fisherman", "Clara".

    Args:
        who: the words, in lower case.
        copies: whether the order says that something is copied.
        owns: whether it says whose something is: "the fisherman's nose".
    """
    if _ITSELF.fullmatch(who) or re.match(r"(?:an?|some) ", who) or (find_parts(who) and not owns):
        return False
    words = who.split()
    found = _OF_OTHERS.fullmatch(who)
    if copies or (found and owns):
        return not (found and _ITSELF.fullmatch(found["noun"]))
    if found:
        return any((entry := lexicon().entries.get(word)) is not None and bool(entry.kind) for word in words)
    is_name = words[0].capitalize() in sex_of_names()
    return is_name or not any(slips.is_english(word) or lexicon().knows(word) for word in words)


def named(who: str, others: Sequence[str]) -> str | None:
    """Return the name of the other face that words mean, "" for "the other one"; None where they mean none."""
    who = re.sub(r"^(?:the|that|a) ", "", who.strip().lower())
    if re.fullmatch(r"(?:other|second|previous|last)(?: (?:one|face|head|person|woman|man|guy|girl))?", who):
        return ""
    known = {other.lower(): other for other in others}
    if who in known:
        return known[who]
    inside = [name for name in known if re.sub(r"^(?:the|a|an) ", "", name) == who or who in name.split()]
    close = inside or difflib.get_close_matches(who, known, n=1, cutoff=0.8)
    return known[close[0]] if close else None
