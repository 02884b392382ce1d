"""The rules for addresses of machines: IPv4, IPv6 and MAC, each turned on by name."""

import re
from collections.abc import Callable
from typing import Final

from consumer.redact.rule import HYPHENS, Rule, Span, after_code, starts

# Four numbers can be a version, if one of these words is in front. `host/10.0.0.1` is Java's way to print an address.
_ADDRESS: Final = re.compile(
    rf"[0-9]{starts('[0-9]')}(?<![0-9A-Za-z_]\.[0-9])(?<!Chrome/[0-9])(?<!Chromium/[0-9])(?<!Edg/[0-9])(?<!OPR/[0-9])"
    r"(?<!Version/[0-9])(?<![Vv]ersion[ =][0-9])(?<![Vv]ersion:[ ][0-9])"
    r"[0-9]{0,2}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z_])(?!\.[0-9A-Za-z_])(?!-[A-Za-z_])"
)
_OCTETS: Final = frozenset(map(str, range(256)))  # Without leading zeros.
# The same where the characters around leave no doubt: most addresses are found by one match. The group says how many
# digits stand in front of the first dot.
_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_PLAIN_BEFORE: Final = r"(?:[^n:][ =]|.[-\n\"'(\[,;<>|])"
_PLAIN_ADDRESS: Final = (
    rf"(?:(?<={_PLAIN_BEFORE}[0-9](\.))|(?<={_PLAIN_BEFORE}[1-9][0-9](\.))"
    rf"|(?<={_PLAIN_BEFORE}(?:25[0-5]|2[0-4][0-9]|1[0-9]{{2}})(\.)))"
    rf"{_OCTET}\.{_OCTET}\.{_OCTET}(?![.0-9A-Za-z_]|-[A-Za-z_])"
)
# `re` skips to a literal fast, and dots are rarer than digits: so the search is for the second number with its dots.
_NUMBERS_IN_DOTS: Final = re.compile(
    rf"\.(?=[0-9]{{1,3}}+\.[0-9]{{1,3}}+\.[0-9])(?:{_PLAIN_ADDRESS}"
    r"|(?<=[0-9]\.)[0-9]{1,3}\.[0-9]{1,3}\.[0-9](?:[0-9]|\.[0-9])*)"
)


def ipv4(text: str, outline: str) -> list[Span]:
    """Return the IPv4 addresses."""
    spans: list[Span] = []
    for numbers in _NUMBERS_IN_DOTS.finditer(text):
        dot = start = numbers.start()
        if digits := numbers.lastindex:
            spans.append((dot - digits, numbers.end()))
            continue
        while start and start > dot - 3 and outline[start - 1] == "0":
            start -= 1
        # The first digits may belong to an escape in front of the number (`%41`), which `_ADDRESS` knows.
        address = _ADDRESS.match(text, start)
        while address is None and start < dot - 1:
            start += 1
            address = _ADDRESS.match(text, start)
        if address and _OCTETS.issuperset(address[0].split(".")):
            spans.append(address.span())
    return spans


_HEX: Final = "[0-9A-Fa-f]"
# Most addresses are so: a first group that no word has, and one gap.
_PLAIN_GROUPS: Final = (
    rf"(?<=[^.:0-9A-Za-z_](?:[23]{_HEX}{{3}}|[fF][eE][89]{_HEX}):)"
    rf"(?:{_HEX}{{1,4}}:){{0,3}}:{_HEX}{{1,4}}(?::{_HEX}{{1,4}}){{0,2}}"
)
_END: Final = r"(?:%[0-9A-Za-z]{1,15}+)?(?![0-9A-Za-z_:]|\.[0-9A-Za-z_])"
# From an address's first colon on; `::` alone only behind a whole group.
_GROUPS_IN_COLONS: Final = re.compile(rf":(?:{_PLAIN_GROUPS}{_END}()|[0-9A-Fa-f:]{{2,}}|:(?<={_HEX}{{4}}::))")
_LONG_ADDRESS: Final = re.compile(
    # Behind a colon only where a word stands before that: `addr:2001:db8::1`.
    rf"(?:{after_code()}|(?<![0-9A-Za-z_.]))"
    r"(?:(?<!:)|(?<=[g-zG-Z_]:)|(?<=[g-zG-Z_][0-9A-Za-z_]:)|(?<=[g-zG-Z_][0-9A-Za-z_]{2}:))"
    rf"(?:{_HEX}{{1,4}}|(?=::[Ff]{{4}}:[0-9]))"
    rf"(?:::?{_HEX}{{1,4}}(?![0-9A-Za-z_]|\.[0-9])){{0,7}}"
    r"(?:::(?![0-9A-Za-z_:])|::?(?P<ipv4>[0-9]{1,3}(?:\.[0-9]{1,3}){3}))?"
    rf"{_END}"
)
# Every block that IANA gave to hosts begins with a whole group, except 64:ff9b::/96 and ::ffff:0:0/96. A match that
# begins otherwise is a ratio, eight octets, or a name of C++: `1::2`, `a::b`.
_FIRST_GROUP: Final = re.compile(
    rf"[23]{_HEX}{{3}}:|[fF][cCdDfF]{_HEX}{{2}}:|[fF][eE][89a-fA-F]{_HEX}:|(?:00)?64:[fF]{{2}}9[bB]:|::"
)


def ipv6(text: str, outline: str) -> list[Span]:
    """Return the IPv6 addresses, with a zone and with an IPv4 address at the end; not `::` and `::1`."""
    del outline
    spans: list[Span] = []
    for groups in _GROUPS_IN_COLONS.finditer(text):
        if groups.lastindex:
            spans.append((groups.start() - 4, groups.end()))
            continue
        colons = groups[0]
        if len(colons) == 2 or colons.strip(":"):  # noqa: PLR2004 - `::`, and not a row of colons
            address = _long_address_at(text, groups.start())
            if address and _is_ipv6(address):
                spans.append(address.span())
    return spans


def _long_address_at(text: str, colon: int) -> re.Match[str] | None:
    """Return a possible address with this as its first colon, or one that begins behind it: `addr:2001:db8::1`."""
    start = colon
    while start and start > colon - 4 and text[start - 1] in _HEX_DIGITS:
        start -= 1
    return _LONG_ADDRESS.match(text, start) or _LONG_ADDRESS.match(text, colon + 1)


_HEX_DIGITS: Final = frozenset("0123456789abcdefABCDEF")

_GROUPS: Final = 8


def _is_ipv6(match: re.Match[str]) -> bool:
    address = match[0]
    if not _FIRST_GROUP.match(address) or address.replace(":", "").isalpha():
        return False
    groups = address.count(":") + 1 + bool(match["ipv4"])
    gaps = address.count("::")
    # 128 bits in groups of 16; `::` stands for a group at least.
    return groups <= _GROUPS + 1 if gaps == 1 else not gaps and groups == _GROUPS


# Six pairs without a seventh on either side, which would be a fingerprint or the header that iptables prints. Then the
# three fours that Cisco prints; if they are only digits, they are a date or a version.
_PAIRS: Final = tuple(
    re.compile(
        rf"{gap}{_HEX}{{2}}{gap}{_HEX}{{2}}{gap}{_HEX}{{2}}{gap}{_HEX}{{2}}{gap}{_HEX}{{2}}(?![0-9A-Za-z_]|[:-]{_HEX})"
        rf"(?<=(?:(?<![0-9A-Za-z_:.-])|{after_code()}){_HEX}{{2}}{gap}.{{14}})"
    )
    for gap in ":-"
)
_FOURS: Final = re.compile(
    rf"\.{_HEX}{{4}}\.{_HEX}{{4}}(?![0-9A-Za-z_]|[.:-][0-9A-Za-z])"
    rf"(?<=(?:(?<![0-9A-Za-z_:.-])|{after_code()}){_HEX}{{4}}.{{10}})"
)


def _pairs(pattern: re.Pattern[str]) -> Callable[[str, str], list[Span]]:
    return lambda text, _: [(pairs.start() - 2, pairs.end()) for pairs in pattern.finditer(text)]


def fours(text: str, outline: str) -> list[Span]:
    """Return the MAC addresses of three fours with dots."""
    del outline
    spans = [(found.start() - 4, found.end()) for found in _FOURS.finditer(text)]
    return [span for span in spans if not text[slice(*span)].replace(".", "").isdigit()]


# One look at the dots and one at the colons serves two rules each.
_DOTS: Final = re.compile(rf"\.(?:[0-9]{{1,3}}\.[0-9]{{1,3}}\.[0-9]|{_HEX}{{4}}\.{_HEX}{{4}})")
# A digit or a colon must follow the first colon, which is told before anything is counted.
_IN_COLONS: Final = re.compile(rf":(?=[0-9A-Fa-f:]){_HEX}{{0,4}}+:(?:(?<=::)|{_HEX}{{1,4}}+:{_HEX}{{1,4}}+:)")

IPV4: Final = Rule(ipv4, forms=(_DOTS,))
IPV6: Final = Rule(ipv6, forms=(_IN_COLONS,), alone=True)
MAC: Final = (
    Rule(_pairs(_PAIRS[0]), forms=(_IN_COLONS,)),
    Rule(_pairs(_PAIRS[1]), forms=(HYPHENS,)),
    Rule(fours, forms=(_DOTS,)),
)
