"""The JSON shapes that clients send."""

import logging
import logging.handlers
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from ingest.api.dialect import Record, Records
from ingest.api.dialects.plain import read
from ingest.api.kinds import NDJSON_TYPES
from ingest.api.parse import MAX_RECORDS
from ingest.api.request import Request
from ingest.contract.errors import Rejected
from tests.linear import check_linear

A, B = Record("a", fields={}), Record("b", fields={})


def _read(body: bytes, content_type: str = "application/json", charset: str = "utf-8") -> Records:
    return read(Request({"content-type": f"{content_type}; charset={charset}"}, {}, body))


def _lone(record: Record) -> Records:
    return Records([record], is_batch=False, source="json_upload")


def _batch(*records: Record, tenant_id: str | None = None) -> Records:
    return Records(list(records), is_batch=True, source="json_upload", tenant_id=tenant_id)


def _reason(body: bytes, content_type: str = "application/json", charset: str = "utf-8") -> str:
    with pytest.raises(Rejected) as caught:
        _read(body, content_type, charset)
    return caught.value.reason


def _shown(records: Sequence[Record | Rejected]) -> list[Record | str]:
    return [record.reason if isinstance(record, Rejected) else record for record in records]


@pytest.mark.parametrize(
    ("body", "record"),
    [(b'{"text":"a"}', A), (b' {"text":"a"}\r\n', A), (b'"a"', Record("a")), (b"7", "invalid_record")],
)
def test_lone_value_is_no_batch(body: bytes, record: Record | str) -> None:
    """One JSON value, with or without white space around it, is one record with the answer of a single log."""
    found = _read(body)
    assert (_shown(found.records), found.is_batch) == ([record], False)


@pytest.mark.parametrize("content_type", ["application/json", ""])
def test_array_is_a_batch(content_type: str) -> None:
    """A JSON array is a batch of its elements, in order."""
    assert _read(b'[{"text":"a"}, {"text":"b"}]', content_type) == _batch(A, B)


def test_empty_array_is_a_batch_of_none() -> None:
    """An empty array is valid JSON: a batch without records."""
    assert _read(b"[]") == _batch()


def test_envelope_is_a_batch_of_its_logs() -> None:
    """`{"logs": [...]}`, as pino-http-send sends it, is a batch."""
    assert _read(b'{"logs":[{"text":"a"},{"text":"b"}]}') == _batch(A, B)


def test_envelope_may_name_the_tenant() -> None:
    """An envelope may name the tenant beside its logs."""
    assert _read(b'{"tenant_id":"acme","logs":[{"text":"a"}]}') == _batch(A, tenant_id="acme")


@pytest.mark.parametrize("body", [b'{"text":"a","logs":["x"]}', b'{"logs":["x"],"source":"s"}', b'{"logs":{"a":1}}'])
def test_record_with_a_field_named_logs_is_no_envelope(body: bytes) -> None:
    """An object that has more than `logs` and the tenant is a record, so that its other members are not lost."""
    assert _read(body).is_batch is False


@pytest.mark.parametrize("content_type", [*sorted(NDJSON_TYPES), "application/json", ""])
@pytest.mark.parametrize(
    "body",
    [
        b'{"text":"a"}\n{"text":"b"}',
        b'{"text":"a"}\n{"text":"b"}\n',
        b'{"text":"a"}\r\n\r\n{"text":"b"}\r\n\n',
        b'{"text":"a"}{"text":"b"}',
        b'{"text":"a"} {"text":"b"}',
        b'{\n"text":"a"\n}\n{\n"text":"b"\n}',
        b'\xef\xbb\xbf{"text":"a"}\n{"text":"b"}',
    ],
)
def test_lines_and_concatenated_objects_are_a_batch(body: bytes, content_type: str) -> None:
    """Lines of NDJSON, and objects one after another or pretty-printed, are a batch under each media type."""
    assert _read(body, content_type) == _batch(A, B)


@pytest.mark.parametrize("content_type", sorted(NDJSON_TYPES))
def test_one_line_of_ndjson_is_a_batch(content_type: str) -> None:
    """One log under an NDJSON media type is answered as a batch, because the client expects one."""
    assert _read(b'{"text":"a"}\n', content_type) == _batch(A)


@pytest.mark.parametrize("body", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_ndjson_without_lines_is_a_batch_of_none(body: bytes) -> None:
    """An empty NDJSON body holds no records."""
    assert _read(body, "application/x-ndjson") == _batch()


@pytest.mark.parametrize("body", [b'\xef\xbb\xbf{"text":"a"}', b'\xef\xbb\xbf\n{"text":"a"}'])
def test_byte_order_mark_is_ignored(body: bytes) -> None:
    """A BOM before JSON is ignored (RFC 8259, section 8.1)."""
    assert _read(body).records == [A]
    assert _read(body, "").records == [A]


@pytest.mark.parametrize("broken", [b"{", b"nonsense", b'{"text":"\xff"}', b"[" * 100_000, b'{"text":"\\ud800"}'])
def test_broken_line_stands_as_invalid_json_among_its_neighbours(broken: bytes) -> None:
    """A bad line of NDJSON does not affect its neighbours, wherever it is."""
    for lines in ([broken, b'{"text":"a"}', b'{"text":"b"}'], [b'{"text":"a"}', broken, b'{"text":"b"}']):
        records = _read(b"\n".join(lines), "application/x-ndjson").records
        expected = ["invalid_json" if line is broken else A if b'"a"' in line else B for line in lines]
        assert _shown(records) == expected


def test_broken_line_after_a_good_one_under_application_json() -> None:
    """A broken line of NDJSON sent as application/json does not affect the good lines."""
    assert _shown(_read(b'{"text":"a"}\n{oops\n{"text":"b"}').records) == [A, "invalid_json", B]


@pytest.mark.parametrize("flawed", [b'{"text":"\\ud83d"}', b'{"text":"\xff"}', b'{"n":1e99999999999999999999}'])
@pytest.mark.parametrize("between", [b"\n", b"", b" "])
@pytest.mark.parametrize("content_type", ["application/json", ""])
def test_a_flawed_first_line_under_application_json(flawed: bytes, between: bytes, content_type: str) -> None:
    """The first of several objects costs only itself, too, if it holds half an emoji, as JSON.stringify writes one."""
    body = between.join([flawed, b'{"text":"a"}', b'{"text":"b"}'])
    assert _shown(_read(body, content_type).records) == ["invalid_json", A, B]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  \n ",
        b"not json",
        b"{",
        b'{"text":"a"',
        b'{"text":"a"} trailing',
        b'[{"text":"a"},]',
        b'[\n{"text":"a"},\n{"text":"b"}\n',
        b'{\n"text":"\\ud83d"\n}\n{"text":"b"}',
        b'{"text":"\\ud83d"}\n{"text":"\\ud83d"}',
        b"{'text': 'a'}",
        b'{"text":"a" "b"}',
        b'{"text":"\xff\xfe"}',
        b'{"text":"\xc0\xaf"}',
        b'{"text":"a\x00b"}',
        b'{"text":"\\ud800"}',
        b'{"n":NaN}',
        b'{"n":1e99999999999999999999}',
        b'{"n":' + b"1" * 6_000 + b"}",
        '{"text":"a"}'.encode("utf-16"),
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    ],
)
def test_invalid_json(body: bytes) -> None:
    """A body in which nothing can be read is refused whole, whatever is wrong with it."""
    assert _reason(body) == "invalid_json"


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "multipart/form-data",
        "json",
        "*/*",
        "application/xml",
        "application/octet-stream",
        "image/svg+json",
    ],
)
def test_unsupported_content_type(content_type: str) -> None:
    """A media type outside the list is refused even when the body is JSON."""
    assert _reason(b'{"text":"a"}', content_type) == "unsupported_content_type"


@pytest.mark.parametrize(
    "content_type",
    ["text/json", "application/vnd.acme.log+json", "application/problem+json", "application/x-json", "TEXT/JSON"],
)
def test_json_under_its_other_names(content_type: str) -> None:
    """JSON is accepted under the media types with the suffix of RFC 6839 and under its older names."""
    assert _read(b'{"text":"a"}', content_type) == _lone(A)
    assert _read(b'[{"text":"a"},{"text":"b"}]', content_type) == _batch(A, B)
    assert _reason(b"plain text", content_type) == "invalid_json"


_FORM_TYPE = "application/x-www-form-urlencoded"
_GUESSED = pytest.mark.parametrize("content_type", ["", _FORM_TYPE])


@_GUESSED
@pytest.mark.parametrize(
    "text",
    [
        "",
        "plain text",
        '"a"',
        "7",
        "a=b&c=d",
        "text",
        "msg=a b",
        "msg=a&msg=b",
        "msg=%ff",
        "msg=a&",
        "msg=a&b",
        "&msg=a",
        "=a",
        "msg=a=b",
        "msg=é",
        'msg="a"',
        "[2026-11-24 05:40:00] INFO started",
        "[",
        "2026-11-24 INFO user=bob msg=hello\n",
        "line one\nline two\n",
        "\x00",
    ],
)
def test_a_body_of_no_or_a_forms_type_is_a_text(content_type: str, text: str) -> None:
    """A body without a type, or with a form's, that is neither JSON nor a form is the text of one log, unchanged."""
    found = _read(text.encode(), content_type)
    assert found == Records([Record(text)], is_batch=False, source="text_upload")


@_GUESSED
def test_json_of_no_or_a_forms_type(content_type: str) -> None:
    """JSON is read as JSON without a type or with a form's type, which `curl -d` sends."""
    assert _read(b' \n{"text":"a"}', content_type) == _lone(A)
    assert _read(b'\xef\xbb\xbf[{"text":"a"},{"text":"b"}]', content_type) == _batch(A, B)
    assert _read(b'{"text":"a"}\n{"text":"b"}\n', content_type) == _batch(A, B)
    assert _reason(b'{"text":"a"', content_type) == "invalid_json"


@_GUESSED
def test_a_form_is_a_record(content_type: str) -> None:
    """A form, as Python's `HTTPHandler` sends it, is a record whose members are all texts."""
    body = b"name=shop&msg=50+%25+of+%C3%A9%26%3D&levelname=WARNING&created=1795833917.4722352&x=&tenant_id=acme"
    fields = {"name": "shop", "levelname": "WARNING", "created": "1795833917.4722352", "x": ""}
    record = Record("50 % of é&=", "acme", None, fields, "2026-11-28T02:45:17.4722352Z", "warn")
    assert _read(body, content_type) == _lone(record)


def test_the_handler_of_the_page_sends_what_was_logged() -> None:
    """The logging handler in API.md sends text with its arguments, level and time."""
    page = (Path(__file__).parents[5] / "ingest" / "API.md").read_text()
    (block,) = re.findall(r"^```python\n(import logging\n.*?)^\n\nlogging\.", page, re.MULTILINE | re.DOTALL)
    made: dict[str, Any] = {"logging": logging}
    exec(block, made)  # noqa: S102 - the page's own code is what is tested
    log = logging.LogRecord("shop", logging.ERROR, "shop.py", 7, "card of %s declined", ("Ada",), None)
    handler: logging.handlers.HTTPHandler = made["Handler"]("127.0.0.1:8080", "/ingest?tenant_id=acme", method="POST")
    (record,) = _read(urlencode(handler.mapLogRecord(log)).encode(), _FORM_TYPE).records
    assert isinstance(record, Record)
    assert (record.text, record.severity) == ("card of Ada declined", "error")
    assert record.event_at is not None
    assert record.fields == {"level": "ERROR", "time": str(log.created), "logger": "shop"}


@_GUESSED
def test_invalid_encoding_of_a_guessed_text(content_type: str) -> None:
    """A body that is guessed to be text must be UTF-8, unless its charset says otherwise."""
    assert _reason(b"caf\xe9", content_type) == "invalid_encoding"
    assert _read(b"caf\xe9", content_type, "latin-1").records == [Record("café")]


@pytest.mark.parametrize(
    ("first", "repeated"),
    [(b"", b"a="), (b"", b"a=b&"), (b"", b"a"), (b"a=", b"%"), (b"a=", b"%41"), (b"a=", b"%41%"), (b"", b"&")],
)
def test_a_hostile_form_is_looked_at_once(first: bytes, repeated: bytes) -> None:
    """The time to read a hostile form grows linearly with its length."""

    def look(repeats: int) -> None:
        assert _read(first + repeated * repeats, _FORM_TYPE).source == "text_upload"

    check_linear(look, 30_000)


@pytest.mark.parametrize(("fields", "source"), [(1_000, "json_upload"), (1_001, "text_upload")])
def test_a_form_has_as_many_members_as_a_log(fields: int, source: str) -> None:
    """A form of more fields than a log may have is a text: ten megabytes of `a=b&`, read as a form, took 650 MB."""
    body = "text=a&tenant_id=acme&log_id=7&" + "&".join([f"k{i}=" for i in range(fields)])
    assert _read(body.encode(), _FORM_TYPE).source == source


def test_what_is_no_escape_of_a_form_stays() -> None:
    """An invalid escape stays as it is, as in `parse_qsl`; if a form decodes to invalid UTF-8, the body is a text."""
    assert _read(b"msg=50%&x=%4&y=%zz&z=%c3%A9", _FORM_TYPE) == _lone(
        Record("50%", fields={"x": "%4", "y": "%zz", "z": "é"})
    )
    assert _read(b"msg=%E9", _FORM_TYPE).records == [Record("msg=%E9")]


@pytest.mark.parametrize("charset", ["utf-16", "latin-1", "ebcdic", ""])
def test_invalid_encoding_of_json(charset: str) -> None:
    """JSON that is not UTF-8 is refused (RFC 8259, section 8.1)."""
    assert _reason(b'{"text":"a"}', charset=charset) == "invalid_encoding"


@pytest.mark.parametrize("charset", ["utf-8", "utf8", "us-ascii"])
def test_utf8_and_its_subset_are_taken(charset: str) -> None:
    """JSON is accepted under each name of UTF-8 and of ASCII."""
    assert _read(b'{"text":"a"}', charset=charset).records == [A]


def test_last_of_duplicate_keys_wins() -> None:
    """Of a member that occurs twice the last value counts, as in most parsers, and it is no error."""
    assert _read(b'{"text":"first","text":"last"}').records == [Record("last", fields={})]


def test_reading_broken_lines_stops_beyond_the_limit() -> None:
    """Reading of broken lines stops after the limit of records, because the request is refused anyway."""
    assert len(_read(b"x\n" * 500_000, "application/x-ndjson").records) == MAX_RECORDS + 1
