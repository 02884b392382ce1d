"""Clients of hosted services: where their logs are in the body, which other data is kept, and the answers."""

import gzip
import json
from typing import Any

import pytest

from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import event


def _stored(ingest: Ingest) -> list[tuple[Any, ...]]:
    return [(m.text, m.event_at, m.severity, m.fields) for m in ingest.enqueued]


@pytest.mark.parametrize(
    ("path", "body", "logs"),
    [
        ("/inputs/k", "two\nlines", [("two\nlines", None, None, None)]),
        ("/bulk/k/tag/a,b", 'one\r\n\n{"msg":"two"}\n{broken', [
            ("one", None, None, {"_tag": "a,b"}),
            ("two", None, None, {"_tag": "a,b"}),
            ("{broken", None, None, {"_tag": "a,b"}),
        ]),
        ("/inputs/k/tag/a,b/", "one", [("one", None, None, {"_tag": "a,b"})]),
        ("/1/events/shop", '{"message":"m","level":"warn"}', [
            ("m", None, "warn", {"level": "warn", "_dataset": "shop"}),
        ]),
        ("/1/batch/shop", '[{"data":{"a":1}},{"data":"x"}]', [
            ('{"a":1}', None, None, {"data": {"a": 1}, "_dataset": "shop"}),
        ]),
        (
            "/api/v1/ingest/humio-unstructured",
            '[{"type":"kv","fields":{"host":"h"},"messages":["a","b"]}]',
            [(text, None, None, {"type": "kv", "fields": {"host": "h"}}) for text in "ab"],
        ),
        (
            "/api/v1/ingest/humio-structured",
            '[{"tags":{"t":"1"},"events":[{"timestamp":1764000000123,"attributes":{"message":"m","level":"error"}}]}]',
            [(
                "m",
                "2025-11-24T16:00:00.123Z",
                "error",
                {"timestamp": 1764000000123, "attributes": {"message": "m", "level": "error"}, "tags": {"t": "1"}},
            )],
        ),
        ("/receiver/v1/http/k", '{"message":"m"}\nline', [("m", None, None, None), ("line", None, None, None)]),
        ("/logs/ingest", '{"ls":[{"line":"","level":"ERROR"}]}', [("", None, "error", {"level": "ERROR"})]),
        ("/api/v1/logs", '{"privateKey":"k","logEntries":[{"text":"t","privateKey":"own"}]}', [
            ("t", None, None, {"privateKey": "own"}),  # The log's own member stays.
        ]),
        ("/api/v1/logs", '{"a":1,"logEntries":[{"text":"t","severity":99}]}', [
            ("t", None, None, {"severity": 99, "a": 1}),
        ]),
        ("/api/v1/ingest/hec", '{"event":"e","time":1764000000.5}', [
            ("e", "2025-11-24T16:00:00.5Z", None, {"time": 1764000000.5}),
        ]),
    ],
)  # fmt: skip
def test_logs_are_found(path: str, body: str, logs: list[tuple[Any, ...]], ingest: Ingest) -> None:
    """Each log is found with its time, severity and fields, and with the members of its envelope."""
    assert ingest(event(body, path=path))["statusCode"] == 200
    assert _stored(ingest) == logs


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/logs/ingest", '{"rows":[]}'),
        ("/logs/ingest", '{"lines":{}}'),
        ("/logs", "[7]"),
        ("/api/v1/logs", "nonsense"),
        ("/1/batch/shop", '[{"data":"x"}]'),
        ("/logs/ingest", '{"a":1,"lines":[{"line":"x","a":2}]}'),
    ],
)
def test_what_is_none_of_theirs_is_refused(path: str, body: str, ingest: Ingest) -> None:
    """A body of another shape is refused, and so is a log whose member differs from the envelope's of that name."""
    answer = ingest(event(body, path=path))
    assert (answer["statusCode"], json.loads(answer["body"])["status"]) == (400, "error")
    assert ingest.enqueued == []


def test_honeycomb_is_told_of_each_event(ingest: Ingest) -> None:
    """Honeycomb's clients get one status for each event, in order."""
    body = json.dumps([{"data": {"message": "a"}}, {"data": None}, {"data": {"message": "b"}}])
    said = json.loads(ingest(event(body, path="/1/batch/shop"))["body"])
    assert [one["status"] for one in said] == [202, 400, 202]


@pytest.mark.parametrize(("header", "path"), [("apikey", "/logs/ingest"), ("X-Honeycomb-Team", "/1/batch/shop")])
def test_their_keys_are_read(header: str, path: str, ingest: Ingest) -> None:
    """A key is read from the header that a service's client sets, or from the path."""
    ingest.with_settings(authentication="api_key", access_table_name="access")
    body = '{"lines":[]}' if path == "/logs/ingest" else "[]"
    assert ingest(event(body, path=path, headers={header: "acme-key"}))["statusCode"] == 200
    assert ingest(event("x", path="/bulk/acme-key"))["statusCode"] == 200
    assert ingest(event("x", path="/bulk/nobody"))["statusCode"] == 401


@pytest.mark.parametrize(
    ("path", "headers", "query", "fields"),
    [
        ("/inputs/k", {"X-LOGGLY-TAG": "a,b"}, {}, {"_tag": "a,b"}),
        ("/inputs/k/tag/c/", {"X-LOGGLY-TAG": "a,b"}, {}, {"_tag": "c,a,b"}),
        (
            "/1/events/shop",
            {"X-Honeycomb-Event-Time": "2026-01-01T00:00:00Z", "X-Honeycomb-Samplerate": "7"},
            {},
            {"_dataset": "shop", "_time": "2026-01-01T00:00:00Z", "_samplerate": "7"},
        ),
        ("/v1/ingest/shop", {"X-Axiom-Event-Labels": '{"a":1}'}, {}, {"_dataset": "shop", "_labels": {"a": 1}}),
        ("/logs", {}, {"source": "s", "source_name": "n"}, {"_source": "s", "_source_name": "n"}),
        ("/v1/ingest/shop", {"X-Axiom-Event-Labels": "none"}, {}, {"_dataset": "shop", "_labels": "none"}),
    ],
)
def test_what_stands_in_headers_and_query_is_kept(
    path: str, headers: dict[str, str], query: dict[str, str], fields: dict[str, Any], ingest: Ingest
) -> None:
    """Tags, labels, time, sample rate and source from headers and query are stored as fields."""
    body = '{"batch":[{"message":"m"}]}' if path == "/logs" else '{"message":"m"}'
    assert ingest(event(body, path=path, headers=headers, query=query))["statusCode"] == 200
    (message,) = ingest.enqueued
    assert (message.text, message.fields) == ("m", fields)


@pytest.mark.parametrize("name", ["Api-Key", "apikey"])
def test_their_keys_are_read_from_the_query(name: str, ingest: Ingest) -> None:
    """A key is read from the query, for senders that cannot set a header."""
    ingest.with_settings(authentication="api_key", access_table_name="access")
    path = "/log/v1" if name == "Api-Key" else "/logs/ingest"
    body = '[{"message":"m"}]' if path == "/log/v1" else '{"lines":[{"line":"m"}]}'
    assert ingest(event(body, path=path, query={name: "acme-key"}))["statusCode"] in {200, 202}
    assert ingest(event(body, path=path, query={name: "nobody"}))["statusCode"] == 401
    assert "acme-key" not in "".join(ingest.sqs.bodies)


def test_a_token_among_a_gelf_message_s_members_is_not_stored(ingest: Ingest) -> None:
    """The credential that OVH's clients put into a GELF message is not stored."""
    assert ingest(event('{"short_message":"m","_X-OVH-TOKEN":"k","_a":1}', path="/gelf"))["statusCode"] == 202
    assert [message.fields for message in ingest.enqueued] == [{"_a": 1}]


def test_new_relic_s_gzip_needs_no_encoding(ingest: Ingest) -> None:
    """A body of type application/gzip is inflated without Content-Encoding, and refused if it is cut short."""
    packed = gzip.compress(b'[{"message":"m"}]')
    assert ingest(event(packed, "application/gzip", path="/log/v1"))["statusCode"] == 202
    assert ingest(event(packed[:-4], "application/gzip", path="/log/v1"))["statusCode"] == 400
    assert [message.text for message in ingest.enqueued] == ["m"]
