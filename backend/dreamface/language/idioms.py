"""Figures of speech, and plain phrases that only a whole says. Data only; one meaning a line.

Keys are written as the tables' are. A phrase that starts or ends with a part of the face is an adjective of that part;
any other is read wherever it stands.
"""

# ruff: noqa: E501 - tables: one meaning a line

from __future__ import annotations

from typing import Final

from dreamface.language.effects import Effects, Rank, at, less, more, pose, ranked

_THIN: Final = (less("body.weight", 1.2), less("cheeks.volume", 0.8))
_FAT: Final = (more("body.weight", 1.2), more("face.roundness", 0.6), more("cheeks.volume", 0.5))
_STRONG: Final = (more("body.muscle", 1.2), more("neck.width", 0.5))
_PALE: Final = (less("skin.melanin"), less("skin.redness", 0.4))
_RED: Final = (more("skin.redness", 1.1),)
_STUBBLE: Final = (more("stubble.density", 0.9),)
_DOUBLE_CHIN: Final = (more("body.weight"), more("face.roundness", 0.6))
_FINE_JAW: Final = (less("jaw.width"), less("chin.width", 0.8))
_STICKS_OUT: Final = (more("chin.prominence", 1.1),)
_TIRED: Final = (more("under_eyes.darkness", 0.9), more("eyes.bags", 0.6))
_RECEDING: Final = (at("hair.style", "receding"), more("hair.hairline"))
_NO_BROWS: Final = (at("brows.density", 0.0),)
_BLACK_HAIR: Final = (at("hair.melanin", 1.0), at("hair.redness", 0.0))
_RED_HAIR: Final = (at("hair.melanin", 0.45), at("hair.redness", 0.9))
_FAIR_HAIR: Final = (at("hair.melanin", 0.15), at("hair.redness", 0.1))

IDIOMS: Final[dict[str, Effects]] = {
    # chin and jaw
    **dict.fromkeys(("two chins", "three chins", "several chins", "more than one chin", "more chins than one", "second chin", "extra chin", "spare chin", "multiple chins", "triple chin"), _DOUBLE_CHIN),
    "jowls": (more("jaw.width", 0.4), more("wrinkles.mouth", 0.7), more("body.weight", 0.4)),
    "jowly": (more("jaw.width", 0.4), more("wrinkles.mouth", 0.7), more("body.weight", 0.4)),
    **dict.fromkeys(("v-line jaw", "v line jaw", "v shaped jaw", "v-shaped chin", "v shaped face", "v line face", "v line"), _FINE_JAW),
    "u shaped jaw": (more("jaw.width", 0.6), more("chin.width", 0.6)),
    **dict.fromkeys(("sticks out chin", "juts out chin", "jut chin", "sticks out chin a mile", "chin leads the way", "pushed out chin", "chin sticks out"), _STICKS_OUT),
    "no chin": (less("chin.prominence", 1.2),),
    "chinless": (less("chin.prominence", 1.2),),
    "barely a chin": (less("chin.prominence", 1.1),),
    "hardly any chin": (less("chin.prominence", 1.1),),
    "kirk douglas chin": (more("chin.cleft"),),
    **dict.fromkeys(("dimple in chin", "cleft in chin", "dent in chin", "dimple on chin", "hole in chin", "split chin"), (more("chin.cleft"),)),
    "jaw like an anvil": (more("jaw.width", 1.2), more("jaw.length", 0.5)),
    "jaw like a shovel": (more("jaw.width", 1.1), more("jaw.length", 0.8)),
    "square jawed": (more("jaw.width"), less("jaw.angle", 0.7)),
    "horsey jaw": (more("jaw.length"), more("face.length", 0.6)),
    "horsey face": (more("face.length"), more("jaw.length", 0.8)),
    "horse face": (more("face.length"), more("jaw.length", 0.8)),
    "jaw you could cut glass with": (less("jaw.angle", 0.8), more("jaw.width", 0.5), less("face.roundness", 0.7)),
    # eyes
    **dict.fromkeys(("single eyelid", "single lidded eye", "single eyelids", "mono lid", "monolids", "no eyelid crease", "no lid crease", "creaseless eyelid", "epicanthic fold"), (more("eyes.fold"),)),
    "double eyelid": (less("eyes.fold"),),
    **dict.fromkeys(("eyes like slits", "eyes narrow as slits", "slits for eyes", "slits of eyes", "mere slits eyes", "eyes reduced to slits", "slit like eye", "two slits for eyes"), (less("eyes.openness", 1.2), less("eyes.size", 0.4))),
    **dict.fromkeys(("eyes like saucers", "saucer eye", "saucers for eyes", "eyes as big as saucers", "eyes like plates", "eyes as big as plates", "eyes like dinner plates"), (more("eyes.size", 1.5), more("eyes.openness", 0.7))),
    **dict.fromkeys(("eyes like buttons", "button eye", "eyes like currants", "currants for eyes", "eyes like raisins", "piggy eye", "pig eye", "piglet eye"), (less("eyes.size", 1.2),)),
    **dict.fromkeys(("doe eyed", "bambi eye", "eyes like a deer", "eyes like a fawn"), (more("eyes.size", 1.1), more("eyes.openness", 0.5))),
    **dict.fromkeys(("eyes on stalks", "eyes like a frog", "frog eye", "frog like eye", "fish eye", "fishy eye", "bug eyed", "pop eyed", "pop eye", "goggly eye", "eyes popping out of head", "eyes bulging out of head"), (less("eyes.depth", 1.2), more("eyes.size", 0.5))),
    "cross eyed": pose(eyeLookIn=0.8),
    **dict.fromkeys(("eyes too close together", "eyes set close", "eyes close set", "eyes a bit close together", "eyes near each other"), (less("eyes.spacing"),)),
    **dict.fromkeys(("eyes miles apart", "eyes set wide apart", "eyes set far apart", "eyes wide apart", "eyes spaced far apart"), (more("eyes.spacing"),)),
    "eyes sunk in sockets": (more("eyes.depth", 1.1),),
    "eyes sunk deep": (more("eyes.depth", 1.1),),
    "bedroom eye": (less("eyes.openness", 0.7), more("eyes.fold", 0.4)),
    "half lidded": pose(eyeBlink=0.4),
    "heavy lidded": (more("eyes.fold", 0.8), less("eyes.openness", 0.5)),
    "mongoloid fold": (more("eyes.fold"),),
    "panda eye": (more("under_eyes.darkness", 1.3),),
    "raccoon eye": (more("under_eyes.darkness", 1.3),),
    "black eyed peas eyes": (at("iris.colour", (0.012, 0.008, 0.006)),),
    **dict.fromkeys(("has not slept in days", "hasn't slept in days", "has not slept for days", "has not slept in three days", "has not slept in week", "slept in car", "needs sleep", "needs good night sleep", "dead on feet", "dog tired", "bone tired", "sleep deprived", "up all night", "short of sleep", "sleepless"), ranked(_TIRED, Rank.VAGUE, 0.7)),
    **dict.fromkeys(("luggage under eye", "suitcases under eye", "pouches under eye", "puffiness under eye", "swollen under eye"), (more("eyes.bags", 1.1),)),
    **dict.fromkeys(("rings under eye", "ring under eye", "dark ring under eye", "shadows beneath eye", "circle under eye", "shadow beneath eye", "circle beneath eye", "bruised looking eye", "smudge under eye"), (more("under_eyes.darkness"),)),
    "bags beneath eye": (more("eyes.bags"),),
    "crow foot": (more("wrinkles.eyes"),),
    **dict.fromkeys(("laughter line", "laugh line"), (more("wrinkles.eyes", 0.6), more("wrinkles.mouth", 0.8))),
    **dict.fromkeys(("wrinkles at corners of eye", "lines at corners of eye", "wrinkle at corner of eye", "line at corner of eye", "creases at corners of eye", "crinkle around eye", "crinkly eye", "crinkled eye", "crinkles around eye", "line fanning from eye"), (more("wrinkles.eyes"),)),
    **dict.fromkeys(("line around mouth", "deep line around mouth", "smoker line", "smokers line", "marionette line", "lines at corners of mouth", "line at corner of mouth", "line bracketing mouth", "barcode lip", "pucker line"), (more("wrinkles.mouth"),)),
    **dict.fromkeys(("eleven line", "line between brow", "crease between brow", "furrow between brow", "furrowed forehead", "creased forehead", "lined forehead", "furrows on forehead"), (more("wrinkles.forehead"),)),
    **dict.fromkeys(("face like leather", "face like an old boot", "face like an old saddle", "skin like leather", "skin like old leather", "face like a walnut", "face like a dried apple", "face like a prune", "face like old apple", "wrinkled as a prune", "wrinkled as a walnut", "skin like parchment", "skin like crumpled paper", "face like a road map", "face like a map", "face is a road map", "face full of line"), (more("wrinkles.forehead", 1.1), more("wrinkles.eyes", 1.1), more("wrinkles.cheeks", 1.1), more("wrinkles.mouth", 1.1), more("skin.pores", 0.7))),
    # nose
    **dict.fromkeys(("boxer nose", "nose of a boxer", "nose broken", "nose that has been broken", "twice broken nose", "nose broken more than once", "nose has been broken", "nose been broken", "rugby player nose", "prizefighter nose"), (more("asymmetry"), more("nose.hump", 0.6), more("nose.bridge_width", 0.4))),
    **dict.fromkeys(("nose like a beak", "nose like an eagle", "eagle nose", "hawkish nose", "hawk like nose", "parrot nose", "beak of nose", "beak for nose", "beak like nose", "hawk beak nose", "nose like a hawk"), (more("nose.hump", 1.1), more("nose.length", 0.5))),
    **dict.fromkeys(("nose like a potato", "potato for nose", "nose like a bulb", "nose like a strawberry", "blob of nose", "blob for nose", "nose like a blob"), (more("nose.tip_width", 1.2), more("nose.width", 0.7))),
    **dict.fromkeys(("nose like a button", "button of nose", "button for nose", "pixie nose", "cute little nose"), (more("nose.tip_up", 0.8), less("nose.length", 0.7))),
    **dict.fromkeys(("nose like a knife", "nose like a blade", "nose like a razor", "razor nose", "blade of nose", "knife blade of nose"), (less("nose.width", 1.1), more("nose.bridge_height", 0.7))),
    "celestial nose": (more("nose.tip_up"),),
    "retrousse nose": (more("nose.tip_up"),),
    "retroussé nose": (more("nose.tip_up"),),
    "ski jump nose": (less("nose.hump", 0.8), more("nose.tip_up", 0.7)),
    "ski slope nose": (less("nose.hump"), more("nose.tip_up", 0.6)),
    "piggy nose": (more("nose.tip_up", 1.3), more("nose.nostrils", 0.7)),
    "nubian nose": (more("nose.width"), more("nose.tip_width", 0.5)),
    "flattened nose": (less("nose.bridge_height", 1.1), more("nose.width", 0.5)),
    "flattish nose": (less("nose.bridge_height", 0.7),),
    "pinched nose": (less("nose.width", 0.9), less("nose.nostrils", 0.7)),
    "bulbous tip": (more("nose.tip_width", 1.1),),
    "bulbous nose tip": (more("nose.tip_width", 1.1),),
    **dict.fromkeys(("nose turned up at end", "turned up at end nose", "nose tip turned up", "tip tilted nose", "tip tilted", "nose pointing up", "nose in the air shape"), (more("nose.tip_up"),)),
    **dict.fromkeys(("bump on nose", "bump in nose", "bump on nose bridge", "kink in nose", "bridge with a bump", "nose with a bump", "hump on nose"), (more("nose.hump"),)),
    # mouth, lips, teeth
    "rosebud mouth": (less("mouth.width"), more("lips.upper", 0.5), more("lips.lower", 0.5)),
    "rosebud lip": (less("mouth.width", 0.8), more("lips.upper", 0.5), more("lips.lower", 0.5)),
    "cupid bow lip": (more("lips.upper", 0.7),),
    "bee stung lip": (more("lips.upper", 1.3), more("lips.lower", 1.3)),
    "trying not to laugh": pose(mouthSmile=0.35, mouthPress=0.5, cheekSquint=0.45, mouthDimple=0.3),
    "fighting a smile": pose(mouthSmile=0.3, mouthPress=0.5, cheekSquint=0.3, mouthDimple=0.3),
    "suppressing a smile": pose(mouthSmile=0.3, mouthPress=0.5, cheekSquint=0.3, mouthDimple=0.3),
    "hint of smile": pose(mouthSmile=0.25),
    "ghost of smile": pose(mouthSmile=0.2),
    **dict.fromkeys(("cat eye liner", "cat eye eyeliner", "winged liner", "cat liner", "flick of eyeliner"), (at("eyeliner", (0.003, 0.003, 0.003, 0.9)),)),
    "delicate chin": (less("chin.width", 0.8), less("chin.height", 0.5)),
    "dainty chin": (less("chin.width", 0.8), less("chin.height", 0.5)),
    "trout pout": (more("lips.upper", 1.5), more("lips.lower", 1.5)),
    **dict.fromkeys(("lips like a line", "lips like a thin line", "mouth like a slit", "slit of mouth", "slit for mouth", "lipless", "lipless mouth", "no lip to speak of", "hardly any lip", "barely any lip", "pencil line mouth", "letterbox mouth", "mouth like a letterbox", "mouth thin as paper", "paper thin lip"), (less("lips.upper", 1.2), less("lips.lower", 1.2))),
    "letter box mouth": (more("mouth.width", 1.1), less("lips.upper", 0.6), less("lips.lower", 0.6)),
    **dict.fromkeys(("mouth like a frog", "froggy mouth", "frog mouth"), (more("mouth.width", 1.3),)),
    **dict.fromkeys(("mouth wide open", "mouth opened wide", "wide open mouth", "mouth open wide", "mouth agape", "jaw dropped", "jaw dropping open", "slack jawed", "slack jaw", "open mouthed", "mouth hanging open", "gob open"), pose(jawOpen=0.85)),
    **dict.fromkeys(("gap between front tooth", "gap between tooth", "gap in tooth", "gap in front tooth", "gap tooth", "gappy tooth", "gap between two front tooth", "gap toothed", "gappy smile", "gapped tooth", "diastema", "teeth with a gap", "space between front tooth"), (more("teeth.gap", 1.1),)),
    "gap toothed smile": (more("teeth.gap", 1.1), *pose(mouthSmile=0.8, mouthUpperUp=0.35, cheekSquint=0.4)),
    "toothy grin": pose(mouthSmile=0.95, cheekSquint=0.5, mouthUpperUp=0.5, mouthLowerDown=0.35, jawOpen=0.12),
    "toothy smile": pose(mouthSmile=0.9, cheekSquint=0.45, mouthUpperUp=0.5, mouthLowerDown=0.3, jawOpen=0.1),
    **dict.fromkeys(("smile from ear to ear", "ear to ear smile", "grin from ear to ear", "ear to ear grin", "grinning from ear to ear", "smiling from ear to ear", "cheshire cat grin", "grinning like a cheshire cat", "grin like a cheshire cat", "all smile", "megawatt smile"), pose(mouthSmile=1.0, cheekSquint=0.6, mouthUpperUp=0.45, mouthLowerDown=0.3, jawOpen=0.1)),
    "turned down mouth": (less("mouth.corners", 1.1),),
    "corners of mouth turned down": (less("mouth.corners", 1.1),),
    "nude lip": (at("lipstick", (0.5, 0.24, 0.17, 0.55)),),
    # cheeks, face
    **dict.fromkeys(("cheeks like apples", "apples for cheeks", "apple cheeked", "chipmunk cheek", "hamster cheek", "chubby cheeked", "cheeks like a hamster", "cheeks like a chipmunk", "cheeks you want to pinch", "cheeks to pinch"), (more("cheeks.volume", 1.2),)),
    **dict.fromkeys(("cheekbones to die for", "cheekbones that could cut glass", "cheekbones you could cut yourself on", "razor sharp cheekbone", "cut glass cheekbone", "cheekbones like knives", "cheekbones sharp enough to cut", "model cheekbone", "chiselled cheekbone"), (more("cheekbones.prominence", 1.3),)),
    "bags for cheeks": (more("cheeks.volume"),),
    **dict.fromkeys(("face like a full moon", "face like the moon", "face like a pudding", "pudding face", "moon faced", "face like a pie", "pie face", "face like a pancake", "face round as a plate", "round as a pie", "face like a bun", "dumpling face", "face as round as a ball"), (more("face.roundness", 1.2), more("cheeks.volume", 0.5))),
    **dict.fromkeys(("face like a horse", "horse faced", "long as a fiddle face", "hatchet face", "hatchet faced", "face like a hatchet"), (more("face.length", 1.1), less("face.width", 0.5))),
    **dict.fromkeys(("face like a rat", "ratty face", "rat like face", "ferrety face", "ferret face", "weasel face", "weaselly face", "face like a weasel", "mousy face", "foxy face", "fox face", "face like a fox", "pinched face", "pinched features"), (less("face.width", 1.0), less("chin.width", 0.7))),
    "bulldog face": (more("jaw.width", 0.8), more("cheeks.volume", 0.6), less("mouth.corners", 0.7)),
    "butter would not melt": (),
    # body
    **dict.fromkeys(("skin and bones", "skin and bone", "all skin and bones", "all bone", "bag of bones", "thin as a rake", "thin as a rail", "thin as a stick", "thin as a lath", "as thin as a rake", "beanpole", "bean pole", "string bean", "built like a whippet", "skin over bone", "skeletal", "stick thin", "rail thin", "half starved", "underweight", "malnourished", "undernourished"), _THIN),
    **dict.fromkeys(("wiry", "sinewy"), (less("body.weight", 0.7), more("body.muscle", 0.4))),
    **dict.fromkeys(("fat as butter", "fat as a pig", "fat as a barrel", "as round as a barrel", "round as a barrel", "well fed", "on the heavy side", "carrying some extra weight", "few extra pounds", "carrying a few extra pounds", "big boned", "portly", "rotund", "corpulent", "tubby", "podgy", "pudgy", "paunchy", "roly poly", "well padded", "heavy set", "heavyset", "thickset", "thick set", "heavily built", "solidly built", "of ample build", "full figured", "full bodied", "larger than life", "on the large side", "hefty"), _FAT),
    **dict.fromkeys(("built like a tank", "built like a brick", "built like an ox", "built like a bear", "built like a bull", "built like a wardrobe", "built like a fridge", "built like a barn door", "built like a truck", "strong as an ox", "brick of a man", "mountain of a man", "bear of a man", "bull of a man", "gym rat", "ripped", "jacked", "hulking", "strapping", "powerfully built", "built like a boxer", "built like a wrestler"), _STRONG),
    "no neck": (less("neck.length", 1.2), more("neck.width", 0.8)),
    "neckless": (less("neck.length", 1.2), more("neck.width", 0.8)),
    "neck like a swan": (more("neck.length", 1.1), less("neck.width", 0.4)),
    "neck like a bull": (more("neck.width", 1.2),),
    "neck like a tree trunk": (more("neck.width", 1.3),),
    "turkey neck": (more("wrinkles.mouth", 0.4),),
    # ears
    **dict.fromkeys(("ears like jug handles", "jug eared", "ears like a bat", "bat ear", "ears like satellite dishes", "dumbo ear", "ears like dumbo", "ears like an elephant", "elephant ear", "sticky out ear", "sticking out ear", "stick out ear", "flappy ear", "wingnut ear", "ears like wing nuts", "cup handle ear", "ears like a taxi with its doors open", "ears flapping"), (more("ears.protrusion", 1.2), more("ears.size", 0.5))),
    "ears pinned back": (less("ears.protrusion", 1.0),),
    "ears flat to head": (less("ears.protrusion", 1.0),),
    # skin
    **dict.fromkeys(("white as a sheet", "pale as a sheet", "pale as a ghost", "white as a ghost", "pale as death", "pale as milk", "pale as snow", "white as snow", "skin like snow", "skin like milk", "skin like porcelain", "skin as white as snow", "ghostly pale", "deathly pale", "pale as marble", "like death warmed up", "peaky", "peaky looking", "wan", "whey faced", "skin white as milk", "never sees the sun", "never saw the sun", "lives in a basement"), _PALE),
    **dict.fromkeys(("red as a beetroot", "red as a lobster", "red as a tomato", "beetroot red", "lobster red", "red as a beet", "face like a beetroot", "face like a tomato", "flushed face", "face flushed", "florid", "florid face", "high colour", "wind burned", "windburnt", "wind burnt", "blushing"), _RED),
    "with pink undertones": (more("skin.redness", 0.5),),
    "pink undertone": (more("skin.redness", 0.5),),
    "warm undertone": (more("skin.yellowness", 0.4),),
    "cool undertone": (less("skin.yellowness", 0.4),),
    "yellow undertone": (more("skin.yellowness", 0.6),),
    "golden undertone": (more("skin.yellowness", 0.6),),
    "olive undertone": (more("skin.yellowness", 0.6),),
    **dict.fromkeys(("pizza face", "crater face", "face like a pizza", "covered in zit", "spots all over face"), (more("blemishes.density", 1.3),)),
    **dict.fromkeys(("skin like a peach", "peaches and cream complexion", "peaches and cream skin", "skin like a baby", "baby soft skin", "glass skin", "poreless", "poreless skin", "skin smooth as silk"), (less("skin.pores", 1.1), at("blemishes.density", 0.0))),
    **dict.fromkeys(("beauty spot", "beauty mark", "birth mark", "black mole", "wart", "warty", "wart on nose"), (more("moles.density", 0.9),)),
    "warts": (more("moles.density", 1.1),),
    **dict.fromkeys(("drinker nose", "drinker's face", "boozer nose", "drunkard nose", "gin blossom"), (more("capillaries.density", 1.1), more("skin.redness", 0.5))),
    "map of broken vein": (more("capillaries.density", 1.3),),
    "kissed by the sun": (more("skin.melanin", 0.35), more("skin.yellowness", 0.2)),
    "sun kissed": (more("skin.melanin", 0.35), more("skin.yellowness", 0.2)),
    "sun kissed skin": (more("skin.melanin", 0.35), more("skin.yellowness", 0.2)),
    "brown as a berry": (more("skin.melanin", 0.6),),
    # hair
    **dict.fromkeys(("widow peak", "going bald", "losing hair", "thinning on top", "thin on top", "bald on top", "bald spot", "bald patch", "comb over", "combover", "hair is going", "hair in retreat", "receding hairline", "hairline going back", "hairline moving back", "hairline creeping back", "hairline crept back", "hairline in retreat", "hair loss", "follically challenged"), _RECEDING),
    **dict.fromkeys(("bald as a coot", "bald as an egg", "bald as a billiard ball", "not a hair on head", "hair all gone", "lost all hair", "chrome dome", "egghead", "egg for a head", "slaphead", "smooth as an egg", "as bald as an egg", "completely bald", "shiny head", "not a single hair on head"), (at("hair.style", "bald"), at("hair.length", 0.0))),
    **dict.fromkeys(("hair like straw", "straw coloured hair", "straw hair", "hair colour of straw", "hair the colour of wheat", "flaxen hair", "tow haired", "towheaded", "tow headed", "towhead", "corn coloured hair", "hair like corn silk", "hair like spun gold", "honey hair", "wheat coloured hair"), _FAIR_HAIR),
    **dict.fromkeys(("hair like fire", "hair like flames", "hair like rust", "hair the colour of rust", "rust coloured hair", "carrot top", "carrot hair", "carroty hair", "hair like copper", "hair like carrots", "flame haired", "flaming hair", "fiery hair", "ginger nut", "firehead", "hair the colour of copper", "hair the colour of carrots", "fox red hair", "russet hair", "titian hair"), _RED_HAIR),
    **dict.fromkeys(("hair like a raven", "hair like coal", "hair black as coal", "hair like ink", "hair like midnight", "raven hair", "raven haired", "hair black as night", "raven locks", "hair black as a crow", "inky hair", "hair the colour of coal", "hair like a crow wing"), _BLACK_HAIR),
    **dict.fromkeys(("hair the colour of iron", "iron grey hair", "steel grey hair", "hair the colour of steel", "gunmetal hair", "pepper and salt hair", "hair gone grey", "hair white as snow", "snow white hair", "hair the colour of ash", "hair like snow"), (at("hair.grey", 0.85),)),
    **dict.fromkeys(("bird nest hair", "hair like a bird nest", "hair like a haystack", "hair standing on end", "bedhead", "bed head", "bed hair", "hair all over place", "hair every which way", "hair sticking up", "hair like a bush", "tousled hair", "unkempt hair", "hair that needs cutting", "hair that needs a comb", "tangle of hair", "shock of hair"), (at("hair.style", "messy"),)),
    **dict.fromkeys(("cropped close hair", "close cropped hair", "hair cropped close", "hair cropped short", "hair shorn", "shorn hair", "crew cut", "hair clipped short"), (at("hair.style", "buzz"), at("hair.length", 0.05))),
    **dict.fromkeys(("hair down to waist", "hair to waist", "waist length hair", "hair down to bottom", "hair she can sit on", "hair down back", "hip length hair", "rapunzel hair", "hair past shoulder", "hair below shoulder"), (at("hair.length", 0.95), at("hair.style", "long"))),
    "poker straight hair": (at("hair.curl", 0.0),),
    "corkscrew curl": (at("hair.curl", 0.95), at("hair.style", "curly")),
    # beard and brows
    **dict.fromkeys(("five o'clock shadow", "5 o'clock shadow", "five oclock shadow", "never shaved", "has not shaved", "has not shaved in days", "has not shaved for days", "unshaved", "needs shave", "in need of shave", "badly shaved", "scruff", "scruffy chin", "bristly chin", "bristly", "bristles on chin", "day's growth", "grizzled chin", "forgot to shave"), _STUBBLE),
    **dict.fromkeys(("no brow", "without brow", "browless", "brows shaved off", "shaved off brow", "brows plucked away"), _NO_BROWS),
    **dict.fromkeys(("brows that meet in middle", "brows that meet", "brows meeting in middle", "brows met in middle", "joined up brow", "joined brow", "brows joined in middle", "brows grown together", "brows run together", "one long brow", "brows like caterpillars", "caterpillar brow", "caterpillars for brows", "brezhnev brow", "brows like hedges"), (more("brows.density", 1.1), more("brows.thickness", 1.0))),
    "pencilled on brow": (less("brows.thickness", 0.8),),
    "penciled on brow": (less("brows.thickness", 0.8),),
    "drawn on brow": (less("brows.thickness", 0.7),),
    "pencil thin brow": (less("brows.thickness", 1.3), at("brows.style", "thin")),
    "over plucked brow": (less("brows.thickness", 1.1), at("brows.style", "thin")),
    # lashes and make-up
    **dict.fromkeys(("lash extension", "false lash", "fake lash", "stick on lash", "strip lash", "falsies", "mink lash", "lashes for days"), (more("lashes.length", 1.3),)),
    **dict.fromkeys(("face powder", "white face powder", "powdered face", "face powdered white"), ranked((at("foundation", (0.9, 0.88, 0.85, 0.7)),), Rank.VAGUE, 0.7)),
    "painted face": ranked((at("lipstick", (0.38, 0.06, 0.08, 0.6)), at("blush", (0.63, 0.10, 0.15, 0.4))), Rank.VAGUE, 0.6),
    # expressions
    **dict.fromkeys(("one brow raised", "raising one brow", "raised one brow", "one raised brow", "one brow up", "cocked brow", "quirked brow", "single raised brow", "one brow cocked", "lifting one brow", "arching one brow"), pose(browOuterUpLeft=0.8, browDownRight=0.25)),
    **dict.fromkeys(("biting lower lip", "biting bottom lip", "bites lower lip", "biting on lip", "chewing lip", "chewing on lip", "chewing lower lip", "lip caught between tooth", "worrying lip"), pose(mouthRollLower=0.8)),
    **dict.fromkeys(("puffing out cheek", "puffed out cheek", "cheeks puffed out", "puffs out cheek", "cheeks puffed", "blowing out cheek", "cheeks blown out", "cheeks full of air"), pose(cheekPuff=1.0)),
    **dict.fromkeys(("crying eyes out", "in tears", "floods of tears", "bawling", "sobbing", "tears running down cheek", "tears rolling down cheek", "tears streaming down face", "on verge of tears", "close to tears", "tear stained", "tears in eye"), (*pose(mouthFrown=0.75, browInnerUp=0.9, mouthShrugLower=0.4, eyeSquint=0.45), more("sclera.redness", 0.6))),
    **dict.fromkeys(("face like thunder", "looks daggers", "looking daggers", "staring daggers", "spitting mad", "hopping mad", "seeing red", "glowering", "glower", "steaming"), pose(browDown=0.95, eyeSquint=0.35, noseSneer=0.3, mouthPress=0.5)),
    **dict.fromkeys(("poker face", "poker faced", "deadpan", "blank face", "blank expression", "blank look", "blank stare", "no expression", "stone faced", "stony faced", "stone face", "giving nothing away", "impassive", "unsmiling"), pose(mouthSmile=0.0, mouthFrown=0.0, browDown=0.0, browInnerUp=0.0, jawOpen=0.0)),
    **dict.fromkeys(("down in mouth", "down in the dumps", "long faced", "hangdog", "hangdog look", "crestfallen", "downcast", "glum"), pose(mouthFrown=0.6, browInnerUp=0.6)),
    **dict.fromkeys(("turning up nose", "nose in air", "looking down nose", "looks down nose"), pose(noseSneerLeft=0.4, mouthUpperUpLeft=0.25, browOuterUpLeft=0.5, browOuterUpRight=0.4)),
    "tongue in cheek": pose(mouthSmileLeft=0.35, mouthDimpleLeft=0.4),
    "pulling a face": pose(mouthStretch=0.6, eyeSquint=0.4, noseSneer=0.3),
    "tongue hanging out": pose(tongueOut=1.0, jawOpen=0.5),
    "sticks tongue out": pose(tongueOut=1.0, jawOpen=0.4),
    "sticking tongue out": pose(tongueOut=1.0, jawOpen=0.4),
    "eyes screwed shut": pose(eyeBlink=1.0, eyeSquint=0.9, cheekSquint=0.6),
    "eyes squeezed shut": pose(eyeBlink=1.0, eyeSquint=0.9, cheekSquint=0.6),
    "frown of concentration": pose(browDown=0.5, eyeSquint=0.25),
    "eyes like daggers": pose(browDown=0.8, eyeSquint=0.4),
    "kissy face": pose(mouthPucker=0.95),
    "kissing face": pose(mouthPucker=0.95),
    "looking up left": pose(eyeLookUp=0.6, eyeLookOutLeft=0.6, eyeLookInRight=0.6),
    "looking up right": pose(eyeLookUp=0.6, eyeLookOutRight=0.6, eyeLookInLeft=0.6),
    "looking up to left": pose(eyeLookUp=0.6, eyeLookOutLeft=0.6, eyeLookInRight=0.6),
    "looking up to right": pose(eyeLookUp=0.6, eyeLookOutRight=0.6, eyeLookInLeft=0.6),
    # age
    **dict.fromkeys(("wet behind ear", "fresh faced", "barely shaving", "peach fuzz"), ranked((at("age", 18.0),), Rank.VAGUE, 0.6)),
    **dict.fromkeys(("no spring chicken", "of a certain age", "past prime", "getting on in years", "not as young as she was", "not as young as he was"), ranked((at("age", 58.0),), Rank.VAGUE, 0.6)),
    **dict.fromkeys(("old as the hills", "one foot in grave", "ancient looking", "older than time", "as old as the hills", "older than the hills", "as old as time"), ranked((at("age", 88.0),), Rank.VAGUE, 0.8)),
    "coffin dodger": ranked((at("age", 84.0),), Rank.VAGUE, 0.7),
    "long in tooth": ranked((at("age", 70.0),), Rank.VAGUE, 0.7),
}  # fmt: skip
