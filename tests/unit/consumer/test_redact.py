"""Redaction: the corpus line by line, the fields, the version, and configurations that are refused."""

import json
import re
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bench.micro.redaction import HOSTILE
from consumer.redact import OUTPUT_DIGEST, RULE_NAMES, TOKEN, build
from tests.linear import check_linear

_CORPUS = Path(__file__).parents[2] / "golden" / "redaction"

Span = tuple[int, int]


def _lines(name: str) -> list[tuple[str, str]]:
    """Return (text, expected) of each line of a corpus file; a trap is expected back as it is."""
    with (_CORPUS / f"{name}.jsonl").open(encoding="utf-8") as file:
        return [(line["text"], line.get("expected", line["text"])) for line in map(json.loads, file)]


def _spans(text: str, redacted: str) -> set[Span]:
    """Return where `text` was redacted: the token's places, found by aligning the two."""
    pattern = "(.+?)".join(map(re.escape, redacted.split(TOKEN)))
    match = re.fullmatch(pattern, text, re.DOTALL)
    assert match, f"{redacted!r} is not {text!r} with tokens"
    return {match.span(group) for group in range(1, match.re.groups + 1)}


@pytest.mark.parametrize(("text", "expected"), _lines("phones"))
def test_phone_numbers_of_the_corpus_are_redacted(text: str, expected: str) -> None:
    """In each line of the corpus the phone numbers are redacted, and the rest is unchanged."""
    assert build().text(text) == expected


@pytest.mark.parametrize("text", [text for text, _ in _lines("traps")])
def test_traps_of_the_corpus_come_back_unchanged(text: str) -> None:
    """A line that only looks as if it held a phone number is unchanged."""
    assert build().text(text) == text


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [(rule, *line) for rule in RULE_NAMES if rule != "phone" for line in _lines(rule)],
)
def test_optional_rules_redact_their_corpus(rule: str, text: str, expected: str) -> None:
    """Each optional rule, alone, redacts its positive lines and leaves its traps unchanged."""
    assert build((rule,)).text(text) == expected


def test_precision_and_recall_over_the_corpus(capsys: pytest.CaptureFixture[str]) -> None:
    """Precision and recall, counted by span, are 1.0 on the corpus; the test prints them."""
    redactor = build()

    def count(*names: str) -> tuple[int, int, int, int]:
        lines = [line for name in names for line in _lines(name)]
        right = found = expected = 0
        for text, wanted in lines:
            wanted_spans, found_spans = _spans(text, wanted), _spans(text, redactor.text(text))
            right += len(wanted_spans & found_spans)
            found += len(found_spans)
            expected += len(wanted_spans)
        return right, found, expected, len(lines)

    def report(label: str, counted: tuple[int, int, int, int]) -> tuple[float, float]:
        right, found, expected, lines = counted
        with capsys.disabled():
            print(  # noqa: T201 - the report of `make test`
                f"\nphone, {label}: {lines} lines, {expected} spans, precision {right / found:.3f}, "
                f"recall {right / expected:.3f}",
                end="",
            )
        return right / found, right / expected

    assert report("corpus", count("phones", "traps")) == (1.0, 1.0)
    everything = count("phones", "traps", "phones.known-misses", "traps.known-hits")
    precision, recall = report("corpus with the known misses and hits", everything)
    assert 0.9 < precision < 1.0
    assert 0.9 < recall < 1.0
    assert len(_lines("phones")) >= 150
    assert len(_lines("traps")) >= 150


@pytest.mark.parametrize(("text", "expected"), [*_lines("phones.known-misses"), *_lines("traps.known-hits")])
def test_known_misses_and_hits_are_still_known(text: str, expected: str) -> None:
    """Each known mistake is still one; a line that the rules now get right belongs in the corpus."""
    assert build().text(text) != expected


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_a_rule_that_is_off_redacts_nothing(rule: str) -> None:
    """Without rules every line of the corpus is unchanged."""
    name = "phones" if rule == "phone" else rule
    assert all(build(()).text(text) == text for text, _ in _lines(name))


def test_all_rules_together_leave_the_traps_of_phones_to_their_own_rules() -> None:
    """With every rule on, each secret of a line becomes one token."""
    text = "alice@example.com paid 4111 1111 1111 1111, ssn 123-45-6789, from 10.0.0.5, call +1 (212) 555-0199 x3"
    assert build(RULE_NAMES).text(text) == (f"{TOKEN} paid {TOKEN}, ssn {TOKEN}, from {TOKEN}, call {TOKEN}")


def test_an_address_that_holds_a_phone_number_is_one_token() -> None:
    """Overlapping spans of two rules become one token."""
    redactor = build(("phone", "email"))
    assert redactor.text("to 555-0199@sms.example.com now") == f"to {TOKEN} now"
    assert redactor.text("to ann.555-0199@sms.example.com now") == f"to {TOKEN} now"


def test_fields_are_redacted_through_maps_and_lists() -> None:
    """Strings at any depth of the fields are redacted; keys, numbers, booleans and null are not."""
    fields: dict[str, Any] = {
        "caller": "555-0199",
        "nested": {"numbers": ["+12125550199", 5550199, None, True, 1.5, ["555-0198"]]},
        "555-0199": "a key stays",
        "bytes": 2125550199,
    }
    assert build().fields(fields) == {
        "caller": TOKEN,
        "nested": {"numbers": [TOKEN, 5550199, None, True, 1.5, [TOKEN]]},
        "555-0199": "a key stays",
        "bytes": 2125550199,
    }


@pytest.mark.parametrize("key", ["phone", "phoneNumber", "phone_number", "userPhone", "mobile", "homeTel", "MSISDN"])
@pytest.mark.parametrize("value", [2125550199, "2125550199", "5550199", 2125550199.0, Decimal("2125550199.00")])
def test_a_bare_number_under_a_key_that_says_phone_is_redacted(key: str, value: str | float | Decimal) -> None:
    """Under a key that says phone, a bare number (string or JSON number) is redacted as after a label in a text."""
    assert build().fields({key: value}) == {key: TOKEN}
    assert build().fields({key: [value]}) == {key: [TOKEN]}


@pytest.mark.parametrize("value", ["07700 900123", "(0113) 496 0000", "98765 43210", "\uff12\uff11\uff12 5550199"])
def test_a_national_form_under_a_key_that_says_phone_is_redacted(value: str) -> None:
    """Under a key that says phone, a national form is redacted as after a label in a text, in lists too."""
    assert build().fields({"phone": value, "phones": [value]}) == {"phone": TOKEN, "phones": [TOKEN]}
    assert build().fields({"note": value}) == {"note": value}


@pytest.mark.parametrize("value", ["2125550199, 6465550110", "2125550199;6465550110", "07700 900123 / 07700 900124"])
def test_several_numbers_in_one_value_under_a_key_that_says_phone_are_redacted(value: str) -> None:
    """Under a key that says phone, a value of several numbers is redacted; one that holds anything else is a text."""
    assert build().fields({"phone": value, "mobile": [value]}) == {"phone": TOKEN, "mobile": [TOKEN]}
    assert build().fields({"phone": f"{value}, 10.0.0.1"}) == {"phone": f"{value}, 10.0.0.1"}
    assert build().fields({"note": value}) == {"note": value}


def test_a_map_under_a_key_that_says_phone_holds_numbers() -> None:
    """Under a key that says phone, all members of a map are redacted, except those named as id, time or count."""
    fields: dict[str, Any] = {
        "phone": {"home": 2125550199, "work": [{"nr": "07700 900123"}], "id": 12345678, "at": 17145576}
    }
    assert build().fields(fields) == {"phone": {"home": TOKEN, "work": [{"nr": TOKEN}], "id": 12345678, "at": 17145576}}
    assert build().fields({"other": {"home": 2125550199}}) == {"other": {"home": 2125550199}}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("phone_verified_at", 1714557602), ("hotel", 2125550199), ("phone", True), ("phone", 7)),
        *(("phones_sold", 1234567), ("phone", 2125550.199), ("phone", Decimal("1E+400")), ("phone", 1e300)),
    ],
)
def test_a_number_under_another_key_stays(key: str, value: float | Decimal) -> None:
    """A number stays if its key only contains a word for phone, or if no phone number is so short, long or broken."""
    assert build().fields({key: value}) == {key: value}


def test_labelled_numbers_in_fields_stay_without_the_phone_rule() -> None:
    """Without the phone rule, a number under a phone key stays."""
    assert build(("email",)).fields({"phone": 2125550199}) == {"phone": 2125550199}


def test_fields_leave_the_original_alone() -> None:
    """The redacted fields are a copy: the message's own fields stay as sent."""
    fields = {"a": ["555-0199"]}
    build().fields(fields)
    assert fields == {"a": ["555-0199"]}


def _output_digest() -> str:
    """Return the digest of what each rule alone, and all together, make of every line of the corpus."""
    texts = [text for path in sorted(_CORPUS.glob("*.jsonl")) for text, _ in _lines(path.stem)]
    redactors = [*(build((rule,)) for rule in RULE_NAMES), build(RULE_NAMES)]
    outputs = [[redactor.text(text) for redactor in redactors] for text in texts]
    return sha256(json.dumps(outputs).encode()).hexdigest()[:16]


def test_the_version_is_raised_when_the_rules_redact_otherwise() -> None:
    """An item's `redaction_version` tells old output from new: the version and the digest change together.

    Fails after a change of a rule: raise `_RULES_VERSION` and write the new digest beside it. If only lines were added
    to the corpus, the version stays and the digest is new.
    """
    version = build(()).version.partition(":")[0]
    assert f"{version}:{_output_digest()}" == OUTPUT_DIGEST


def test_version_names_the_rules_in_one_order() -> None:
    """The version does not depend on the rules' order, and changes with the rules."""
    assert build().version == "5:phone"
    assert build(("phone", "email")).version == build(("email", "phone", "email")).version == "5:email+phone"
    assert build(()).version == "5:none"


def test_version_changes_with_the_custom_patterns() -> None:
    """Each list of patterns in its order has its own version, the same in every process."""
    versions = [build(patterns=patterns).version for patterns in ((), ("a",), ("b",), ("a", "b"), ("b", "a"))]
    assert len(set(versions)) == 5
    assert build(patterns=("a",)).version == "5:phone+custom-0eb5b8d6"


def test_custom_patterns_redact_what_they_match() -> None:
    """A custom pattern's whole match is redacted, in addition to the rules."""
    redactor = build(patterns=(r"sk_live_\w+", r"(?i)password=\S+"))
    assert redactor.text("key sk_live_abc PASSWORD=x 555-0199") == f"key {TOKEN} {TOKEN} {TOKEN}"


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("[A-Z]+", "ABC x", f"{TOKEN} x"),
        ("REDACTED", "555-0199", TOKEN),
        (".+", "555-0199 x", TOKEN),
        (r"\]x", "555-0199 ]x", f"{TOKEN} {TOKEN}"),
        (r"\] b", "555-0199 b", TOKEN),
        (r"a \[", "a 555-0199", TOKEN),
        (r"\]\[", f"{TOKEN}{TOKEN}", f"{TOKEN}{TOKEN}"),
        (r"\w+(?=\[)", f"ab{TOKEN}", f"{TOKEN}{TOKEN}"),
    ],
)
def test_custom_patterns_that_touch_the_token_take_it_whole(pattern: str, text: str, expected: str) -> None:
    """A match within a token is ignored, and a match that overlaps a token redacts all of that token."""
    redactor = build(patterns=(pattern,))
    assert redactor.text(text) == expected
    assert redactor.text(expected) == expected


def test_a_custom_pattern_that_never_settles_redacts_the_whole_text() -> None:
    """A pattern that matches its own tokens, one more character each pass, gives one token instead of a long wait."""
    redactor = build((), patterns=(r"\Wx",))
    assert redactor.text("!" + "x" * 10) == "[REDACTED]"
    assert redactor.text("!" + "x" * 5000) == TOKEN
    assert redactor.text("plain") == "plain"


def test_an_unknown_rule_is_refused_with_the_known_ones() -> None:
    """An unknown rule is an error at start that lists the known ones."""
    with pytest.raises(
        ValueError, match=r"unknown redaction rule 'fone': the rules are email, card, ssn, ipv4, ipv6, mac"
    ):
        build(("fone",))


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(", "is not a regular expression: missing \\), unterminated subpattern"),
        ("[a", "is not a regular expression"),
        ("a{99999999999}", "is not a regular expression"),
        ("x*", "matches the empty string"),
        ("", "matches the empty string"),
        (r"\b", "matches the empty string"),
        ("a|", "matches the empty string"),
    ],
)
def test_a_bad_custom_pattern_is_refused_by_name(pattern: str, reason: str) -> None:
    """The error names the pattern and says what is wrong with it."""
    with pytest.raises(ValueError, match=f"redaction pattern {re.escape(repr(pattern))} {reason}"):
        build(patterns=("fine", pattern))


def test_an_empty_match_that_the_start_did_not_foresee_redacts_nothing() -> None:
    """A pattern that matches the empty string only in some texts puts no token between characters there."""
    assert build((), patterns=("(?=q)",)).text("quiet queue") == "quiet queue"


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_takes_linear_time(unit: str) -> None:
    """Sixteen times the text takes far less than 256 times as long, with every rule on."""
    redactor = build(RULE_NAMES)
    check_linear(lambda characters: redactor.text((unit * (characters // len(unit) + 1))[:characters]), 4_000)


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_settles_in_two_passes(unit: str) -> None:
    """Redacting hostile text, cut anywhere, changes nothing more after the second pass."""
    redactor = build(RULE_NAMES)
    for cut in range(len(unit)):
        text = unit * 40 + unit[:cut]
        once, _ = redactor._pass([text])
        twice, _ = redactor._pass([once.get(0, text)])
        assert not redactor._pass([twice.get(0, once.get(0, text))])[0]


def test_a_plus_that_is_a_space_is_one_in_every_pass() -> None:
    """A form is still read as a form after a first pass, so that a second rule finds its number there."""
    text = "=DE89370400440532013000+44 20 7946 0018+"
    assert build(RULE_NAMES).text(text * 2) == "=[REDACTED][REDACTED]+" * 2
