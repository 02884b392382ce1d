"""The rules for addresses of machines: IPv4, IPv6 and MAC, each turned on by name."""

import re
from typing import Final

from consumer.redact.rule import Span, starts

# Four numbers are also a version; these words in front say so. `host/10.0.0.1` is Java's way to print an address.
# `re` skips to a literal fast, and dots are rarer than digits: so what is searched is the second number in its dots.
_SECOND_NUMBER: Final = re.compile(r"\.[0-9]{1,3}\.[0-9]")
_IPV4: Final = re.compile(
    rf"[0-9]{starts('[0-9]')}(?<![0-9A-Za-z_]\.[0-9])(?<!Chrome/[0-9])(?<!Chromium/[0-9])(?<!Edg/[0-9])(?<!OPR/[0-9])"
    r"(?<!Version/[0-9])(?<![Vv]ersion[ =][0-9])(?<![Vv]ersion:[ ][0-9])"
    r"[0-9]{0,2}(?:\.[0-9]{1,3}){3}(?![0-9A-Za-z_])(?!\.[0-9A-Za-z_])(?!-[A-Za-z_])"
)
_OCTETS: Final = frozenset(map(str, range(256)))  # Without leading zeros.


def ipv4(text: str, outline: str) -> list[Span]:
    """Return the IPv4 addresses."""
    del outline
    spans = []
    middle = _SECOND_NUMBER.search(text)
    while middle:
        dot = middle.start()
        address = next(filter(None, (_IPV4.match(text, dot - digits) for digits in (3, 2, 1) if digits <= dot)), None)
        if address and _OCTETS.issuperset(address[0].split(".")):
            spans.append(address.span())
        middle = _SECOND_NUMBER.search(text, address.end() if address else dot + 2)
    return spans


_HEX: Final = "[0-9A-Fa-f]"
# An address's first colon, and what a time of day has not behind its own.
_COLONS: Final = re.compile(rf":(?::|{_HEX}{{1,4}}:(?::|{_HEX}{{1,4}}:))")
_IPV6: Final = re.compile(
    # Behind a colon only where a word stands before that: `addr:2001:db8::1`.
    r"(?<![0-9A-Za-z_.])(?:(?<!:)|(?<=[g-zG-Z_]:)|(?<=[g-zG-Z_].:)|(?<=[g-zG-Z_]..:))"
    rf"(?:{_HEX}{{1,4}}|(?=::[Ff]{{4}}:[0-9]))"
    rf"(?:::?{_HEX}{{1,4}}(?![0-9A-Za-z_]|\.[0-9])){{0,7}}"
    r"(?:::(?![0-9A-Za-z_:])|::?(?P<ipv4>[0-9]{1,3}(?:\.[0-9]{1,3}){3}))?"
    r"(?:%[0-9A-Za-z]{1,15})?(?![0-9A-Za-z_:]|\.[0-9A-Za-z_])"
)
# Every block that IANA gave to hosts begins with a whole group, 64:ff9b::/96 and ::ffff:0:0/96 apart. What does not is
# a ratio, eight octets, or a name of C++: `1::2`, `a::b`.
_FIRST_GROUP: Final = re.compile(
    rf"[23]{_HEX}{{3}}:|[fF][cCdDfF]{_HEX}{{2}}:|[fF][eE][89a-fA-F]{_HEX}:|(?:00)?64:[fF]{{2}}9[bB]:|::"
)


def ipv6(text: str, outline: str) -> list[Span]:
    """Return the IPv6 addresses, with a zone and with an IPv4 address at the end; not `::` and `::1`."""
    del outline
    spans = []
    colons = _COLONS.search(text)
    while colons:
        colon = end = colons.start()
        for digits in (4, 3, 2, 1, 0):
            address = _IPV6.match(text, colon - digits) if digits <= colon else None
            if address:
                end = address.end()
                if _is_ipv6(address):
                    spans.append(address.span())
                break
        colons = _COLONS.search(text, max(end, colon + 1))
    return spans


_GROUPS: Final = 8


def _is_ipv6(address: re.Match[str]) -> bool:
    if not _FIRST_GROUP.match(address[0]) or not any(map(str.isdigit, address[0])):
        return False
    groups = address[0].count(":") + 1 + bool(address["ipv4"])
    gaps = address[0].count("::")
    # 128 bits in groups of 16; `::` stands for a group at least.
    return groups <= _GROUPS + 1 if gaps == 1 else not gaps and groups == _GROUPS


# Six pairs, and no seventh on either side: not a fingerprint, nor the header that iptables prints.
_MACS: Final = tuple(
    re.compile(
        rf"{gap}(?<={_HEX}{{2}}{gap})(?<![0-9A-Za-z_:.-]{_HEX}{{2}}{gap}){_HEX}{{2}}(?:{gap}{_HEX}{{2}}){{4}}"
        rf"(?![0-9A-Za-z_]|[:-]{_HEX})"
    )
    for gap in ":-"
)
# As Cisco prints it. Digits alone are a date or a version.
_MAC_IN_FOURS: Final = re.compile(
    rf"\.(?<={_HEX}{{4}}\.)(?<![0-9A-Za-z_:.-]{_HEX}{{4}}\.){_HEX}{{4}}\.{_HEX}{{4}}(?![0-9A-Za-z_]|[.:-][0-9A-Za-z])"
)


def mac(text: str, outline: str) -> list[Span]:
    """Return the MAC addresses: six pairs with colons or hyphens, or three fours with dots."""
    del outline
    spans = [(pairs.start() - 2, pairs.end()) for pattern in _MACS for pairs in pattern.finditer(text)]
    fours = ((fours.start() - 4, fours.end()) for fours in _MAC_IN_FOURS.finditer(text))
    return spans + [span for span in fours if not text[slice(*span)].replace(".", "").isdigit()]
