"""Which language a prompt is in: only English is read, and any other is said instead of being guessed at."""

# ruff: noqa: E501, RUF001 - tables of words, some in letters that look like English ones

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final

from dreamface.language import tables
from dreamface.language.lexicon import lexicon
from dreamface.language.words import Token

_SCRIPTS: Final = {
    "CYRILLIC": "Russian or another language in Cyrillic letters", "GREEK": "Greek", "HEBREW": "Hebrew",
    "ARABIC": "Arabic or another language in its letters", "DEVANAGARI": "Hindi or another language in its letters",
    "BENGALI": "Bengali", "TAMIL": "Tamil", "THAI": "Thai", "HANGUL": "Korean", "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese", "CJK": "Chinese or Japanese", "GEORGIAN": "Georgian", "ARMENIAN": "Armenian",
}  # fmt: skip
"""The first word of a letter's Unicode name, and the language it is of."""

_WORDS: Final = {
    "German": "ein eine einen einem einer der die das und mit ohne ist sehr alte alter altes junge junger junges frau mann mädchen"
    " junge kind gesicht augen haare haar nase mund lippen bart grosse große kleine kleiner blaue grüne braune blonde schwarze lange"
    " kurze kurzen langen blauen grünen braunen ihre seine hat er sie von im auf",
    "French": "un une des le la les et avec sans est très vieux vieille jeune femme homme fille garçon visage yeux cheveux nez bouche"
    " lèvres barbe grand grande petit petite bleus verts noirs blonds longs courts elle il aux du dans qui de en ans",
    "Spanish": "un una unos el la los las y con sin es muy viejo vieja anciano anciana joven mujer hombre niña niño chica chico cara"
    " ojos pelo cabello nariz boca labios barba grande pequeña pequeño azules verdes negros rubio largo corto ella del de en años que",
    "Italian": "un una uno il lo la gli le e con senza è molto vecchio vecchia anziano anziana giovane donna uomo ragazza ragazzo viso"
    " occhi capelli naso bocca labbra barba grande piccolo piccola azzurri verdi neri biondi lunghi corti lei lui di del anni che",
    "Portuguese": "um uma o os as e com sem é muito velho velha idoso idosa jovem mulher homem menina menino rosto olhos cabelo cabelos"
    " nariz boca lábios barba grande pequeno pequena azuis verdes pretos loiro longo curto ela ele do da de anos que",
    "Dutch": "een de het en met zonder is zeer erg oude jonge vrouw man meisje jongen gezicht ogen haar neus mond lippen baard grote"
    " kleine blauwe groene bruine blonde zwarte lang kort van op zij hij",
    "Polish": "z bez i jest bardzo stary stara młody młoda kobieta mężczyzna dziewczyna chłopiec chłopak twarz oczy oczami włosy włosami"
    " nos nosem usta broda brodą duży duże mały niebieskie zielone brązowe długie krótkie starsza starszy",
    "Swedish": "en ett och med utan är mycket gammal ung kvinna man flicka pojke ansikte ögon hår näsa mun läppar skägg stor stora"
    " liten blå gröna bruna blont svart långt kort hon han på av",
    "Turkish": "bir ve ile çok yaşlı genç kadın adam erkek kız çocuk yüz yüzlü göz gözlü gözler saç saçlı burun burunlu ağız dudak sakal"
    " sakallı büyük küçük mavi yeşil siyah kahverengi uzun kısa",
    "Latin": "et cum sine est vir femina puella senex oculis oculi capilli nasus facies magna",
    "Indonesian": "seorang dengan dan tanpa sangat tua muda wanita pria gadis wajah mata rambut hidung mulut bibir janggut besar kecil"
    " biru hijau hitam panjang pendek yang",
    "Vietnamese": "một người với và không rất già trẻ phụ nữ đàn ông mặt mắt tóc mũi miệng râu",
    "Finnish": "ja on vanha nuori nainen mies tyttö poika kasvot silmät hiukset nenä suu parta iso pieni siniset vihreät pitkä jolla",
    "Czech": "s a bez je velmi starý stará mladý mladá žena muž dívka chlapec tvář oči vlasy nos ústa vousy velké malé modré zelené",
    "Danish or Norwegian": "en et og med uten uden er meget gammel ung kvinde kvinne mand mann pige jente gutt ansigt ansikt øjne øyne"
    " hår næse nese mund munn læber skæg skjegg stor lille blå grønne",
    "Hungarian": "egy és nélkül nagyon öreg fiatal nő férfi lány fiú arc szem szemű haj hajú orr orrú száj szakáll nagy kis kék zöld",
    "Romanian": "un o și cu fără este foarte bătrân bătrână tânăr tânără femeie bărbat fată băiat față ochi păr nas gură barbă mare mic",
}  # fmt: skip
"""Words that descriptions of faces in each language are made of."""

_LISTS: Final = {name: frozenset(words.split()) for name, words in _WORDS.items()}
_ALSO_ENGLISH: Final = frozenset(
    [
        "a",
        "an",
        "is",
        "as",
        "on",
        "no",
        "in",
        "of",
        "do",
        "per",
        "con",
        "die",
        "man",
        "hat",
        "war",
        "kind",
        "bart",
        "long",
        "kort",
        "hair",
        "grand",
        "sans",
        "blonde",
        "male",
        "chic",
        "is",
        "me",
        "all",
        "will",
        "was",
        "see",
        "so",
        "am",
        "o",
        "e",
        "y",
        "s",
        "z",
        "haar",
        "en",
        "pale",
    ]
)
_MOST_OF: Final = 0.5  # share of a prompt's letters or words that must be of the other language


def foreign_language(tokens: Sequence[Token]) -> str:
    """Return the name of the language that a prompt is in, or "" for English and for what is no language.

    Args:
        tokens: of the prompt.
    """
    words = [token.text.lower() for token in tokens if token.text[:1].isalpha()]
    letters = [character for word in words for character in word]
    if not letters:
        return ""
    scripts = Counter(unicodedata.name(character, "?").split()[0].split("-")[0] for character in letters)
    script, count = next(((name, n) for name, n in scripts.most_common() if name in _SCRIPTS), ("", 0))
    if count > _MOST_OF * len(letters):
        return _SCRIPTS["HIRAGANA"] if scripts["HIRAGANA"] + scripts["KATAKANA"] else _SCRIPTS[script]
    english = sum(_is_english(token) for token in tokens if token.text[:1].isalpha())
    found = {name: sum(word in known - _ALSO_ENGLISH for word in words) for name, known in _LISTS.items()}
    whole = {name: sum(word in known for word in words) for name, known in _LISTS.items()}
    best = max(found, key=lambda name: (found[name] + 0.5 * whole[name], name))
    if found[best] == 0:
        return ""
    return best if whole[best] > english and whole[best] >= _MOST_OF * min(len(words), 6) else ""


def _is_english(token: Token) -> bool:
    word = token.text.lower()
    return (
        word in _FUNCTION_WORDS or token.word in lexicon().entries or token.word in lexicon().adjectives
    ) and word not in ("un", "la", "de", "der", "die", "en", "het", "et", "y")


_FUNCTION_WORDS: Final = tables.BREAKS | tables.DETERMINERS | tables.FUNCTION_WORDS | tables.COPULAS
