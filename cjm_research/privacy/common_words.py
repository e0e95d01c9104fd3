"""Words that are names of some people and everyday words of all others."""

from __future__ import annotations

# fmt: off
PARTICLES = frozenset({
    "van", "von", "de", "der", "den", "del", "della", "da", "das", "di", "do", "dos", "du", "la",
    "le", "les", "el", "al", "bin", "ibn", "ben", "bint", "ter", "ten", "zu", "zum", "und", "y",
    "mac", "mc", "st", "san", "abu", "af", "av", "mr", "mrs", "ms", "miss", "mx", "dr", "prof",
    "sir", "jr", "sr", "phd", "ii", "iii",
})
"""Parts of names that say nothing alone."""

NO_NAMES = frozenset({
    "participant", "participants", "respondent", "interviewee", "interviewer", "interview",
    "moderator", "researcher", "facilitator", "observer", "customer", "customers", "user", "users",
    "client", "clients", "guest", "guests", "host", "speaker", "unknown", "anonymous", "person",
    "people", "patient", "tester", "transcript", "session", "test", "pilot", "study", "survey",
    "unverified", "external", "team", "staff", "support", "admin", "name", "nobody", "none", "row",
    "note", "notes", "taker", "iphone", "ipad", "android", "phone", "email", "id", "call", "round",
    "recording", "file", "group", "the", "and", "for", "with", "from", "interviews",
})
"""Words of labels and file names that never name a person."""

COMMON_WORDS = frozenset({
    # function words that are also short names
    "an", "am", "as", "at", "be", "by", "do", "go", "he", "hi", "if", "in", "is", "it", "me",
    "my", "no", "of", "oh", "ok", "on", "or", "so", "to", "up", "us", "we", "ye", "yo", "she",
    "her", "him", "his", "our", "you", "not", "but", "all", "any", "can", "may", "see", "way",
    "who", "why", "how", "now", "new", "old", "one", "two", "ten", "too", "out", "off", "own",
    "per",
    # given names
    "will", "mark", "grace", "hope", "rose", "bill", "art", "rich", "joy", "faith", "summer",
    "april", "june", "august", "autumn", "dawn", "eve", "holly", "ivy", "lily", "daisy", "iris",
    "violet", "jasmine", "heather", "olive", "ginger", "honey", "candy", "sandy", "penny",
    "dolly", "amber", "ruby", "pearl", "jade", "crystal", "gem", "jewel", "star", "sky", "rain",
    "river", "brook", "clay", "cliff", "forest", "glen", "dale", "heath", "lane", "chase",
    "chance", "chip", "chuck", "buck", "pat", "peg", "sue", "jack",
    "gene", "dean", "duke", "earl", "baron", "king", "prince", "queen", "major", "guy", "dick",
    "drew", "grant", "wade", "miles", "norm", "max", "mac", "frank", "ernest", "earnest",
    "don", "dot", "bea", "bee", "belle", "charity", "constance", "patience", "prudence", "mercy",
    "melody", "harmony", "destiny", "trinity", "verity", "victor", "angel", "christian", "pierce",
    "rusty", "scarlet", "sterling", "stone", "hunter", "mason", "archer", "gunner", "robin",
    "wren", "basil", "sage", "rosemary", "clementine", "cherry", "brandy", "sherry",
    "page", "trace", "trip", "van", "gay", "merry", "happy", "sunny", "lucky", "blue", "gray",
    "grey", "rocky", "sonny", "buddy", "junior", "tab", "ava", "ally", "alma",
    "aura", "era", "hazel", "fern", "flora", "gale",
    # family names
    "long", "short", "young", "little", "small", "large", "best", "good", "great", "strong",
    "wise", "sharp", "quick", "swift", "savage", "gentle", "moody", "noble", "bright", "hardy",
    "black", "white", "brown", "green", "reed", "read", "reading", "love", "loving", "power",
    "powers", "price", "rice", "bean", "berry", "pepper", "salt", "cook", "baker", "butler",
    "carpenter", "fisher", "gardener", "miller", "porter", "potter", "shepherd", "tailor",
    "turner", "walker", "weaver", "bishop", "pope", "monk", "church", "temple", "hall", "house",
    "home", "park", "parks", "field", "fields", "wood", "woods", "hill", "hills", "lake", "pool",
    "waters", "wells", "marsh", "more", "snow", "frost", "winter", "winters", "spring", "day",
    "week", "weeks", "month", "knight", "night", "morrow", "moon", "sun", "bird", "crane",
    "drake", "finch", "fox", "wolf", "lamb", "bull", "bear", "fish", "pike", "bass", "ball",
    "bell", "horn", "hand", "foot", "head", "back", "beard", "bush", "branch", "root", "rivers",
    "banks", "bridge", "bridges", "street", "stark", "case", "cash", "coin", "cost", "costs",
    "sale", "sales", "store", "shop", "bond", "bank", "law", "laws", "judge", "justice", "ward",
    "guard", "gates", "gate", "doors", "key", "keys", "lock", "post", "mail", "english", "french",
    "german", "welsh", "irish", "roman", "west", "east", "north", "south", "first", "last",
    "next", "self", "high", "low", "wide", "fast", "slow", "free", "close", "early", "late",
    "even", "still", "just", "right", "wright", "left", "pace", "pass", "peace", "link", "list",
    "click", "order", "account", "plan", "basket", "checkout", "delivery", "service", "journey",
    "stage", "kind", "sort", "type", "line", "lines", "luck", "lot", "man", "minor", "meek",
    "mean", "means", "nice", "odd", "fine", "funk", "gold", "silver", "golden", "steel", "iron",
    "glass", "cotton", "silk", "flowers", "gardens", "grove", "crow", "dove", "swan", "song",
    "sing", "singer", "player", "speed", "speaker", "story", "tell", "told", "said", "like",
    "want", "need", "help", "work", "works", "worth", "world", "word", "words", "wall", "walls",
    "rush", "rust", "sands", "shore", "ship", "sweet", "stamp", "stack", "cross", "court",
    "crook", "crisp", "cheese", "coffee", "tea", "bread", "fry", "pan", "chan", "le", "li", "lu",
    "ma", "ng", "ho", "su", "wan", "wang", "yu",
})
"""Masked alone only where they are written as names are: with a capital, inside a
sentence or where someone is addressed."""
# fmt: on
