"""Seeded log lines with planted personal data and secrets, each with its kind and place, and lines that look similar.

The formats are those that people and libraries write, not those that the rules are known to find. Phone numbers of 24
countries appear in international form, in national form after a label, and in national form alone, within log lines.
"""

import base64
import hashlib
import json
import random
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import quote, quote_plus

Span = tuple[int, int]


class Line(NamedTuple):
    """One log; `kind` is the kind of data planted at `span`, or `trap` for a line without any."""

    text: str
    kind: str
    form: str
    span: Span | None


# International and national form: `#` is a digit, `N` 2 to 9 (as in NANP). From the countries' numbering plans.
_COUNTRIES: Final = {
    "US": ("+1 N## N## ####", "(N##) N##-####"),
    "CA": ("+1-N##-N##-####", "N##-N##-####"),
    "GB": ("+44 20 7### ####", "020 7### ####"),
    "GB mobile": ("+44 7### ######", "07### ######"),
    "DE": ("+49 30 ########", "030 ########"),
    "DE mobile": ("+49 151 ########", "0151 ########"),
    "FR": ("+33 6 ## ## ## ##", "06 ## ## ## ##"),
    "ES": ("+34 6## ### ###", "6## ### ###"),
    "IT": ("+39 06 #### ####", "06 #### ####"),
    "NL": ("+31 20 ### ####", "020 ### ####"),
    "BE": ("+32 2 ### ## ##", "02 ### ## ##"),
    "CH": ("+41 44 ### ## ##", "044 ### ## ##"),
    "AT": ("+43 1 #######", "01 #######"),
    "SE": ("+46 8 ### ### ##", "08 ### ### ##"),
    "NO": ("+47 ## ## ## ##", "## ## ## ##"),
    "DK": ("+45 ## ## ## ##", "## ## ## ##"),
    "PL": ("+48 ### ### ###", "### ### ###"),
    "RU": ("+7 (495) ###-##-##", "8 (495) ###-##-##"),
    "TR": ("+90 532 ### ## ##", "0532 ### ## ##"),
    "IN": ("+91 98### #####", "098### #####"),
    "CN": ("+86 138 #### ####", "138 #### ####"),
    "JP": ("+81 3-####-####", "03-####-####"),
    "AU": ("+61 2 9### ####", "02 9### ####"),
    "BR": ("+55 11 9####-####", "(11) 9####-####"),
    "MX": ("+52 55 #### ####", "55 #### ####"),
    "ZA": ("+27 21 ### ####", "021 ### ####"),
}
_LABELS: Final = (
    "phone: ",
    "tel=",
    "mobile: ",
    "Tel. ",
    '"phone":"',
    "phone number: ",
    "fax: ",
    "msisdn=",
    "userPhone=",
)
_CONTEXTS: Final = (
    "{}",
    "2026-11-28T10:15:02.123Z INFO order 1234567 of {} accepted",
    '{{"level":"info","to":"{}","ms":12}}',
    "level=warn caller={} attempt=2",
    "User called from {}, no answer",
    "[28/Nov/2026:10:15:02 +0000] {} connected",
    "id,42,{},open,2026-11-28",
    "<td>{}</td>",
    "sms to {} failed: 503",
)
_ENCODINGS: Final[dict[str, tuple[str, Callable[[str], str]]]] = {
    "URL": ("GET /lookup?phone={}&limit=10 HTTP/1.1", lambda text: quote(text, safe="")),
    "form": ("POST body a=1&phone={}&b=2", quote_plus),
    "JSON": (
        '{{"msg":"{{\\"to\\":\\"{}\\"}}"}}',
        lambda text: "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in text),
    ),
    "HTML": ("<a>{}</a>", lambda text: text.replace("+", "&#43;").replace(" ", "&nbsp;")),
}


_URL: Final = "connecting to postgres://app:{}@db.internal:5432/orders"


def lines(each: int, seed: int = 17) -> list[Line]:
    """Return lines of every form (at least `each`) and `each` of every trap; the same seed gives the same lines."""
    draw = random.Random(seed)
    planted = [
        *(_placed("phone", form, context, value) for form, context, value in _phones(draw, each)),
        *(_placed("password", "password", _URL, _letters(draw, 12)) for _ in range(each * 4)),
        *(
            _placed(kind, kind, draw.choice(_CONTEXTS), make(draw))
            for kind, make in _OTHERS.items()
            for _ in range(each * 4)
        ),
    ]
    traps = [
        Line(draw.choice(_CONTEXTS).format(make(draw)), "trap", name, None)
        for name, make in _TRAPS.items()
        for _ in range(each)
    ]
    return [*planted, *traps]


def _phones(draw: random.Random, each: int) -> list[tuple[str, str, str]]:
    found = []
    for international, national in _COUNTRIES.values():
        for _ in range(each):
            found.append(("international", draw.choice(_CONTEXTS), _number(draw, international)))
            found.append(
                (
                    "E.164",
                    draw.choice(_CONTEXTS),
                    _number(draw, "".join(c for c in international if c in "+#N0123456789")),
                )
            )
            found.append(("national, labelled", draw.choice(_LABELS) + "{}", _number(draw, national)))
            found.append(("national, alone", draw.choice(_CONTEXTS), _number(draw, national)))
            name = draw.choice(sorted(_ENCODINGS))
            context, encode = _ENCODINGS[name]
            found.append((f"encoded, {name}", context, encode(_number(draw, international))))
    for _ in range(each * 4):
        found.append(("7 digits", draw.choice(_CONTEXTS), _number(draw, "555-01##")))
        found.append(
            (
                "extension",
                draw.choice(_CONTEXTS),
                _number(draw, draw.choice(("N##-N##-#### x##", "(N##) N##-#### ext. ###"))),
            )
        )
        found.append(("bare, labelled", draw.choice(_LABELS) + "{}", _number(draw, "N##N######")))
    return found


def _number(draw: random.Random, form: str) -> str:
    return "".join(str(draw.randint(0, 9)) if c == "#" else str(draw.randint(2, 9)) if c == "N" else c for c in form)


def _placed(kind: str, form: str, context: str, value: str) -> Line:
    before, _, after = context.partition("{}")
    before, after = before.replace("{{", "{").replace("}}", "}"), after.replace("{{", "{").replace("}}", "}")
    if before.endswith('":"') and not after:
        after = '"'
    return Line(before + value + after, kind, form, (len(before), len(before) + len(value)))


def _luhn(digits: str) -> str:
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def _card(draw: random.Random) -> str:
    prefix = draw.choice(("4", "53", "2223", "6011"))
    card = _luhn(prefix + _number(draw, "#" * (15 - len(prefix))))
    gap = draw.choice(("", " ", "-"))
    return gap.join(card[place : place + 4] for place in range(0, 16, 4))


def _iban(draw: random.Random) -> str:
    country, form = draw.choice(
        (("DE", "#" * 18), ("GB", "WEST" + "#" * 14), ("NL", "ABNA" + "#" * 10), ("FR", "#" * 23))
    )
    account = _number(draw, form)
    check = 98 - int("".join(str(int(c, 36)) for c in account + country + "00")) % 97
    iban = f"{country}{check:02d}{account}"
    return draw.choice((iban, " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))))


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _jwt(draw: random.Random) -> str:
    head = _base64url(json.dumps({"alg": "HS256", "typ": "JWT"}, separators=(",", ":")).encode())
    claims = _base64url(json.dumps({"sub": str(draw.getrandbits(32))}, separators=(",", ":")).encode())
    return f"{head}.{claims}.{_base64url(draw.randbytes(32))}"


def _letters(
    draw: random.Random, count: int, alphabet: str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
) -> str:
    return "".join(draw.choices(alphabet, k=count))


_OTHERS: Final[dict[str, Callable[[random.Random], str]]] = {
    "email": lambda draw: (
        f"{_letters(draw, 6)}.{_letters(draw, 5)}@{_letters(draw, 7)}.{draw.choice(('com', 'co.uk', 'de'))}".lower()
    ),
    "card": _card,
    "ssn": lambda draw: f"{draw.randint(1, 665):03d}-{draw.randint(1, 99):02d}-{draw.randint(1, 9999):04d}",
    "ipv4": lambda draw: ".".join(str(draw.randint(1, 254)) for _ in range(4)),
    "ipv6": lambda draw: draw.choice(("2001:db8:{}:{}::{}", "fe80::{}:{}:{}", "2a00:1450:{}:{}::{}")).format(
        *(f"{draw.randint(1, 65535):x}" for _ in range(3))
    ),
    "mac": lambda draw: draw.randbytes(6).hex(draw.choice((":", "-"))),
    "iban": _iban,
    "jwt": _jwt,
    "apikey": lambda draw: draw.choice(
        (
            "AKIA" + _letters(draw, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
            "ghp_" + _letters(draw, 36),
            "sk_live_" + _letters(draw, 24),
            "xoxb-" + _number(draw, "#" * 12) + "-" + _letters(draw, 24),
            "AIza" + _letters(draw, 35),
        )
    ),
}


def _uuid(draw: random.Random) -> str:
    digits = f"{draw.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


_TRAPS: Final[dict[str, Callable[[random.Random], str]]] = {
    "UUID": _uuid,
    "epoch": lambda draw: str(draw.randint(1_700_000_000, 1_800_000_000)),
    "epoch in ms": lambda draw: str(draw.randint(1_700_000_000_000, 1_800_000_000_000)),
    "time": lambda draw: (
        f"2026-11-{draw.randint(10, 28)}T10:15:{draw.randint(10, 59)}.{draw.randint(100, 999)}+0{draw.randint(1, 9)}00"
    ),
    "version": lambda draw: f"v{draw.randint(1, 30)}.{draw.randint(0, 99)}.{draw.randint(0, 9999)}",
    "build": lambda draw: f"release 2026.11.{draw.randint(10, 28)}-{draw.randint(1000, 9999)}",
    "id": lambda draw: f"order {draw.randint(10**6, 10**10)}",
    "ARN": lambda draw: f"arn:aws:iam::{draw.randint(10**11, 10**12 - 1)}:role/x",
    "bytes": lambda draw: f"bytes {draw.randint(100, 999)}-{draw.randint(1000, 9999)}/{draw.randint(10**4, 10**6)}",
    "range": lambda draw: f"took {draw.randint(100, 999)}-{draw.randint(1000, 9999)} ms",
    "coordinates": lambda draw: f"GPS +{draw.uniform(10, 80):.5f}, -{draw.uniform(100, 179):.5f}",
    "latitude": lambda draw: f"lat=+{draw.uniform(10, 80):.8f}",
    "access log": lambda draw: (
        f'"GET /a/{draw.randint(1, 99)}" {draw.choice((200, 304, 404))} '
        f"{draw.randint(200, 999)} {draw.randint(1000, 9999)}"
    ),
    "money": lambda draw: f"${draw.randint(100, 999)}-{draw.randint(1000, 9999)}",
    "hash": lambda draw: hashlib.sha1(draw.randbytes(8), usedforsecurity=False).hexdigest(),
    "table": lambda draw: " ".join(str(draw.randint(200, 9999)) for _ in range(6)),
    "ISBN": lambda draw: f"isbn 978-3-16-{draw.randint(100000, 999999)}-0",
    "package": lambda draw: f"lodash@{draw.randint(1, 9)}.{draw.randint(0, 30)}.{draw.randint(0, 30)}",
    "fingerprint": lambda draw: draw.randbytes(16).hex(":"),
    "wrong card": lambda draw: (card := _card(draw))[:-1] + str((int(card[-1]) + 1) % 10),
    "ZIP": lambda draw: f"ZIP {draw.randint(10000, 99999)}-{draw.randint(1000, 9999)}",
    "encoded time": lambda draw: quote(f"2026-11-{draw.randint(10, 28)} 10:15:02+0100"),
}
