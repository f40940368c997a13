"""The words the reader knows beyond the vocabulary's own phrases. Data only; one meaning a line.

Keys are written as people write them; `lexicon` brings them and the prompt to one form (lower case, hyphens as spaces,
singular), so "wide-set eyes" also reads "wide set eye".
"""

# ruff: noqa: E501 - tables: one meaning a line

from __future__ import annotations

from typing import Final

from dreamface.colour_names import NAMES_SRGB, OF_SKIN
from dreamface.language.effects import Degree, Effects, Rank, at, more


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# --------------------------------------------------------------------------------------------------- grammar's own words

DETERMINERS: Final = frozenset(
    _words("a an the his her its their my your our this that these those some any each both all")
)
PERSON_PRONOUNS: Final = frozenset(_words("he she who whose him hers himself herself i you we me us"))
COPULAS: Final = frozenset(
    _words(
        "is are was were be being been am look appear seem looking appearing seeming become becoming get getting got became "
        "grew went turned remained remain stayed stay hung hang sat sit lay lie"
    )
)
BREAKS: Final = frozenset(
    _words(
        "with has have having had while in wearing wear dressed clad under beneath above below on over around near at by "
        "from of to into across behind between for as like than through during before after against along "
        "upon beside within up down except past until till"
    )
)
WORN_AFTER: Final = frozenset(_words("in wearing wear dressed clad against"))
"""Those of them that name clothes or a background: a colour alone after them is not the person's."""

FUNCTION_WORDS: Final = frozenset(
    _words(
        "which what where when why how it they them do does did done can could will would shall should may "
        "might must also then there here if because so such just only even still yet very too more most much "
        "less least own other another same one ones either both not no nor or and but please make made give "
        "given show want create generate draw add let put bit way s t d m re ve ll about quite"
    )
)
NEGATIONS: Final = frozenset(_words("not no without never neither lacking lack lacks non minus nothing"))
NEGATION_PHRASES: Final = (
    "free of",
    "devoid of",
    "no sign of",
    "no trace of",
    "instead of",
    "rather than",
    "anything but",
    "free from",
    "hardly",
    "scarcely",
    "next to no",
    "almost no",
    "practically no",
    "virtually no",
    "not single",
    "by no mean",
    "far from",
    "nowhere near",
    "not at all",
    "in no way",
    "not exactly",
    "not particularly",
    "not especially",
    "without trace of",
    "without hint of",
    "not trace of",
    "without single",
    "lack of",
    "not even",
    "complete lack of",
    "absence of",
    "zero",
    "no longer",
)
JOINING_AND: Final = frozenset({"and", "&", "plus", "+"})
JOINING_OR: Final = frozenset({"or", "nor"})
STOPS: Final = frozenset({".", ";", "!", "?", ":", "but", "though", "although", "however", "yet", "(", ")", "\n"})

NEUTRAL_WORDS: Final = frozenset(
    _words(
        "face head person human portrait character feature appearance someone somebody individual people "
        "figure ancestry descent heritage origin parentage parent coloured shaped skinned expression look "
        "type sort build body"
    )
)
"""Nouns for the head itself: they say nothing about it, and are not reported as not understood."""

SCENE_WORDS: Final = frozenset(
    _words(
        "wearing wear wears dressed holding carrying riding standing sitting playing background behind jacket "
        "coat dress shirt hat cap hood helmet crown tiara mask veil scarf glass sunglass goggle spectacle specs eyeglass lorgnette eyepatch "
        "monocle earring ring necklace piercing stud chain jewel jewelry jewellery tattoo bandage collar "
        "tie suit robe uniform armour armor cape gown headphone headband bandana turban ribbon bow flower "
        "horn antler fang tusk wing sword gun shield light lighting lit camera lens photo photograph "
        "photography render rendering painting style studio portrait sky sea forest city street room chair "
        "table horse dog cigarette pipe cigar wearer clothe clothing sweater hoodie denim"
    )
)
"""Clothes, objects and surroundings: words beside these are never matched by meaning ("nose ring" is no round nose)."""

OTHER_PARTS: Final = frozenset(
    _words(
        "hand finger fingernail nail knuckle thumb arm elbow wrist shoulder leg knee foot toe chest breast belly stomach "
        "waist hip thigh heel back palm fist voice step stride laughter gait sleeve boot shoe glove sock trouser jean "
        "blouse skirt apron backpack bag handbag basket umbrella"
    )
)
"""Parts of the body and things that no head has: what is said of them says nothing about the face."""

OBJECTS: Final = frozenset(
    _words(
        "glass spectacle sunglass goggle monocle axe map bottle cup mug book jacket coat hat cap hood scarf dress shirt robe suit "
        "uniform cloak brooch belt boat ship car truck van house cottage castle church tree horse pony cow sheep goat pig dog cat "
        "kitten puppy parrot owl bear elephant teddy doll painting wallpaper curtain chair table sofa lamp lantern candle sword "
        "shield spear bow arrow gun rifle stick cane rope net knife hammer tent flag piano guitar violin drum sweater jumper "
        "cardigan blazer waistcoat vest pullover tunic kilt poncho shawl helmet crown mask gown cape necklace earring chain ring polish rose lace wine lily daisy sheet wall snow paper"
    )
)
"""Things: the adjectives before one are its own."""

ANIMALS: Final = frozenset(
    _words(
        "dog cat horse puppy kitten parrot owl bird pony rabbit husky terrier poodle labrador spaniel collie beagle dachshund "
        "greyhound hound mutt wolf fox hamster mouse rat raven crow falcon monkey snake lizard ferret hedgehog chicken duck "
        "swan eagle hawk vulture pigeon dove seagull panther leopard jaguar cheetah hyena badger otter whale shark dolphin "
        "octopus crab spider scorpion frog toad bat moth butterfly deer stag boar rhino hippo gorilla chimp ape stoat weasel "
        "fish goldfish turtle tortoise squirrel bear tiger lion elephant budgie canary bulldog pug chihuahua retriever "
        "alsatian mastiff kitty foal calf chick schnauzer sheep goat cow pig donkey mule camel goose lamb hen herd flock"
    )
)

MARKS: Final = frozenset(_words("scar mole birthmark freckle spot wart burn line wrinkle scale"))
"""Things on the skin that have a colour of their own."""

PICTURE_PHRASES: Final = frozenset(
    f"black and white {picture}" for picture in _words("photo photograph picture portrait image film shot")
)
"""Colours of the picture, not of the person in it."""

DEGREES: Final[dict[str, Degree]] = {
    **dict.fromkeys(
        ("slightly", "a little", "a little bit", "a bit", "somewhat", "mildly", "a touch", "a tad", "kind of", "sort of", "faintly",
         "subtly", "lightly", "vaguely", "barely", "a hint of", "hints of", "a touch of", "a bit of", "a few", "few", "a couple of",
         "a little of", "a trace of", "a scattering of", "a sprinkling of", "a spray of", "a dusting of", "a smattering of",
         "partially", "partly", "half", "gently", "softly", "marginally"),
        Degree.SLIGHT,
    ),
    **dict.fromkeys(("neatly", "nicely", "freshly", "carefully", "loosely"), Degree.PLAIN),
    **dict.fromkeys(("rather", "quite", "fairly", "pretty", "noticeably", "visibly", "particularly", "clearly"), Degree.RATHER),
    **dict.fromkeys(
        ("very", "really", "highly", "strongly", "heavily", "deeply", "truly", "so", "too", "many", "lots of", "a lot of", "plenty of",
         "loads of", "a great many", "a good many", "a great deal of", "a good deal of", "any number of", "no end of", "countless",
         "innumerable", "wide", "widely", "greatly", "remarkably", "strikingly", "especially", "broadly", "tons of"),
        Degree.VERY,
    ),
    **dict.fromkeys(
        ("extremely", "super", "incredibly", "insanely", "ultra", "hugely", "exceptionally", "absurdly", "comically", "impossibly",
         "massively", "enormously", "ridiculously", "completely", "totally", "fully", "covered in", "covered with", "full of",
         "very very", "exaggeratedly", "unbelievably", "overly", "unusually", "terribly", "absolutely"),
        Degree.EXTREME,
    ),
}  # fmt: skip

DEGREE_ADJECTIVES: Final[dict[str, Degree]] = {
    **dict.fromkeys(_words(
        "slight light faint subtle small little tiny sparse mild hint soft gentle weak fine thin natural wispy"
    ), Degree.SLIGHT),
    **dict.fromkeys(_words("neat tidy single two twin"), Degree.PLAIN),
    **dict.fromkeys(_words(
        "heavy deep strong big pronounced prominent thick many dense broad wide dark severe bad bold full "
        "large"
    ), Degree.VERY),
    **dict.fromkeys(_words(
        "huge enormous massive extreme extensive exaggerated dramatic intense gigantic"
    ), Degree.EXTREME),
}  # fmt: skip
"""Adjectives that only say how much there is of the noun's own meaning: "faint freckles", "a huge grin"."""

AMBIGUOUS_ADJECTIVES: Final = frozenset(
    _words(
        "black white heavy strong slim thin fair light dark delicate weak old fat tan ginger mad red cute pretty bony "
        "striped scaly scaled sandy bronzed oiled determined grim resolute steely tense strained haughty disdainful supercilious "
        "mournful doleful wistful forlorn thoughtful pensive focused moody brooding sullen sulky rueful tearful roaring crushed"
    )
)
"""Adjectives that describe things as readily as people: before an unknown noun they say nothing about the face."""

OWN_TRAITS: Final[dict[str, tuple[str, ...]]] = {
    "lash": ("lashes.", "expression.", "eyeliner"),
    "brow": ("brows.", "brow.", "expression."),
    "beard": ("beard.", "stubble."),
    "moustache": ("beard.", "stubble."),
    "hair": ("hair.",),
    "tooth": ("teeth.", "expression."),
    "pupil": ("pupil.", "iris."),
    "eye": (
        "eyes.",
        "iris.",
        "under_eyes.",
        "sclera.",
        "pupil.",
        "expression.",
        "wrinkles.",
        "eyeliner",
        "eyeshadow",
        "lashes.",
    ),
}
"""What an adjective of these parts may be about, where it does not go with the part by itself: "old eyes" make nobody old."""

COLOURS_ALONE: Final = frozenset(
    _words(
        "red grey white silver brown blonde ginger auburn copper chestnut sandy gold yellow dyed greying blue green pink purple"
    )
)
"""Colours that behind a comma belong to the hair or the beard before it: "a long beard, red"."""

STRONG_ADJECTIVES: Final[dict[str, Degree]] = {
    **dict.fromkeys(_words("huge enormous gigantic massive oversized giant gargantuan colossal"), Degree.EXTREME),
    **dict.fromkeys(_words("tiny minuscule beady bulbous emaciated obese ancient razor"), Degree.VERY),
}
"""Adjectives that carry a degree of their own."""

SYNONYMS: Final[tuple[tuple[str, ...], ...]] = (
    ("big", "large", "huge", "enormous", "gigantic", "massive", "oversized", "sizeable", "giant", "great", "gargantuan", "colossal"),
    ("small", "little", "tiny", "petite", "miniature", "dainty", "minuscule"),
    ("wide", "broad"),
    ("narrow", "thin", "slim", "slender", "skinny", "slight"),
    ("full", "plump", "thick", "fleshy", "luscious", "voluptuous", "lush", "fat"),
    ("thin", "narrow", "skinny", "thinning"),
    ("thick", "wide", "bushy", "dense", "heavy", "full"),
    ("long", "elongated"),
    ("short", "stubby"),
    ("high", "tall", "raised"),
    ("prominent", "strong", "pronounced", "protruding", "jutting", "defined", "well defined", "chiselled", "chiseled", "striking"),
    ("hollow", "sunken", "gaunt"),
    ("pointed", "pointy", "sharp"),
    ("upturned", "turned up", "turned upward", "upswept"),
    ("downturned", "drooping", "droopy", "turned down", "downward", "downcast"),
    ("slanted", "slanting", "tilted"),
    ("chubby", "plump", "full", "fat", "puffy"),
    ("weak", "receding", "recessed"),
    ("smooth", "flawless", "silky", "soft"),
    ("rosy", "ruddy", "pink"),
    ("dark", "tanned"),
    ("pale", "fair", "light"),
    ("asymmetric", "asymmetrical", "lopsided", "crooked"),
    ("protruding", "sticking out", "stick out", "sticking", "jutting", "prominent"),
    ("bulging", "protruding", "bulgy", "popping"),
)  # fmt: skip
"""Adjectives that may stand in for one another where the exact pair with a noun is not known."""

SPELLINGS: Final[dict[str, str]] = {
    **dict.fromkeys(("teh", "hte", "th"), "the"), **dict.fromkeys(("adn", "nad", "n"), "and"), "wiht": "with", "wih": "with", "wtih": "with",
    "w": "with", "perhap": "perhaps", "alway": "always", "abuot": "about", "aobut": "about", "abt": "about", "arround": "around", "thier": "their", "verry": "very", "vry": "very",
    "extreamly": "extremely", "slighty": "slightly", "slighlty": "slightly", "shes": "she", "hes": "he", "ur": "your", "drak": "dark",
    "gray": "grey", "grayish": "grey", "greyish": "grey", "color": "colour", "colored": "coloured", "blond": "blonde",
    "mustache": "moustache", "mustachioed": "moustache", "moustached": "moustache", "mustached": "moustache",
    "eyebrow": "brow", "eyelash": "lash", "lid": "eyelid", "men": "man", "women": "woman", "children": "child", "teeth": "tooth",
    "eyed": "eye", "haired": "hair", "lipped": "lip", "nosed": "nose", "jawed": "jaw", "skinned": "skin", "faced": "face",
    "browed": "brow", "cheeked": "cheek", "chinned": "chin", "eared": "ear", "necked": "neck", "lashed": "lash", "mouthed": "mouth",
    "jawline": "jaw", "reddish": "red", "bluish": "blue", "greenish": "green", "brownish": "brown", "purplish": "purple",
    "pinkish": "pink", "yellowish": "yellow", "blackish": "black", "goldish": "gold", "golden": "gold", "complexion": "skin",
    "complected": "skin", "complexioned": "skin", "chiseled": "chiselled", "mum": "mother", "mom": "mother", "grandma": "grandmother",
    "granny": "grandmother", "grandad": "grandfather", "grandpa": "grandfather", "plaits": "braid", "wrinkly": "wrinkled", "lined": "wrinkled",
    "lipgloss": "lipstick", "rouged": "rouge", "coloring": "colour", "makeup": "makeup", "ladies": "lady", "wolves": "wolf",
    "elves": "elf", "dwarves": "dwarf", "symmetric": "symmetrical", "nostrilled": "nostril", "smaller": "small",
    "blu": "blue", "gurl": "girl", "grl": "girl", "wimmin": "woman", "wemon": "woman", "wommen": "woman", "skiny": "skinny", "skinney": "skinny", "bleu": "blue", "ginge": "ginger", "womyn": "woman", "guyz": "guy", "bruh": "guy", "colourless": "colourless", "colorless": "colourless", "platinum": "platinum", "freckly": "freckled", "hairdo": "hair",
    "locks": "hair", "plait": "braid", "bearded": "beard", "tips": "hairtip", "ends": "hairtip", "graying": "greying", "bangs": "fringe", "bang": "fringe", "older": "old", "younger": "young", "oldest": "old", "youngest": "young", "elder": "old", "tresses": "hair", "lashes": "lash",
}  # fmt: skip
"""Other spellings and forms, to the word the tables use."""

PARTS: Final = (
    "face", "head", "feature", "forehead", "temple", "brow", "brow ridge", "eye", "eyelid", "lid crease", "under eye", "iris", "lash",
    "nose", "nose bridge", "nose tip", "nostril", "cheek", "cheekbone", "mouth", "mouth corner", "corner", "lip", "upper lip",
    "lower lip", "philtrum", "jaw", "jaw angle", "chin", "ear", "neck", "skin", "hair", "body", "build", "pore", "beard",
    "moustache", "stubble", "tooth", "tongue", "fringe", "pupil", "hairline",
    "hairtip", "root", "eye white", "white of eye",
)  # fmt: skip
"""Things adjectives attach to."""

PART_ALIASES: Final[dict[str, str]] = {
    "bridge": "nose bridge", "bridge of nose": "nose bridge", "tip of nose": "nose tip", "tip": "nose tip", "nasal bridge": "nose bridge",
    "jaw line": "jaw", "skin tone": "skin", "skin colour": "skin", "top lip": "upper lip", "bottom lip": "lower lip",
    "underlip": "lower lip", "corner of mouth": "mouth corner", "eye colour": "eye", "hair colour": "hair", "facial hair": "beard",
    "earlobe": "ear", "ear tip": "ear", "ear hairtip": "ear", "nose hairtip": "nose tip", "nape": "neck", "facial feature": "feature", "cheek bone": "cheekbone", "eye socket": "under eye",
    "cupid bow": "philtrum", "throat": "neck", "physique": "body", "figure": "body", "visage": "face", "countenance": "face",
    "snout": "nose", "schnoz": "nose", "peeper": "eye", "kisser": "mouth", "mane": "hair", "mop": "hair", "hairstyle": "hair", "haircut": "hair",
}  # fmt: skip

# ------------------------------------------------------------------------------------------------------------- people

PEOPLE: Final[dict[str, Effects]] = {
    "man": (at("gender", 1.0),),
    "male": (at("gender", 1.0),),
    "guy": (at("gender", 1.0),),
    "gentleman": (at("gender", 1.0),),
    "dude": (at("gender", 1.0),),
    "bloke": (at("gender", 1.0),),
    "king": (at("gender", 1.0),),
    "prince": (at("gender", 1.0), at("age", 24.0, Rank.IMPLIED)),
    "father": (at("gender", 1.0), at("age", 40.0, Rank.IMPLIED)),
    "dad": (at("gender", 1.0), at("age", 40.0, Rank.IMPLIED)),
    "husband": (at("gender", 1.0),),
    "businessman": (at("gender", 1.0),),
    "uncle": (at("gender", 1.0), at("age", 48.0, Rank.IMPLIED)),
    "grandfather": (at("gender", 1.0), at("age", 72.0)),
    "boy": (at("gender", 1.0), at("age", 9.0)),
    "schoolboy": (at("gender", 1.0), at("age", 10.0)),
    "brother": (at("gender", 1.0),),
    "son": (at("gender", 1.0),),
    "monk": (at("gender", 0.8), at("hair.style", "bald", Rank.IMPLIED)),
    "woman": (at("gender", -1.0),),
    "female": (at("gender", -1.0),),
    "lady": (at("gender", -1.0),),
    "gal": (at("gender", -1.0),),
    "queen": (at("gender", -1.0),),
    "princess": (at("gender", -1.0), at("age", 21.0, Rank.IMPLIED)),
    "mother": (at("gender", -1.0), at("age", 40.0, Rank.IMPLIED)),
    "wife": (at("gender", -1.0),),
    "businesswoman": (at("gender", -1.0),),
    "aunt": (at("gender", -1.0), at("age", 48.0, Rank.IMPLIED)),
    "grandmother": (at("gender", -1.0), at("age", 72.0)),
    "girl": (at("gender", -1.0), at("age", 9.0)),
    "schoolgirl": (at("gender", -1.0), at("age", 10.0)),
    "sister": (at("gender", -1.0),),
    "daughter": (at("gender", -1.0),),
    "nun": (at("gender", -1.0),),
    "child": (at("age", 8.0),),
    "kid": (at("age", 8.0),),
    "toddler": (at("age", 2.5),),
    "baby": (at("age", 1.0),),
    "infant": (at("age", 1.0),),
    "newborn": (at("age", 1.0),),
    "teenager": (at("age", 16.0),),
    "teen": (at("age", 16.0),),
    "teenage": (at("age", 16.0),),
    "adolescent": (at("age", 15.0),),
    "teenage girl": (at("gender", -1.0), at("age", 16.0)),
    "teenage boy": (at("gender", 1.0), at("age", 16.0)),
    "teen girl": (at("gender", -1.0), at("age", 16.0)),
    "teen boy": (at("gender", 1.0), at("age", 16.0)),
    "preteen": (at("age", 11.0),),
    "youth": (at("age", 18.0),),
    "adult": (at("age", 35.0, Rank.IMPLIED),),
    "senior": (at("age", 72.0),),
    "pensioner": (at("age", 72.0),),
    "old lady": (at("gender", -1.0), at("age", 72.0)),
    "crone": (at("gender", -1.0), at("age", 82.0), more("wrinkles.cheeks"), more("nose.hump", 0.7)),
    "hag": (at("gender", -1.0), at("age", 82.0), more("wrinkles.cheeks"), more("nose.hump", 0.7)),
    **dict.fromkeys(
        _words(
            "heiress enchantress priestess goddess murderess temptress seductress hostess manageress "
            "authoress poetess giantess adventuress ancestress mistress benefactress patroness peeress "
            "marchioness lioness villainess songstress madam mademoiselle senora senorita signora frau "
            "missus missis wench bridesmaid matron starlet ingenue comedienne maam "
        ),
        (at("gender", -1.0),),
    ),
    **dict.fromkeys(_words("fellow fellah sir mister bro"), (at("gender", 1.0),)),
    **dict.fromkeys(("fairy godmother", "godmother"), (at("gender", -1.0), at("age", 60.0, Rank.IMPLIED))),
    "godfather": (at("gender", 1.0), at("age", 60.0, Rank.IMPLIED)),
    "masculine woman": (at("gender", -0.3, Rank.EXACT),),
    "manly woman": (at("gender", -0.3, Rank.EXACT),),
    "feminine man": (at("gender", 0.3, Rank.EXACT),),
    "effeminate man": (at("gender", 0.3, Rank.EXACT),),
}

PERSON_NOUNS: Final = frozenset(
    _words(
        "person human people someone somebody individual character figure model hero heroine villain wizard "
        "warrior knight ranger mage rogue paladin cleric ruler noble peasant villager stranger teacher nurse "
        "doctor librarian student scientist professor lawyer officer detective policeman policewoman "
        "firefighter cook chef waiter waitress actor actress dancer singer musician artist painter writer "
        "poet engineer mechanic driver shopkeeper merchant priest samurai geisha ninja surfer skater "
        "astronaut superhero adventurer explorer hunter thief assassin spy judge politician executive manager "
        "worker neighbour cousin twin sibling parent fellow folk lass lad"
    )
)
"""People an adjective such as "black" or "thin" describes; the noun itself says nothing about the face."""

ANYBODY: Final = frozenset(
    _words("person human people someone somebody individual character figure fellow folk stranger")
)
"""Those of them that tell nothing at all, so that nothing is lost when nothing is made of them."""

PERSON_ADJECTIVES: Final[dict[str, Effects]] = {
    "middle aged": (at("age", 50.0),),
    "mature": (at("age", 48.0, Rank.VAGUE),),
    "adolescent": (at("age", 15.0),),
    "grown": (at("age", 30.0, Rank.VAGUE),),
    "grown up": (at("age", 30.0, Rank.VAGUE),),
    "retired": (at("age", 68.0, Rank.VAGUE),),
    "elderly": (at("age", 76.0, Rank.VAGUE),),
    "ancient": (at("age", 90.0, Rank.VAGUE),),
    "centenarian": (at("age", 95.0),),
    "octogenarian": (at("age", 84.0),),
    "septuagenarian": (at("age", 74.0),),
    "masculine": (at("gender", 0.7, Rank.VAGUE),),
    "manly": (at("gender", 0.8, Rank.VAGUE), more("jaw.width", 0.5)),
    "feminine": (at("gender", -0.7, Rank.VAGUE),),
    "womanly": (at("gender", -0.8, Rank.VAGUE),),
    "effeminate": (at("gender", 0.2),),
    "androgynous": (at("gender", 0.0),),
    "boyish": (at("gender", 0.5, Rank.VAGUE), at("age", 20.0, Rank.VAGUE)),
    "girlish": (at("gender", -0.7, Rank.VAGUE), at("age", 19.0, Rank.VAGUE)),
}

AGE_DECADES: Final[dict[str, int]] = {
    "twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80, "nineties": 90,
}  # fmt: skip
UNITS: Final[dict[str, int]] = {
    word: number
    for number, word in enumerate(
        _words(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
            "sixteen seventeen eighteen nineteen"
        )
    )
}
TENS: Final[dict[str, int]] = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip

# ----------------------------------------------------------------------------------------------------------- ancestry

# Shares of African, East Asian, South Asian and European ancestry: a coarse handle on looks, not a statement about
# any people. Where a population is mixed the shares are the rough middle of it.
FEMININE_PEOPLES: Final = frozenset({"latina", "chicana", "filipina", "mestiza"})
"""Words for peoples that only women are called."""

ANCESTRY_SHARES: Final[dict[str, tuple[float, float, float, float]]] = {
    **dict.fromkeys(
        _words(
        "african black nigerian kenyan ethiopian ghanaian somali sudanese senegalese ugandan congolese "
        "jamaican haitian zulu yoruba igbo tanzanian rwandan cameroonian zimbabwean angolan eritrean malian "
        "masai maasai"
    ),
        (1.0, 0.0, 0.0, 0.0),
    ),
    **dict.fromkeys(("african american", "afro american", "afro caribbean", "caribbean"), (0.85, 0.0, 0.0, 0.15)),
    "south african": (0.8, 0.0, 0.0, 0.2),
    **dict.fromkeys(
        ("east asian", "asian", "oriental", *(
            _words(
        "chinese japanese korean taiwanese mongolian vietnamese thai tibetan cambodian laotian burmese hmong "
        "singaporean"
    ))),
        (0.0, 1.0, 0.0, 0.0),
    ),
    **dict.fromkeys(["filipino", "filipina", "indonesian", "malaysian", "malay", "javanese", "southeast"], (0.0, 0.8, 0.2, 0.0)),
    **dict.fromkeys(("southeast asian", "south east asian"), (0.0, 0.8, 0.2, 0.0)),
    **dict.fromkeys(
        ("south asian", "sri lankan", *(
            _words(
        "indian pakistani bengali bangladeshi nepali nepalese punjabi tamil desi gujarati kashmiri"
    ))),
        (0.0, 0.0, 1.0, 0.0),
    ),
    **dict.fromkeys(["afghan", "afghani"], (0.0, 0.15, 0.45, 0.4)),
    **dict.fromkeys(
        ("european", "caucasian", "eastern european", "northern european", "new zealander", *(
            _words(
        "white scandinavian irish english scottish welsh british german french dutch swedish "
        "norwegian danish finnish icelandic polish russian ukrainian czech austrian swiss belgian nordic "
        "slavic celtic hungarian romanian serbian croatian bulgarian lithuanian latvian estonian canadian "
        "australian american viking anglo"
    ))),
        (0.0, 0.0, 0.0, 1.0),
    ),
    **dict.fromkeys(["spanish", "greek", "italian", "portuguese", "mediterranean", "sicilian", "maltese"], (0.06, 0.0, 0.12, 0.82)),
    **dict.fromkeys(
        ("middle eastern", "north african", *(
            _words(
        "arab arabic arabian iranian persian iraqi syrian lebanese egyptian moroccan algerian tunisian saudi "
        "turkish jordanian palestinian kurdish israeli yemeni libyan berber"
    ))),
        (0.15, 0.0, 0.35, 0.5),
    ),
    **dict.fromkeys(["kazakh", "uzbek", "kyrgyz", "uyghur", "turkmen"], (0.0, 0.6, 0.15, 0.25)),
    "jewish": (0.0, 0.0, 0.25, 0.75),
    "brazilian": (0.35, 0.1, 0.0, 0.55),
    **dict.fromkeys(["cuban", "dominican"], (0.4, 0.05, 0.0, 0.55)),
    "puerto rican": (0.25, 0.15, 0.0, 0.6),
    **dict.fromkeys(
        ("latin american", *(
            _words(
        "latino latina latinx hispanic mexican colombian venezuelan chilean ecuadorian chicano chicana"
    ))),
        (0.12, 0.33, 0.2, 0.35),
    ),
    **dict.fromkeys(["peruvian", "bolivian", "guatemalan"], (0.05, 0.5, 0.25, 0.2)),
    **dict.fromkeys(("native american", "american indian", "first nation", "inuit"), (0.0, 0.85, 0.05, 0.1)),
    "argentinian": (0.05, 0.15, 0.0, 0.8),
    "argentine": (0.05, 0.15, 0.0, 0.8),
    **dict.fromkeys(["polynesian", "hawaiian", "samoan", "maori", "tongan"], (0.1, 0.7, 0.1, 0.1)),
    **dict.fromkeys(("aboriginal", "indigenous australian", "melanesian", "papuan"), (0.65, 0.05, 0.3, 0.0)),
    **dict.fromkeys(["eurasian", "hapa"], (0.0, 0.5, 0.0, 0.5)),
    **dict.fromkeys(("biracial", "mulatto"), (0.5, 0.0, 0.0, 0.5)),
    "mixed race": (0.4, 0.2, 0.0, 0.4),
}  # fmt: skip

ORIGINS: Final[dict[str, str]] = {
    "viking": "norwegian", "cossack": "ukrainian", "highlander": "scottish",
    "leprechaun": "irish", "musketeer": "french",
    **dict.fromkeys(("matador", "torero", "bullfighter", "flamenco dancer", "conquistador"), "spanish"),
    **dict.fromkeys(("mafioso", "gondolier", "legionary"), "italian"),
    **dict.fromkeys(("tsar", "czar", "tsarina", "babushka"), "russian"),
    **dict.fromkeys(("yakuza", "shogun", "ronin", "kunoichi", "sumo wrestler"), "japanese"),
    **dict.fromkeys(("shaolin monk", "kung fu master"), "chinese"),
    **dict.fromkeys(("k pop singer", "k pop star", "k pop idol", "kpop singer", "kpop star", "kpop idol"), "korean"),
    **dict.fromkeys(("maharaja", "maharani", "rajah", "yogi", "bollywood star", "bollywood actor"), "indian"),
    "bollywood actress": "indian", "gurkha": "nepali", "ayatollah": "iranian",
    **dict.fromkeys(("sheikh", "sheik", "emir"), "saudi"), **dict.fromkeys(("sultan", "pasha", "janissary"), "turkish"),
    **dict.fromkeys(("rasta", "rastafarian", "rastaman"), "jamaican"), "gaucho": "argentine",
    **dict.fromkeys(("mariachi", "luchador", "vaquero", "charro"), "mexican"),
}  # fmt: skip
"""Words for people that say where most of them come from -> the people; a tendency, which any other word overrides."""

PLACES: Final[dict[str, str]] = {
    **dict.fromkeys(_words("nigeria lagos abuja"), "nigerian"), **dict.fromkeys(_words("kenya nairobi mombasa"), "kenyan"),
    **dict.fromkeys(_words("ethiopia addis"), "ethiopian"), **dict.fromkeys(_words("ghana accra"), "ghanaian"),
    **dict.fromkeys(_words("somalia mogadishu"), "somali"), **dict.fromkeys(_words("sudan khartoum"), "sudanese"),
    **dict.fromkeys(_words("senegal dakar"), "senegalese"), **dict.fromkeys(_words("uganda kampala"), "ugandan"),
    **dict.fromkeys(_words("congo kinshasa"), "congolese"), "rwanda": "rwandan", "cameroon": "cameroonian",
    "zimbabwe": "zimbabwean", "angola": "angolan", "mali": "malian", "tanzania": "tanzanian", "eritrea": "eritrean",
    **dict.fromkeys(_words("jamaica kingston"), "jamaican"), "haiti": "haitian",
    **dict.fromkeys(_words("china beijing shanghai guangzhou chengdu"), "chinese"),
    **dict.fromkeys(_words("japan tokyo osaka kyoto okinawa hokkaido"), "japanese"),
    **dict.fromkeys(_words("korea seoul busan"), "korean"), **dict.fromkeys(_words("taiwan taipei"), "taiwanese"),
    **dict.fromkeys(_words("vietnam hanoi saigon"), "vietnamese"), **dict.fromkeys(_words("thailand bangkok"), "thai"),
    "mongolia": "mongolian", "tibet": "tibetan", "cambodia": "cambodian", "laos": "laotian", "burma": "burmese",
    **dict.fromkeys(_words("philippines manila"), "filipino"), **dict.fromkeys(_words("indonesia jakarta bali java"), "indonesian"),
    "malaysia": "malaysian",
    **dict.fromkeys(_words("india mumbai bombay delhi kolkata calcutta chennai bangalore hyderabad goa rajasthan"), "indian"),
    **dict.fromkeys(_words("pakistan karachi lahore"), "pakistani"), **dict.fromkeys(_words("bangladesh dhaka"), "bangladeshi"),
    **dict.fromkeys(_words("nepal kathmandu"), "nepali"), "punjab": "punjabi", "gujarat": "gujarati", "kashmir": "kashmiri",
    **dict.fromkeys(_words("colombo ceylon"), "sri lankan"),
    **dict.fromkeys(_words("norway oslo bergen"), "norwegian"), **dict.fromkeys(_words("sweden stockholm"), "swedish"),
    **dict.fromkeys(_words("denmark copenhagen"), "danish"), **dict.fromkeys(_words("finland helsinki"), "finnish"),
    "iceland": "icelandic", **dict.fromkeys(_words("germany berlin bavaria"), "german"), "austria": "austrian",
    **dict.fromkeys(_words("poland warsaw krakow"), "polish"), **dict.fromkeys(_words("russia moscow siberia"), "russian"),
    **dict.fromkeys(_words("ukraine kyiv odessa"), "ukrainian"), **dict.fromkeys(_words("ireland dublin cork galway"), "irish"),
    **dict.fromkeys(_words("scotland glasgow edinburgh"), "scottish"), "wales": "welsh",
    **dict.fromkeys(_words("italy rome naples milan sicily"), "italian"), **dict.fromkeys(_words("spain madrid seville"), "spanish"),
    **dict.fromkeys(_words("greece athens crete"), "greek"), "portugal": "portuguese",
    **dict.fromkeys(_words("egypt cairo"), "egyptian"), "morocco": "moroccan", "algeria": "algerian", "tunisia": "tunisian",
    **dict.fromkeys(_words("iran tehran persia"), "iranian"), **dict.fromkeys(_words("iraq baghdad"), "iraqi"),
    **dict.fromkeys(_words("syria damascus aleppo"), "syrian"), **dict.fromkeys(_words("lebanon beirut"), "lebanese"),
    **dict.fromkeys(_words("turkey istanbul anatolia"), "turkish"), "yemen": "yemeni", "afghanistan": "afghan",
    **dict.fromkeys(_words("mexico oaxaca"), "mexican"), **dict.fromkeys(_words("peru lima"), "peruvian"), "bolivia": "bolivian",
    **dict.fromkeys(_words("colombia bogota"), "colombian"), "samoa": "samoan", "tonga": "tongan", "hawaii": "hawaiian",
}  # fmt: skip
"""Where somebody is from -> the people whose usual looks "from there" suggests."""

FRACTIONS: Final[dict[str, float]] = {
    "half": 0.5,
    "part": 0.5,
    "quarter": 0.25,
    "third": 0.33,
    "mostly": 0.75,
    "three quarters": 0.75,
}

# ------------------------------------------------------------------------------------------------------------- colours

COLOURS_SRGB: Final[dict[str, str]] = {name: srgb for name, srgb in NAMES_SRGB.items() if name not in OF_SKIN}
"""Named colours as sRGB, for make-up, dyes and unnatural skin."""

THING_COLOURS: Final = frozenset({*COLOURS_SRGB, "tan"})
"""Colours that clothes and objects have as readily as people."""

COMPLEXIONS: Final = frozenset({"pale", "tan", "tanned", "pallid", "pasty", "ashen", "swarthy", "sunburnt"})
"""Adjectives that are a person's rather than the hair's, where the hair has a colour besides."""

IRIS_SRGB: Final[dict[str, str]] = {
    "blue": "#5b86b8", "light blue": "#86abd0", "pale blue": "#93b3d1", "ice blue": "#a3c1da", "icy blue": "#a3c1da", "icy": "#a3c1da",
    "dark blue": "#33537f", "deep blue": "#34568a", "sky blue": "#79a7d6", "bright blue": "#4a8fd0", "piercing blue": "#5c97d1",
    "green": "#5f7d4c", "dark green": "#3c5735", "light green": "#87a06d", "emerald": "#3b8257", "bright green": "#5f9a4c",
    "brown": "#5a3a22", "dark brown": "#331d10", "light brown": "#84582f", "black": "#170f0b", "dark": "#2a180e",
    "hazel": "#7b6239", "amber": "#a8702a", "honey": "#a3752f", "gold": "#b78a34", "grey": "#84909a", "light grey": "#a5aeb5",
    "blue grey": "#74889b", "grey blue": "#74889b", "steel": "#7b8894", "silver": "#b4bcc4", "violet": "#71579b", "purple": "#6d4497",
    "turquoise": "#4ba3a5", "teal": "#3f8384", "yellow": "#c5a431", "orange": "#b86a1f", "white": "#dcdedd", "pink": "#c27d8e",
    "blue green": "#4f8a86", "green blue": "#4f8a86", "chocolate": "#3f2716", "chestnut": "#5f3a20", "pale": "#a9bccb", "light": "#93acc0",
    "whisky": "#9a6226", "whiskey": "#9a6226", "cognac": "#8a4f22", "caramel": "#8c5a2b", "coffee": "#3f2716", "cocoa": "#4a2d1a",
    "sea": "#4f8a93", "sea green": "#4b8a7a", "sea blue": "#4a82a6", "sky": "#79a7d6", "ice": "#a3c1da", "slate": "#6e7c88", "slate grey": "#6e7c88",
    "jade": "#4c8a66", "moss": "#66713a", "moss green": "#66713a", "olive": "#6d6a35", "olive green": "#6d6a35", "forest green": "#3f5f38",
    "sapphire": "#2f5fae", "cornflower": "#6f97d8", "cornflower blue": "#6f97d8", "cobalt": "#2f58a6", "aquamarine": "#59a7a6", "lilac": "#9a86bd",
    "lavender": "#9a8fc4", "copper": "#9a5428", "bronze": "#8a602c", "mahogany": "#4a2415", "grey green": "#73856f", "green grey": "#73856f",
    "bottle green": "#2f5c3f", "steel grey": "#7b8894", "steel blue": "#5f7f9f", "stone grey": "#84888a", "hazelnut": "#7b5a35",
    "crimson": "#9a1a1c", "scarlet": "#b3241f", "ruby": "#96182c", "glowing red": "#c4281e",
}  # fmt: skip
"""What those words mean of an iris, as sRGB; "red eyes" alone are bloodshot, but see `irises`."""

HAIR_COLOURS: Final[dict[str, Effects]] = {
    "black": (at("hair.melanin", 1.0),),
    "jet black": (at("hair.melanin", 1.0),),
    "raven": (at("hair.melanin", 1.0),),
    "dark": (at("hair.melanin", 0.9),),
    "dark brown": (at("hair.melanin", 0.88),),
    "brown": (at("hair.melanin", 0.76),),
    "brunette": (at("hair.melanin", 0.78),),
    "chocolate": (at("hair.melanin", 0.82),),
    "chestnut": (at("hair.melanin", 0.72), at("hair.redness", 0.4)),
    "auburn": (at("hair.melanin", 0.62), at("hair.redness", 0.65)),
    "copper": (at("hair.melanin", 0.45), at("hair.redness", 0.85)),
    "light brown": (at("hair.melanin", 0.55),),
    "mousy": (at("hair.melanin", 0.5),),
    "dark blonde": (at("hair.melanin", 0.4),),
    "dirty blonde": (at("hair.melanin", 0.4),),
    "sandy": (at("hair.melanin", 0.36),),
    "blonde": (at("hair.melanin", 0.22),),
    "fair": (at("hair.melanin", 0.22),),
    "light": (at("hair.melanin", 0.26),),
    "light blonde": (at("hair.melanin", 0.14),),
    "gold": (at("hair.melanin", 0.27), at("hair.redness", 0.2)),
    "honey": (at("hair.melanin", 0.35), at("hair.redness", 0.2)),
    "platinum": (at("hair.melanin", 0.05),),
    "platinum blonde": (at("hair.melanin", 0.05),),
    "strawberry blonde": (at("hair.melanin", 0.24), at("hair.redness", 0.5)),
    "strawberry": (at("hair.melanin", 0.24), at("hair.redness", 0.5)),
    "red": (at("hair.redness", 0.9), at("hair.melanin", 0.45)),
    "dark red": (at("hair.redness", 0.75), at("hair.melanin", 0.6)),
    "light red": (at("hair.redness", 0.8), at("hair.melanin", 0.3)),
    "pale red": (at("hair.redness", 0.8), at("hair.melanin", 0.3)),
    "ginger": (at("hair.redness", 0.9), at("hair.melanin", 0.4)),
    "fiery": (at("hair.redness", 1.0), at("hair.melanin", 0.42)),
    "grey": (at("hair.grey", 0.8),),
    "silver": (at("hair.grey", 0.9),),
    "white": (at("hair.grey", 1.0),),
    "snow white": (at("hair.grey", 1.0),),
    "greying": (at("hair.grey", 0.4),),
    "graying": (at("hair.grey", 0.4),),
    "salt and pepper": (at("hair.grey", 0.5), at("hair.melanin", 0.9, Rank.VAGUE)),
}
DYES: Final = (
    "pink", "hot pink", "magenta", "fuchsia", "orange", "yellow", "green", "emerald", "lime", "mint", "teal", "turquoise", "cyan",
    "aqua", "blue", "navy", "azure", "indigo", "purple", "violet", "lavender", "lilac", "crimson", "scarlet", "burgundy", "plum",
)  # fmt: skip
"""Colours hair only has when it is dyed."""

SKIN_TINTS: Final = (
    "blue", "green", "purple", "violet", "lavender", "lilac", "cyan", "teal", "turquoise", "orange", "grey", "silver", "gold",
    "azure", "emerald", "lime", "mint", "pink", "crimson", "scarlet", "magenta", "aqua", "indigo", "navy", "yellow", "red", "white",
    "black",
)  # fmt: skip
"""Colours that a creature's skin may have; a person's only where they are not skin tones."""

HUMAN_SKIN_COLOURS: Final = frozenset({"pink", "yellow", "red", "white", "black", "gold", "grey", "silver"})
"""Of those, the words that mean a natural tone when a person is described."""

SORE: Final = frozenset({"red", "pink", "rose", "brown", "chocolate", "nude", "peach", "yellow", "maroon", "coral"})
"""Colours that a person's spots have; spots of any other are an animal's."""

SKIN_TINT_STRENGTH: Final = 0.85
DYE_STRENGTH: Final = 0.95
MAKEUP: Final[dict[str, tuple[str, str, float]]] = {
    "lipstick": ("lipstick", "#9c1c2b", 0.8),
    "lip gloss": ("lipstick", "#c65a6c", 0.4),
    "lip colour": ("lipstick", "#9c1c2b", 0.8),
    "eyeshadow": ("eyeshadow", "#4a3a3c", 0.65),
    "eye shadow": ("eyeshadow", "#4a3a3c", 0.65),
    "eyeliner": ("eyeliner", "#0b0a0b", 0.8),
    "eye liner": ("eyeliner", "#0b0a0b", 0.8),
    "winged eyeliner": ("eyeliner", "#0b0a0b", 0.9),
    "winged liner": ("eyeliner", "#0b0a0b", 0.9),
    "kohl": ("eyeliner", "#0b0a0b", 0.9),
    "blush": ("blush", "#d0596b", 0.5),
    "blusher": ("blush", "#d0596b", 0.5),
    "rouge": ("blush", "#c23a50", 0.6),
    "foundation": ("foundation", "#ffffff", 0.6),
    "face powder": ("foundation", "#ffffff", 0.5),
    "face paint": ("foundation", "#f0efed", 0.95),
    "painted lip": ("lipstick", "#9c1c2b", 0.8),
    "blushing cheek": ("blush", "#d0596b", 0.5),
    "smoky eye": ("eyeshadow", "#2c282a", 0.85),
    **dict.fromkeys(
        ("glitter on eyelid", "glitter on lid", "eyelid glitter", "shimmer on eyelid"), ("eyeshadow", "#c99a35", 0.7)
    ),
}
"""Make-up: word -> trait, its usual colour as sRGB, and strength. Foundation that is pure white has the skin's own tone."""

FINISHES: Final[dict[str, float]] = {
    "glossy": 0.95, "shiny": 0.9, "wet": 0.95, "wet look": 0.95, "satin": 0.45, "velvet": 0.05, "matte": 0.0, "matt": 0.0, "powdery": 0.0,
    "dewy": 0.85, "shimmering": 0.85, "shimmery": 0.85, "shimmer": 0.85, "glittery": 1.0, "glitter": 1.0, "sparkly": 1.0,
    "sparkling": 1.0, "metallic": 1.0, "frosted": 0.8, "pearly": 0.75, "vinyl": 1.0,
}  # fmt: skip
"""What make-up's finish is called -> 0 matte to 1 glossy."""

PATTERNS: Final[dict[str, tuple[str, str, float]]] = {
    "stripe": ("skin.stripes", "#2a1a12", 0.9),
    "tiger stripe": ("skin.stripes", "#2a1a12", 0.95),
    "zebra stripe": ("skin.stripes", "#2a1a12", 0.95),
    "stripe of tiger": ("skin.stripes", "#2a1a12", 0.95),
    "leopard spot": ("skin.spots", "#2a1a11", 0.9),
    "leopard print": ("skin.spots", "#2a1a11", 0.9),
    "cheetah spot": ("skin.spots", "#2a1a11", 0.9),
    "jaguar spot": ("skin.spots", "#2a1a11", 0.9),
    "rosette": ("skin.spots", "#2a1a11", 0.9),
    "scale": ("skin.scales", "#5a6a40", 0.95),
    "dragon scale": ("skin.scales", "#5a6a40", 1.0),
    "snake scale": ("skin.scales", "#5a6a40", 1.0),
    "lizard scale": ("skin.scales", "#5a6a40", 1.0),
    "fish scale": ("skin.scales", "#5a6a40", 1.0),
    "mermaid scale": ("skin.scales", "#5a6a40", 0.9),
    "reptile scale": ("skin.scales", "#5a6a40", 1.0),
}
"""An animal's skin: word -> trait, its colour as sRGB where the prompt names none, and strength."""

METALS_SRGB: Final[dict[str, str]] = {
    "metal": "#c4c5c9", "silver": "#ebe9e3", "chrome": "#dcdde0", "steel": "#bcbdc1", "iron": "#8f8b87", "titanium": "#a8a29b",
    "platinum": "#d8d3c8", "aluminium": "#e4e6e8", "gold": "#ffcf72", "rose gold": "#f2bba9", "bronze": "#c6894f", "copper": "#f0b08c",
    "brass": "#e0bf6c",
}  # fmt: skip
"""What metals mirror at normal incidence, as sRGB."""

ROBOTS: Final = ("robot", "android", "cyborg", "automaton", "droid")
"""Creatures whose colour is that of what they are made of."""

SHADES: Final = frozenset({"dark", "light", "deep", "bright", "medium", "dirty", "strawberry", "ash", "jet"})
"""Adjectives that before a colour say which shade of it: "dark red-haired"."""

SIZES_OF_PEOPLE: Final = frozenset({"tall", "short", "big", "large", "small", "little", "tiny", "huge"})
"""Adjectives that before "red-haired" say how large the person is, not the hair."""
