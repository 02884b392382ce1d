"""Which logs match a search."""

from typing import Literal
from unicodedata import normalize

import pytest
from msgspec.structs import replace

from consumer.query.ask import Ask, is_filtered, least_grave, takes
from tests.unit.consumer.query.memory_table import TENANT, log

_Form = Literal["NFC", "NFD"]


def _takes(text: str, **filters: object) -> bool:
    return takes(Ask(tenant_id=TENANT, **filters), log(1, 0, text))  # type: ignore[arg-type] # each test's own


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("typed", ["NFC", "NFD"])
@pytest.mark.parametrize(("text", "word"), [("Café zu", "café"), ("CAFÉ", "Fé"), ("ÅNGSTRÖM", "ström"), ("한글", "한")])
def test_composed_and_decomposed_letters_are_the_same(form: _Form, typed: _Form, text: str, word: str) -> None:
    """A search matches composed and decomposed letters alike, as a Mac's file names are decomposed."""
    assert _takes(normalize(form, text), contains=(normalize(typed, word),))
    assert not _takes(normalize(form, text), lacks=(normalize(typed, word),))
    assert not _takes(normalize(form, text), contains=("xyz",))


def test_what_a_text_must_not_hold() -> None:
    """A log is left out if its text has one of the unwanted words, in any case; such a filter also works alone."""
    assert not _takes("GET /health 200", lacks=("Health",))
    assert not _takes("GET /health 200", contains=("get",), lacks=("nope", "200"))
    assert _takes("GET /", contains=("get",), lacks=("health",))
    assert is_filtered(Ask(tenant_id=TENANT, lacks=("x",)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("http.request.method", "GET"),
        ("k8s.pod.name", "shop-1"),
        ("k8s.pod.labels.app", "shop"),
        ("labels.app.kubernetes.io/name", "shop"),
        ("errors.0.code", "7"),
        ("flat", "true"),
        ("both.x", "outer"),
        ("both.x", "inner"),
        ("ros\u00e9", "caf\u00e9"),
    ],
)
def test_a_field_is_found_by_its_way_through_dots(name: str, value: str) -> None:
    """In a field's path, a dot is part of a name or leads into an object, and a number is a position in a list."""
    item = replace(
        log(1),
        fields={
            "http": {"request": {"method": "GET"}},
            "k8s.pod": {"name": "shop-1", "labels": {"app": "shop"}},
            "labels": {"app.kubernetes.io/name": "shop"},
            "errors": [{"code": 7}],
            "flat": True,
            "both.x": "outer",
            "both": {"x": "inner"},
            "ros\u00e9": "cafe\u0301",
        },
    )
    assert takes(Ask(tenant_id=TENANT, fields=((name, value),)), item)
    assert not takes(Ask(tenant_id=TENANT, not_fields=((name, value),)), item)
    assert not takes(Ask(tenant_id=TENANT, fields=((name, f"{value}!"),)), item)
    assert not takes(Ask(tenant_id=TENANT, fields=((f"{name}.more", value),)), item)


def test_a_field_is_found_by_the_name_that_a_whole_log_shows() -> None:
    """`fields.` before a name changes nothing, and a field that is really called `fields` is found, too."""
    item = replace(log(1), fields={"level": "info", "fields": {"code": 7}})
    for name, value in (("level", "info"), ("fields.level", "info"), ("fields.code", "7"), ("fields.fields.code", "7")):
        assert takes(Ask(tenant_id=TENANT, fields=((name, value),)), item)
        assert not takes(Ask(tenant_id=TENANT, not_fields=((name, value),)), item)
    assert not takes(Ask(tenant_id=TENANT, fields=(("fields.fields.level", "info"),)), item)


def test_what_no_field_may_be() -> None:
    """A log is left out if the field has an unwanted value; a log without the field, or without any, is kept."""
    item = replace(log(1), fields={"code": 500, "path": "/health"})
    ask = Ask(tenant_id=TENANT, not_fields=(("code", "200"), ("path", "/health")))
    assert not takes(ask, item)
    assert takes(replace(ask, not_fields=(("code", "200"), ("user", "bob"))), item)
    assert takes(ask, log(1))
    assert not takes(replace(ask, fields=(("code", "500"),)), item)
    assert is_filtered(ask)


@pytest.mark.parametrize(("said", "severity"), [("warn", "warn"), ("WARNING", "warn"), ("4", "warn"), ("50", "error")])
def test_a_least_severity_is_any_logger_s_word_or_number(said: str, severity: str) -> None:
    """The least severity may be given in any word or number that logs use."""
    assert least_grave(said) == severity
    with pytest.raises(ValueError, match="one of trace, debug"):
        least_grave("loud")
