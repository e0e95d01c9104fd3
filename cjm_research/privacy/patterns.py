"""Strings that identify people whoever they are: addresses, numbers, handles.

A pattern errs on the side of masking, but leaves what research needs to stay readable:
prices, dates, times, order sizes.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

_CURRENCY = r"(?:€|\$|£|¥|%|euros?\b|eur\b|usd\b|gbp\b|chf\b|dollars?\b|pounds?\b|bucks\b)"
_UNIT = (
    rf"(?:{_CURRENCY}|people\b|persons\b|users\b|customers\b|rows\b|items\b|units\b|pieces\b|"
    r"orders\b|clicks\b|visits\b|participants\b|records\b|lines\b|cells\b|[kmgt]i?b\b|bytes\b|"
    r"m?s\b|px\b|years?\b|times\b)"
)
_STREET = "Street|Road|Avenue|Lane|Boulevard|Crescent|Terrace"
_STREET_CAPITAL = (
    rf"{_STREET}|St|Rd|Ave|Ln|Blvd|Drive|Dr|Close|Court|Ct|Place|Pl|Square|Sq|Gardens|Way|Parkway"
)
_STATES = (
    "AL|AK|AZ|AR|CA|CO|CT|DE|FL|GA|IL|IA|KS|KY|LA|MD|MA|MI|MN|MO|MT|NE|NV|NH|NJ|NM|"
    "NY|NC|ND|OH|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|DC"
)
_SOCIAL = (
    r"(?:twitter|x|linkedin|facebook|instagram|tiktok|github|gitlab|medium|youtube|reddit|t|vk|"
    r"xing|mastodon|threads|bsky)\.(?:com|me|social|app)"
)


@dataclass(frozen=True)
class Pattern:
    """What a kind of string looks like; `is_one` settles what the expression cannot."""

    kind: str
    expression: re.Pattern[str]
    is_one: Callable[[re.Match[str]], bool] = lambda match: True


def _is_ip(match: re.Match[str]) -> bool:
    try:
        ipaddress.ip_address(match[0])
    except ValueError:
        return False
    return True


def _is_account(match: re.Match[str]) -> bool:
    digits = sum(character.isdigit() for character in match[0])
    is_date = re.match(r"(?:19|20)\d\d-[01]\d-[0-3]\d", match[0])
    return digits >= _MIN_ACCOUNT_DIGITS and not is_date


_MIN_ACCOUNT_DIGITS = 8
# All that repeats has an end, so that no long word takes longer than its length.
_DATE_OR_NUMBER = re.compile(
    r"""(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}          # 2025-03-30
    |   \d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})   # 30.03.2025
    |   (?:19|20)\d\d\s?[-/]\s?(?:19|20)\d\d      # 2015-2016
    |   [1-9]\d{0,2}(?:\.\d{3}){1,8}              # 1.000.000
    )""",
    re.VERBOSE,
)
_ASKED_FOR = re.compile(
    r"(?i)\b(?:call|phone|number|mobile|cell|tel|ring|reach|dial|text|sms|fax)\b"
)
_LOCAL = re.compile(r"\d{3}[-. ]\d{4}|\d{4}[-. ]\d{4}|\d{3}[-. ]\d\d[-. ]\d\d")
_MIN_DIGITS, _MAX_DIGITS, _SURE_DIGITS = 7, 15, 9


def _is_phone(match: re.Match[str]) -> bool:
    text = match[0]
    digits = sum(character.isdigit() for character in text)
    if not _MIN_DIGITS <= digits <= _MAX_DIGITS or _DATE_OR_NUMBER.fullmatch(text):
        return False
    after = match.string[match.end() : match.end() + 15].lstrip(" \u00a0")
    before = match.string[max(0, match.start() - 30) : match.start()]
    if re.match(_UNIT, after, re.IGNORECASE) or re.search(r"[€$£¥#]\s?\Z", before):
        return False
    if text[0] in "+0(":
        return True
    groups = re.findall(r"\d+", text)
    if len(groups) == 1:
        # A bare row of digits may be an amount; a long one, or one that is called, is not.
        return digits >= _SURE_DIGITS or _ASKED_FOR.search(before) is not None
    # A short row of groups is more often a size (52-18-145) than a local number (555-0132).
    is_local = _LOCAL.fullmatch(text) is not None
    return digits >= _SURE_DIGITS or is_local or _ASKED_FOR.search(before) is not None


PATTERNS: tuple[Pattern, ...] = (
    Pattern(
        "handle",
        re.compile(
            rf"""(?<![\w@.-])(?:https?://|www\.)?(?:[\w-]{{1,63}}\.)?{_SOCIAL}/[^\s<>"')\]]+
            | \bhttps?://[^\s/@<>"']{{1,256}}@[^\s<>"')\]]+
            | \b(?:https?://|www\.)[^\s<>"']{{1,512}}?
              (?:/(?:u|user|users|profile|profiles|people|member|members|in|account)/|/[~@]|
                 [?&;](?:user|email|mail|name|uid|id|user_?id)=)[^\s<>"')\]]+
            | (?<![\w@/.+-])@[^\W\d][\w.-]{{1,30}}\b
            """,
            re.VERBOSE | re.IGNORECASE,
        ),
    ),
    Pattern(
        "email",
        re.compile(
            r"(?<![\w.+%-])[\w.+%'-]{1,256}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?!\w)"
            r"|\b[\w.]{1,64}\s(?:at|\(at\)|\[at\])\s[\w-]{1,63}\s(?:dot|\(dot\)|\[dot\])\s"
            r"(?:com|org|net|edu|gov|de|uk|co|io|fr|at|ch|eu)\b",
            re.IGNORECASE,
        ),
    ),
    Pattern(
        "number",
        re.compile(
            r"(?<!\w)[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?(?!\w)"
            r"|(?<![\w.,])\d{4}(?:[ -]?\d){9,15}(?![\w]|[.,]\d)"
            r"|(?<!\w)\d{3}-\d{2}-\d{4}(?!\w)"
        ),
        _is_account,
    ),
    Pattern(
        "ip",
        re.compile(
            r"(?<![\w.:])(?:(?:\d{1,3}\.){3}\d{1,3}|(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}"
            r"|(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6})(?![\w:]|\.\d)"
        ),
        _is_ip,
    ),
    # A date or an amount with dots is found first, so that a phone number behind it is seen.
    Pattern(
        "phone",
        re.compile(
            rf"(?P<keep>(?<!\d){_DATE_OR_NUMBER.pattern}(?![\d-]|\.\d))"
            r"|(?<![\w.,/-])(?:\+|\(\+?\d{1,4}\)|\(?\d)[\d\ ()./\u00a0-]{5,20}\d(?!\w|[.,:]\d)",
            re.VERBOSE,
        ),
        lambda match: not match["keep"] and _is_phone(match),
    ),
    Pattern(
        "address",
        re.compile(
            rf"(?<![\w.,])\d{{1,5}}[A-Za-z]?,?\s(?:[A-Z][\w'’.-]*\s){{1,4}}(?:{_STREET_CAPITAL})\b\.?"
            rf"|(?<![\w.,])\d{{1,5}}[A-Za-z]?\s(?!(?:the|of|on|in|a|my|our|this)\s)[\w'’-]+\s"
            rf"(?:{_STREET.lower()})\b"
            r"|\b[A-ZÄÖÜ][\wäöüß-]{0,60}(?:straße|strasse|str\.|weg|platz|allee|gasse)"
            r"\s\d{1,4}[a-z]?\b"
        ),
    ),
    Pattern(
        "postcode",
        re.compile(
            r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2}\b"
            rf"|\b(?:{_STATES}|(?<=,\s)(?:HI|ID|IN|ME|MS|OK|OR))\s\d{{5}}(?:-\d{{4}})?\b"
            r"|\bD-\d{5}\b|\bPLZ:?\s\d{5}\b"
            r"|\b\d{5}\s(?:Berlin|Hamburg|München|Köln|Frankfurt|Stuttgart|Düsseldorf|Leipzig|"
            r"Dortmund|Essen|Bremen|Dresden|Hannover|Nürnberg|Duisburg|Bochum|Bonn|Münster)\b"
        ),
    ),
)
"""In this order: an address on the web may hold an e-mail, a card number a phone number."""


def mask_patterns(text: str, *, keep: frozenset[str], counts: dict[str, int]) -> str:
    """Return the text with every pattern replaced by its kind in brackets.

    Parameters
    ----------
    text : str
        Any text.
    keep : frozenset of str
        Folded strings that stay.
    counts : dict
        Gets the number of replacements per kind.
    """
    for pattern in PATTERNS:

        def replace(match: re.Match[str], pattern: Pattern = pattern) -> str:
            if match[0].casefold() in keep or not pattern.is_one(match):
                return match[0]
            counts[pattern.kind] = counts.get(pattern.kind, 0) + 1
            return f"[{pattern.kind}]"

        text = pattern.expression.sub(replace, text)
    return text
