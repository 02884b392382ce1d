"""Numbers that a word says to be phone numbers: `phone=2125550199`, `"phones": ["07700 900123"]`, a field's key."""

import re
from typing import Final

from consumer.redact.lookalike import is_range
from consumer.redact.phone import END
from consumer.redact.rule import X_WORDS, Rule, Span, hits

_WORDS: Final = ("phone", "tel", "mobile", "cell", "fax", "sms", "msisdn")

_LABEL: Final = (
    r"(?:(?i:phones?)|(?<![A-Za-z])(?i:tel(?:efon[eo]?)?|mobile|cell|fax|sms|msisdn)"
    r"|(?<=[a-z])(?:Tel|Mobile|Cell|Fax|S(?:ms|MS)|Msisdn))"
    r"(?i:[ _-]?(?:numbers?|nums?|nos?))?"
)
# Eight quotes and backslashes are JSON in JSON in JSON. `=>` is Ruby's, `>` ends an element's tag.
_AROUND: Final = r"[\\\"' \t]{0,9}"
_SAYS: Final = rf"{_AROUND}(?:[:=]>?|->|[|>]){_AROUND}"

_DATE: Final = r"(?:19|20)[0-9]{2}[-./][0-9]{2}[-./][0-9]{2}(?![0-9])"
_IPV4: Final = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![.0-9])"
_BARE: Final = "[0-9]{7,15}"
_NATIONAL: Final = (
    r"(?:0[0-9]{1,4}|\(0[0-9]{1,4}\))(?:[-./ ][0-9]{2,8}){1,4}"
    # Without the 0 that marks a national number, at least seven digits.
    rf"|(?!{_DATE}|{_IPV4})(?=(?:[-./ ()]{{0,2}}[0-9]){{7,15}}(?![0-9]))"
    r"(?:[1-9][ -]?(?=\())?\(?[1-9][0-9]{0,4}\)?(?:[-./ ][0-9]{2,8}){1,5}"
)
_NUMBER: Final = rf"(?:{_BARE}|{_NATIONAL})"
_NAMED: Final = re.compile(rf"{_LABEL}\.?{_SAYS}(?:(?P<number>{_NUMBER}){END}|(?P<open>[\[{{]))")
# After a mere space, the number must have its full length: a North American one, or a national one with its 0.
_SPOKEN: Final = re.compile(
    rf"{_LABEL}\.?(?:[ ](?:is|was))?[ ]#?(?P<number>1?[2-9][0-9]{{2}}[2-9][0-9]{{6}}"
    rf"|(?=0[1-9](?:[- ]?[0-9]){{7,10}}(?![- ]?[0-9]))0[0-9]{{1,4}}(?:[- ][0-9]{{2,8}}){{1,4}}){END}"
)

# For a list or a map under such a key: how many characters are searched, its members, and keys of other things.
_MEMBERS: Final = 1000
_MEMBER: Final = re.compile(
    rf"(?<![-+.$0-9A-Za-z_])(?P<number>{_NUMBER}){END}"
    r"|(?P<key>[A-Za-z_]{1,40})[\\\"' ]{0,9}[:=]|(?P<open>[\[{])|[\]}]"
)
_OTHER: Final = re.compile(
    r"(?:(?i:\A|_|-)(?i:id|ids|at|on|time|timestamp|date|ts|epoch|count|size|bytes|version|code|pin|otp|zip|price|amount|ms)"
    r"|(?<=[a-z])(?:Id|Ids|At|On|Time|Timestamp|Date|Ts|Count|Size|Bytes|Version|Code|Price|Amount|Ms))\Z"
)


def labelled(text: str, outline: str) -> list[Span]:
    """Return the bare numbers and national forms behind a word that says phone; the word stays."""
    spans: list[Span] = []
    for word in _WORDS:
        if word in outline:
            members_end = 0  # Hits in a list were searched with it: so hostile text stays linear.
            for hit in hits(outline, word):
                match = _NAMED.match(text, hit) or _SPOKEN.match(text, hit)
                if match and match.lastgroup == "open":
                    if hit >= members_end:
                        members_end = match.end() + _MEMBERS
                        spans += _members(text, match.end(), members_end)
                elif match and not is_range(text, match.span("number")):
                    spans.append((match.start("number"), match.end()))
    return spans


def _members(text: str, start: int, stop: int) -> list[Span]:
    """Return the numbers of a list or a map whose bracket is open, as far as the bracket that ends it."""
    spans = []
    depth = 1
    key = ""
    for member in _MEMBER.finditer(text, start, stop):
        if member["number"]:
            if not says_other(key):
                spans.append(member.span())
        elif member["key"]:
            key = member["key"]
        elif member["open"]:
            depth += 1
        else:
            depth -= 1
            if not depth:
                break
    return spans


LABELLED: Final = Rule(
    labelled,
    outline_forms=(*map(re.compile, ("phone", "tel", "cell", "m(?:obile|sisdn|s(?<=sms))")), X_WORDS),
    alone=True,
    beyond_line=True,  # A list or a map under such a word goes on over lines.
)

_KEY: Final = re.compile(_LABEL + r"\Z")
_VALUE: Final = re.compile(rf"\s?{_NUMBER}{END}\s?\Z")

_BETWEEN: Final = re.compile("[,;/|]")


def says_phone(key: str) -> bool:
    """Return whether a record's member of this name holds phone numbers."""
    return bool(_KEY.search(key))


def says_other(key: str) -> bool:
    """Return whether a member of this name, in a map under a phone key, is something else: an id, a time, a count."""
    return bool(_OTHER.search(key))


def is_number(value: str) -> bool:
    """Return whether a folded value, alone, is a bare number or a national form, or several of them."""
    return bool(_VALUE.match(value)) or all(map(_VALUE.match, _BETWEEN.split(value)))
