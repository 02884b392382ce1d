"""The rules for persons that an operator turns on by name: e-mail addresses and US SSNs."""

import re
from collections.abc import Sequence
from typing import Final

from consumer.redact.rule import HYPHENS, Rule, Span, starts

# The local part has at most 64 characters, a label at most 63 (RFC 5321, RFC 1035). A long run of such characters is
# tried once, at its start, so that hostile text stays linear. A top-level domain has no digits: not `lodash@4.17.21`.
_DOMAIN: Final = r"@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.){1,8}(?:xn--[a-z0-9-]{1,59}|[^\W\d_]{2,24})(?![\w-])"
_EMAIL: Final = re.compile(
    r"(?:(?<![\w.%+-])(?!(?<=\\)[nrt])|(?<=\\[nrt]))"
    rf"(?:[\w.%+-]{{1,64}}|\"[^\"\s]{{1,62}}\"){_DOMAIN}(?:[.%+][\w.%+-]{{1,63}}{_DOMAIN})*",
    re.IGNORECASE,
)
# A form writes an address with %40. So a plus before a bare `@` is no space: `email=john+tag@example.com`.
_WITH_PLUS: Final = re.compile(
    rf"(?:(?<![\w.%+-])|(?<=%[0-9A-Fa-f]{{2}}))(?=[\w.-]{{1,64}}\+)[\w.+-]{{1,64}}{_DOMAIN}", re.IGNORECASE
)
_UNIT: Final = re.compile(r"\.(?:service|socket|timer|target|mount|slice|scope|device|swap|path)\Z")


def with_plus(text: str, outline: str) -> list[Span]:
    """Return the e-mail addresses with a plus, which could be read as a space."""
    del outline
    return [match.span() for match in _WITH_PLUS.finditer(text) if not _UNIT.search(match[0])]


def email(text: str, outline: str) -> list[Span]:
    """Return the e-mail addresses."""
    del outline
    # An instance of a systemd template has the same form: `getty@tty1.service`.
    return [match.span() for match in _EMAIL.finditer(text) if not _UNIT.search(match[0])]


# Never issued: areas 000, 666 and 900-999, group 00, serial 0000 (SSA, "Social Security Number Randomization").
_SSN: Final = re.compile(
    starts() + r"(?<![-$])(?<![0-9][./:])(?!000|666|9)[0-9]{3}-(?!00)[0-9]{2}-(?!0000)[0-9]{4}"
    r"(?![0-9A-Za-z_])(?![-.:/][0-9A-Za-z_])"
)


def ssn(text: str, outline: str, hits: Sequence[int]) -> list[Span]:
    """Return the US social security numbers."""
    del outline
    return [match.span() for hit in hits if (match := _SSN.match(text, hit))]


# The first label of the domain and its dot: `://user:password@host` has none.
_LABEL: Final = re.compile(r"@[\w-]{1,63}\.")

EMAILS: Final = (
    Rule(email, forms=(_LABEL,), alone=True),
    Rule(with_plus, forms=(_LABEL,), as_written=True),
)
SSN: Final = Rule(ssn, "000-00-0000", forms=(HYPHENS,))
