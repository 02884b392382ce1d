"""Redaction of any text is idempotent and complete, and leaves text that only resembles a number."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus
from uuid import UUID

from hypothesis import assume, example, given
from hypothesis import strategies as st

from bench.micro.redaction import HOSTILE
from consumer.redact import _RULES, RULE_NAMES, TOKEN, Redactor, account, address, build, person, phone
from consumer.redact.rule import SHAPE, Rule, Span, fold

_CORPUS = Path(__file__).parents[2] / "golden" / "redaction"
PHONE = build()
ALL = build(RULE_NAMES)

# Pieces that make, join and break numbers, and whole and broken tokens.
_PIECES = st.sampled_from(
    [
        *"0125789+-./ ():,;x[]@_=%\\\n$\"'#",
        *(
            "555",
            "0199",
            "555-0199",
            "-0199",
            "212",
            "(212)",
            "212-",
            "+1",
            "+44",
            "1-",
            "ext. 12",
            " x3",
            "%2B",
            "%20",
            "%2D",
            "\\u002b",
            "\\u0035",
            "&#45;",
            "&nbsp;",
            "+37.7749",
            "GET /",
            '{"phones":["',
            "%5BREDACTED%5D",
        ),
        *("+44 20 7946 0018", "212 555 0199", "2125550199", "phone=", "tel: ", "bytes ", " of ", " ms", "10:15:02"),
        *("a@b.co", "123-45-6789", "4111 1111 1111 1111", "10.0.0.1", "1.1.1.1", "user@0.service", "\\n", "\x1b[0m"),
        *("2001:db8::1", "fe80::", "::", "a:b", "00:1a:2b:3c:4d:5e", "001a.2b3c.4d5e", "://", "://u:p@h", "@h"),
        *("DE89370400440532013000", "GB82 WEST 1234 5698 7654 32", "AKIAIOSFODNN7EXAMPLE", "eyJhbGciOiJI.eyJz", "."),
        *(
            "-----BEGIN PRIVATE KEY-----",
            "-----END PRIVATE KEY-----",
            "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
            "secret_key=",
            "wJalrXUtnFEMI+K7MDENG/bPxRfiCYEXAMPLEKEY",
            "john+x@example.com",
            "://u:p%2F+q@h",
        ),
        *(TOKEN, "[REDACTED", "REDACTED]", "é", "電", "\u0665", "\uff15", "\u2011", "\u00a0", "\uff0b", "\ud800"),
    ]
)
_NUMBERS = st.sampled_from(
    [
        *(
            "555-0199",
            "212-555-0199",
            "212.555.0199",
            "212 555 0199",
            "(212) 555-0199",
            "(212)5550199",
            "1 (212) 555-0199",
        ),
        *("+12125550199", "+1 212 555 0199", "+44 20 7946 0018", "+442079460018", "555-0199 x1", "phone=2125550199"),
        *("a@b.co", "123-45-6789", "4111 1111 1111 1111", "4111111111111111", "10.0.0.1", "tel: 020 7946 0018"),
    ]
)
_TEXTS = st.one_of(st.lists(_PIECES, max_size=40).map("".join), st.text(), st.from_regex(r"[-+0-9(). x]{0,60}"))

# A short unit, repeated: if redacting a number frees its neighbour, each pass redacts just one more.
_REPEATED = st.builds(
    lambda pieces, times: "".join(pieces) * times,
    st.lists(_PIECES | _NUMBERS, min_size=1, max_size=4),
    st.integers(4, 12),
)

_DIGIT = st.sampled_from("0123456789")
_CODE = st.integers(200, 999).map(str)
_LINE = st.integers(0, 9999).map(lambda number: f"{number:04d}")
_EXTENSION = st.one_of(
    st.just(""),
    st.builds(
        "{}{}".format, st.sampled_from([" x", "x", " ext. ", " ext ", ", ext ", " extension "]), st.integers(1, 99999)
    ),
)
_TEN = st.builds(
    lambda form, area, exchange, line: form.format(area, exchange, line),
    st.sampled_from(
        [
            *("{}-{}-{}", "{}.{}.{}", "({}) {}-{}", "({}){}-{}", "({}) {} {}", "{} {}-{}", "({}){}{}", "{}/{}-{}"),
            *("1-{}-{}-{}", "1 ({}) {}-{}", "+1 {} {} {}", "+1-{}-{}-{}", "+1 ({}) {}-{}", "+1.{}.{}.{}", "+1{}{}{}"),
        ]
    ),
    _CODE,
    _CODE,
    _LINE,
)
_SEVEN = st.builds("{}-{}".format, _CODE, _LINE)
_E164 = st.builds("+{}{}".format, st.integers(20, 99), st.text(_DIGIT, min_size=6, max_size=12))
_PHONES = st.builds("{}{}".format, st.one_of(_TEN, _SEVEN, _E164), _EXTENSION)

_LEFT = st.sampled_from(["", "call ", "tel:", "phone=", '{"to":"', "(", "[", "<", "from 10.0.0.1: ", "12:00:01 ", "7,"])
_RIGHT = st.sampled_from(["", ".", ", thanks", '"}', ")", "]", ">", " at 10:15", "?", "; next", "\nnext line", " busy"])


# With the percent sign this is a form and its plus a space; without it, the plus begins a number.
@example("]%2Da@b.co+\\ghp_" + "a1" * 18 + "+44 20 7946 0018")
@given(_TEXTS)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    """Redaction is idempotent, with the default rule and with all of them (I8)."""
    for redactor in (PHONE, ALL):
        once = redactor.text(text)
        assert redactor.text(once) == once


@given(_TEXTS)
def test_no_rule_finds_anything_in_redacted_text(text: str) -> None:
    """No rule finds anything in a redacted text, so that no two neighbours are joined into a new number (I8)."""
    for redactor in (PHONE, ALL):
        settled = redactor.text(text)
        assert not redactor._pass([settled])[0]


@given(_TEXTS)
def test_what_stands_between_tokens_is_the_text_itself(text: str) -> None:
    """Redaction only replaces spans by the token; all other text stays, in order and unchanged."""
    kept = "(.+)".join(map(re.escape, ALL.text(text).split(TOKEN)))
    assert re.fullmatch(kept, text, re.DOTALL)


def _at_every_place(match_at: Callable[[str, str, int], Span | None]) -> Callable[[str, str], list[Span]]:
    return lambda text, outline: [
        span for start in range(len(text)) if (span := match_at(text, outline, start)) is not None
    ]


def _ipv4_at(text: str, _: str, start: int) -> Span | None:
    found = address._ADDRESS.match(text, start)
    return found.span() if found and address._OCTETS.issuperset(found[0].split(".")) else None


def _ipv6_at(text: str, _: str, start: int) -> Span | None:
    found = address._LONG_ADDRESS.match(text, start)
    return found.span() if found and address._is_ipv6(found) else None


def _ssn_at(text: str, _: str, start: int) -> Span | None:
    found = person._SSN.match(text, start)
    return found.span() if found else None


def _cards(text: str, _: str) -> list[Span]:
    return [span for found in account._CARD.finditer(text) if (span := account._card(found))]


# The slow way: no sign is needed for a rule, all rules are searched in all lines at once, and each form is tried at
# every place.
_PLAIN: dict[str, list[Callable[[str, str], list[Span]]]] = {
    **{name: [rule.find for rule in rules] for name, rules in _RULES.items()},
    "phone": [_at_every_place(phone.national_at), *(rule.find for rule in _RULES["phone"][4:])],
    "card": [_cards],
    "ssn": [_at_every_place(_ssn_at)],
    "ipv4": [_at_every_place(_ipv4_at)],
    "ipv6": [_at_every_place(_ipv6_at)],
}


_AS_WRITTEN = {rule.find for rules in _RULES.values() for rule in rules if rule.as_written}


def _plain(names: tuple[str, ...]) -> Redactor:
    rules = [
        Rule(find, parts=("",), beyond_line=True, as_written=find in _AS_WRITTEN)
        for name in names
        for find in _PLAIN[name]
    ]
    return Redactor(rules, [], "plain", phones=True)


_PLAIN_PHONE = _plain(("phone",))
_PLAIN_ALL = _plain(RULE_NAMES)


@given(_TEXTS | _REPEATED)
@example("phones=[555-0199\n]\nid 2125550100, call 555-0199")  # The list ends in a line that the first pass skips.
@example("a@b.co 123-45-6789\n%40@b.co\n10.0.0.1 555-0199+\n555-0199 x")
def test_the_gate_and_the_short_cuts_change_nothing(text: str) -> None:
    """The gate and the short cuts of the rules only save time: a slow search without them gives the same text."""
    assert PHONE.text(text) == _PLAIN_PHONE.text(text)
    assert ALL.text(text) == _PLAIN_ALL.text(text)


def _ten_by_search(text: str, start: int) -> Span | None:
    """Return the ten digits whose last seven begin at `start`, as one search for the area code finds them."""
    seven = phone._LAST_SEVEN.match(text, start)
    area = phone._AREA.search(text, max(0, start - 16), start)
    if seven is None or area is None or not phone._belong_together(area, seven[1], text[start]):
        return None
    return area.start(), seven.end()


@given(
    _TEXTS
    | _REPEATED
    | st.from_regex(r"[-+ (/.x]{0,3}[01]{0,3}[-. ]?\(?212\)?[-. /]{0,3}555[-. ]{0,3}0199[-+ (/.x0]{0,3}")
)
@example("call 1 212 555 0199, 1-212-555-0199, 1.212.555.0199")
@example("to (212) 555-0199, (212)-555-0199, (212)555-0199, 1 (212) 555-0199")
def test_the_short_ways_to_ten_digits_find_what_the_search_finds(text: str) -> None:
    """Ten digits are told by one match or by none, with the same result as from a search for their area code."""
    text = fold(text)
    outline = text.encode("latin-1", "replace").translate(SHAPE).decode("latin-1")
    for start in range(5, len(text) - 6):
        front = outline[start - 5 : start]
        if front[-4:] in phone._AREA_ENDS and (front[:4] != "0000" or text[start - 5] == "1"):
            assert phone._ten_at(text, front, start) == _ten_by_search(text, start)


def _corpus() -> list[str]:
    """Return each golden line and each hostile text."""
    corpus = [
        json.loads(line)["text"]
        for path in sorted(_CORPUS.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [*corpus, *(unit * 12 for unit in HOSTILE)]


def test_the_gate_and_the_short_cuts_change_nothing_in_the_corpus_and_in_hostile_text() -> None:
    """The slow search gives the same for every golden line and each hostile text."""
    for text in _corpus():
        assert ALL.text(text) == _PLAIN_ALL.text(text)


# A separator in a text, an open list, a truncated key, codes, and an end after which a number could continue.
_ENDS = st.sampled_from(
    ["", "\n", "\0", "\r", "phones=[", "-----BEGIN PRIVATE KEY-----", "=a", "%", "\\u00", "(212)", "+1 "]
)


@given(st.lists(st.builds("{}{}{}".format, _ENDS, _TEXTS | _REPEATED, _ENDS), max_size=8))
@example(["phones=[", "2125550199]", "-----BEGIN PRIVATE KEY-----", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "tel: 5550199"])
@example(["a%2B12125550199", "call 555-0199", "a=b+442079460018", "cell 2125550199\n212-555-0199"])
def test_a_text_is_redacted_as_if_it_were_alone(texts: list[str]) -> None:
    """Texts that are redacted together are each redacted as alone, independent of their neighbours."""
    for redactor in (PHONE, ALL):
        assert redactor.texts(texts) == [redactor.text(text) for text in texts]


def test_the_corpus_and_hostile_text_are_redacted_together_as_each_alone() -> None:
    """The same holds for all golden lines and hostile texts, with all rules and with each rule alone."""
    texts = _corpus()
    for redactor in (ALL, *(build((rule,)) for rule in RULE_NAMES)):
        assert redactor.texts(texts) == [redactor.text(text) for text in texts]


@given(_TEXTS | _REPEATED)
def test_two_passes_settle_any_text(text: str) -> None:
    """After two passes of the phone rule nothing changes, so that no list of numbers needs a pass for each."""
    once, _ = PHONE._pass([text])
    twice, _ = PHONE._pass([once.get(0, text)])
    assert not PHONE._pass([twice.get(0, once.get(0, text))])[0]


@given(_LEFT, _PHONES, _RIGHT)
def test_a_phone_number_in_any_form_is_gone(left: str, number: str, right: str) -> None:
    """A number in any known form is redacted whole, with its extension, and the text around it stays."""
    assert PHONE.text(left + number + right) == left + TOKEN + right


_ENCODINGS: dict[str, Callable[[str], str]] = {
    "percent": lambda text: quote(text, safe=""),
    "percent, small letters": lambda text: quote(text, safe="").lower(),
    "percent, every character": lambda text: "".join(f"%{ord(character):02X}" for character in text),
    "percent, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "JSON": lambda text: "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in text),
    "JSON, every character": lambda text: "".join(f"\\u{ord(c):04X}" for c in text),
    "JSON in JSON": lambda text: "".join(c if c.isalnum() else f"\\\\u{ord(c):04x}" for c in text),
    "HTML": lambda text: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in text),
    "HTML, every character": lambda text: "".join(f"&#x{ord(c):x};" for c in text),
    "hexadecimal escapes": lambda text: "".join(c if c.isalnum() else f"\\x{ord(c):02x}" for c in text),
}


@given(
    st.builds("{}{}".format, _TEN | _SEVEN | _E164, st.sampled_from(["", " ext. 12"])),
    st.sampled_from(sorted(_ENCODINGS)),
    st.sampled_from(["GET /a?q={}&b=1 HTTP/1.1", "to={}", '{{"to":"{}"}}', "a=b&to={}#c", "call%20{}%2C now"]),
)
def test_a_number_in_any_encoding_is_gone(number: str, encoding: str, line: str) -> None:
    """All encoded characters of a number become the token, and the text around them stays as it was written."""
    assume(encoding != "form" or "=" in line)
    assert PHONE.text(line.format(_ENCODINGS[encoding](number))) == line.format(TOKEN)


@given(st.lists(_PHONES, min_size=1, max_size=5), st.sampled_from([", ", "; ", "\n", " | ", " and ", "\t"]))
def test_every_number_of_a_list_is_gone(numbers: list[str], separator: str) -> None:
    """Each number of a list becomes its own token."""
    assert PHONE.text(separator.join(numbers)) == separator.join([TOKEN] * len(numbers))


@given(
    st.one_of(
        st.uuids().map(str),
        st.uuids().map(lambda uuid: uuid.hex),
        st.ip_addresses(v=4).map(str),
        st.ip_addresses().map(str),
        st.datetimes().map(datetime.isoformat),
        st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%d %H:%M:%S,%f")[:-3] + "-0700"),
        st.datetimes().map(lambda moment: moment.strftime("%d/%b/%Y:%H:%M:%S +1030")),
        st.integers(1_000_000_000, 1_999_999_999).map(str),
        st.integers(1_000_000_000_000, 1_999_999_999_999_999_999).map(str),
        st.integers(0, 10**19).map(str),
        st.tuples(*[st.integers(0, 99)] * 3).map(lambda parts: "v{}.{}.{}".format(*parts)),
        st.integers(10**11, 10**12 - 1).map("arn:aws:iam::{}:role/x".format),
        st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex(":")),
        st.binary(min_size=6, max_size=6).map(lambda octets: octets.hex("-")),
        st.floats().map(str),
        st.integers(0, 10**9).map("${:,}.00".format),
    ),
    st.sampled_from(["{}", "id {} done", "id={};", '{{"id":"{}"}}', "[{}]", "/{}/", "{},{}", "({})"]),
)
def test_what_only_looks_like_a_number_stays(value: str, line: str) -> None:
    """UUIDs, addresses, times, epochs, byte counts, versions, ARNs, MACs and amounts come back unchanged."""
    text = line.format(value, value)
    assert PHONE.text(text) == text


@given(st.uuids(), st.ip_addresses(v=4))
def test_the_optional_rules_leave_uuids_and_the_address_rule_takes_addresses(uuid: UUID, address: IPv4Address) -> None:
    """With all rules on, an address is redacted and a UUID beside it is not."""
    assert ALL.text(f"{uuid} from {address}") == f"{uuid} from {TOKEN}"


# Patterns that match tokens, look at them, or match inside them.
_PATTERNS = st.sampled_from(
    [
        *("[A-Z]+", r"\[.*?\]", r"D\]x", r"\Wx", "ab", ".+", r"(?<=\])b", r"x(?=\[)", r"\d{4}", r"\b\d", "E", r"\]\["),
        *(r"\s", "(?s).", r"[^\]]+", r"\[R", r"D\]", r"(?!\[)\W", r"5\S*", "(?=5)"),
    ]
)


@given(st.lists(_PATTERNS, max_size=3), st.one_of(_TEXTS, st.text("xab[]RED 5-01", max_size=60)))
def test_custom_patterns_keep_redaction_idempotent(patterns: list[str], text: str) -> None:
    """With custom patterns, whatever they do to tokens, redacting twice changes nothing more."""
    redactor = build(("phone", "email"), patterns)
    once = redactor.text(text)
    assert redactor.text(once) == once


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS | _PHONES,
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(max_size=8), values, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["phone", "a", "tel", "555-0199", "msg"]), _JSON, max_size=4))
def test_fields_keep_their_shape_and_hold_no_number(fields: dict[str, Any]) -> None:
    """Fields keep keys and structure, every string is redacted, and doing it twice changes nothing more."""
    once = PHONE.fields(fields)
    assert PHONE.fields(once) == once

    def check(before: Any, after: Any) -> None:
        if isinstance(before, dict):
            assert list(before) == list(after)
            for key in before:
                check(before[key], after[key])
        elif isinstance(before, list):
            assert len(before) == len(after)
            for one, other in zip(before, after, strict=True):
                check(one, other)
        elif isinstance(before, str):
            assert after in (TOKEN, PHONE.text(before))
        else:
            assert after in (before, TOKEN)

    check(fields, once)
