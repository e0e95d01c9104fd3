"""Whether an interviewer's turn asks for something, or only shows that somebody listens."""

from __future__ import annotations

import re

FEWEST_WORDS = 4
"""Words from which a turn without a question leads on by itself: "And then came the basket."."""

SOUNDS = frozenset({
    "ah", "aha", "alright", "cool", "good", "great", "hm", "hmm", "huh", "indeed", "mhm", "mm",
    "mm-hm", "mmhm", "mmm", "no", "oh", "ok", "okay", "really", "right", "so", "sure", "uh",
    "uh-huh", "uh-uh", "uhuh", "um", "well", "wow", "yeah", "yep", "yes",
})  # fmt: skip
"""Words that ask for nothing, with a question mark or without."""

LISTENING = SOUNDS | {
    "a", "absolutely", "and", "brilliant", "cheers", "clear", "course", "exactly", "excellent",
    "fair", "fantastic", "fine", "gosh", "got", "grand", "ha", "haha", "horrible", "i", "i'm",
    "interesting", "it", "it's", "know", "lovely", "man", "much", "my", "nah", "nice", "of",
    "one", "perfect", "see", "sorry", "sound", "super", "thank", "thanks", "that", "that's",
    "true", "understood", "very", "way", "wonderful", "wrong", "you",
}  # fmt: skip
"""Words that thank, agree or pity, where there is no question mark."""

ASKING = frozenset({
    "are", "can", "could", "describe", "did", "do", "does", "explain", "had", "has", "have",
    "how", "is", "should", "show", "tell", "walk", "was", "were", "what", "what's", "when",
    "where", "which", "who", "whom", "whose", "why", "will", "would",
})  # fmt: skip
"""Words by which a short turn asks, where a transcript has no question marks."""

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_BRACKETED = re.compile(r"\[[^\]]*\]")


def asks(said: str) -> bool:
    """Return whether a turn of an interviewer asks for something or leads on.

    Parameters
    ----------
    said : str
        The turn. What stands in brackets, such as a masked name, is not read.

    Returns
    -------
    bool
        False for what shows that somebody listens ("Mm-hm.", "OK?"), and for an echo of fewer
        than four words without a question ("A wall."). In doubt True: the turn is what was
        said last before the answer.
    """
    plain = _BRACKETED.sub(" ", said.casefold().replace("’", "'"))
    words = _WORD.findall(plain)
    if "?" in plain:
        return not SOUNDS.issuperset(words)
    if LISTENING.issuperset(words):
        return False
    return len(words) >= FEWEST_WORDS or not ASKING.isdisjoint(words)
