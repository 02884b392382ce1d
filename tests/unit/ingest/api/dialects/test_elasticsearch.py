"""Elasticsearch's bulk API and single documents, its errors, and the requests with which its clients begin."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ingest.contract.errors import WHY
from tests.unit.ingest.conftest import Ingest
from tests.unit.ingest.fakes import event, take_all

_NDJSON = "application/x-ndjson"
_HANDSHAKES = [
    *(("GET", "/"), ("HEAD", "/"), ("GET", "/_license"), ("GET", "/_cluster/health"), ("GET", "/_nodes/http")),
    *(
        ("GET", "/_ilm/policy/filebeat"),
        ("HEAD", "/_index_template/filebeat-8.1.3"),
        ("HEAD", "/a"),
        ("GET", "/a/_refresh"),
    ),
    *(
        ("PUT", "/_ilm/policy/x"),
        ("PUT", "/_index_template/x"),
        ("PUT", "/_ingest/pipeline/x"),
        ("GET", "/_data_stream/x"),
    ),
]


def _bulk(*lines: Any) -> str:
    return "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)


def _said(answer: dict[str, Any]) -> Any:
    assert answer["headers"]["x-elastic-product"] == "Elasticsearch"
    return json.loads(answer["body"])


def _statuses(answer: dict[str, Any]) -> list[tuple[str, int]]:
    said = _said(answer)
    items = [(name, item["status"]) for entry in said["items"] for name, item in entry.items()]
    assert said["errors"] == any(status != 201 for _, status in items)
    return items


def _take_ten(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Take the first ten logs of a request, by their positions; refuse the others for good."""
    refused = [entry for entry in entries if int(entry["Id"]) >= 10]
    failed = [{"Id": entry["Id"], "Code": "C", "SenderFault": True} for entry in refused]
    return take_all([entry for entry in entries if entry not in refused]) | {"Failed": failed}


def test_each_document_has_its_item(ingest: Ingest) -> None:
    """Each action has an item under its name, in order, and a refused document does not affect the others."""
    body = _bulk(
        {"index": {"_index": "a", "_id": "id-1"}},
        {"message": "one"},
        {"create": {}, "attempts": 3},
        "not json",
        {"delete": {"_index": "a", "_id": "id-1"}},
        {"update": {"_id": "id-1"}},
        {"doc": {"message": "x"}},
        "",
        {"create": {"_id": "with space"}},
        {"message": "two"},
        {"create": {"_id": 7}},
        {"msg": "three", "_type": "kept"},
        {"index": {}},
        {"message": "four", "_index": "theirs"},
        {"index": {}},
        ["no", "object"],
        {"index": {"_index": 2**64}},
        {"message": "five"},
        {"index": {"_id": {}}},
        {"message": "six"},
        {"index": "b"},
        {"message": "seven"},
        {"index": {"_index": "b"}},
    )
    answer = ingest(event(body, _NDJSON, path="/default/_bulk"))
    assert answer["statusCode"] == 200
    assert _statuses(answer) == [
        ("index", 201),
        ("create", 400),
        ("delete", 400),
        ("update", 400),
        ("create", 400),
        ("create", 201),
        *[("index", 400)] * 6,
    ]
    items = [next(iter(entry.values())) for entry in _said(answer)["items"]]
    assert [(item["_index"], item["_id"]) for item in (items[0], items[5])] == [("a", "id-1"), ("default", "7")]
    assert "invalid_log_id" in items[4]["error"]["reason"]
    assert [(m.log_id, m.text, m.fields) for m in ingest.enqueued] == [
        ("id-1", "one", {"_index": "a"}),
        ("7", "three", {"_type": "kept", "_index": "default"}),
    ]


def test_a_document_of_the_same_id_again_is_a_success(ingest: Ingest) -> None:
    """A document that is sent a second time gets the same answer as at first, and no 409."""
    body = _bulk({"create": {"_id": "id-1"}}, {"message": "one"})
    assert _said(ingest(event(body, _NDJSON, path="/_bulk"))) == _said(ingest(event(body, _NDJSON, path="/_bulk")))
    assert {message.log_id for message in ingest.enqueued} == {"id-1"}


def test_what_the_queue_did_not_take_is_a_429_of_its_own(ingest: Ingest) -> None:
    """A document that the queue did not take has status 429 in its item; if none was taken, the answer is a 503."""
    body = "".join(_bulk({"create": {}}, {"message": str(i)}) for i in range(12))
    ingest.sqs.always = _take_ten
    answer = ingest(event(body, _NDJSON, path="/_bulk"))
    assert answer["statusCode"] == 200
    assert _statuses(answer) == [("create", 201)] * 10 + [("create", 429)] * 2
    ingest.sqs.always = ClientError({"Error": {"Code": "AccessDenied"}}, "SendMessageBatch")
    answer = ingest(event(body, _NDJSON, path="/_bulk"))
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")
    assert (_said(answer)["status"], _said(answer)["error"]["type"]) == (503, "unavailable_shards_exception")


@pytest.mark.parametrize("agent", ["Fluent-Bit", "syslog-ng 3.38.1/libcurl 7.88.1"])
def test_who_looks_at_no_item_sends_the_whole_again(agent: str, ingest: Ingest) -> None:
    """Clients that ignore items get a 503 if the queue did not take a log, and a 200 if a log is refused for good."""
    body = "".join(_bulk({"create": {}}, {"message": str(i)}) for i in range(12))
    headers = {"user-agent": agent}
    ingest.sqs.always = _take_ten
    assert ingest(event(body, _NDJSON, path="/_bulk", headers=headers))["statusCode"] == 503
    ingest.sqs.always = take_all
    answer = ingest(
        event(_bulk({"create": {}}, {"message": "a"}, {"delete": {}}), _NDJSON, path="/_bulk", headers=headers)
    )
    assert _statuses(answer) == [("create", 201), ("delete", 400)]


@pytest.mark.parametrize(
    "body", ["", "{", '"index"\n{}\n', '{"message":"a"}\n{"message":"b"}\n', "{}\n{}\n", '{"create":{}}\n{"a":1}\n7\n']
)
def test_a_body_without_actions_is_refused_whole(body: str, ingest: Ingest) -> None:
    """A body whose documents cannot be told from actions is refused whole with an Elasticsearch error."""
    answer = ingest(event(body, _NDJSON, path="/_bulk"))
    error = _said(answer)["error"]
    assert (answer["statusCode"], _said(answer)["status"], ingest.enqueued) == (400, 400, [])
    assert error["root_cause"] == [{"type": error["type"], "reason": error["reason"]}]
    assert error["reason"].partition(":")[0] in WHY


def test_thousands_of_long_ids_are_answered(ingest: Ingest) -> None:
    """If the answer would be too large for Lambda, each item has only its status, which is what clients read."""
    pairs = [line for i in range(9_000) for line in ({"create": {"_id": f"{i:0>5}" + '"' * 250}}, {"message": "x"})]
    answer = ingest(event(_bulk(*pairs), _NDJSON, path="/_bulk"))
    items = _said(answer)["items"]
    assert len(items) == 9_000
    assert [item for item in items if item != {"create": {"status": 201}}] == []  # Not ==: its report takes hours.


@pytest.mark.parametrize(
    ("method", "path", "log_id"),
    [
        ("POST", "/system/events", None),
        ("POST", "/logs/events", None),
        ("POST", "/shop/doc", None),
        ("POST", "/a/_doc", None),
        ("PUT", "/a/_doc/i", "i"),
        ("POST", "/a/_create/i", "i"),
    ],
)
def test_a_single_document(method: str, path: str, log_id: str | None, ingest: Ingest) -> None:
    """A single document is answered by 201 with its index and id, and a refused one by 400."""
    body = '{"@timestamp":"2026-11-24T05:40:00","message":"m"}'
    answer = ingest(event(body, "application/json; charset=utf-8", path=path, method=method))
    (message,) = ingest.enqueued
    assert (answer["statusCode"], _said(answer)["_id"], _said(answer)["_index"]) == (
        201,
        message.log_id,
        path.split("/")[1],
    )
    assert (message.event_at, log_id or message.log_id) == ("2026-11-24T05:40:00Z", message.log_id)
    assert ingest(event("7", path=path, method=method))["statusCode"] == 400


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/metrics", "/api/traces", "/a/_search", "/_a/b", "/a/b/_doc"])
def test_other_paths_are_no_index_s(path: str, ingest: Ingest) -> None:
    """A path of another API is a 404, so that a trace sent here by mistake is not stored as a log."""
    assert ingest(event('{"resourceSpans":[]}', path=path))["statusCode"] == 404


@pytest.mark.parametrize(("method", "path"), _HANDSHAKES)
def test_handshakes(method: str, path: str, ingest: Ingest) -> None:
    """A first request gets an answer with the product's name, and nothing is stored; a HEAD has no body."""
    answer = ingest(event(None, path=path, method=method))
    assert (answer["statusCode"], answer["headers"]["x-elastic-product"]) == (200, "Elasticsearch")
    assert (answer["body"] == "") == (method == "HEAD")
    assert (ingest.enqueued, ingest.written) == ([], [])


@pytest.mark.parametrize(
    ("agent", "number"),
    [
        ("", "8.13.0"),
        ("Elastic-filebeat/8.1.3 (linux; amd64)", "8.13.0"),
        ("Elastic-filebeat/9.2.1 (linux; amd64)", "9.2.1"),
        ("elasticsearch-py/7.17.13 (Python 3.11.7)", "8.13.0"),
        ("elasticsearch-js/9.4.3 (linux)", "9.4.3"),
        ("opensearch-py/3.2.0 (Python 3.11.7)", "2.19.0"),
        ("elastic-x/9999.1.1", "8.13.0"),
    ],
)
def test_the_version_is_not_below_the_client_s(agent: str, number: str, ingest: Ingest) -> None:
    """The server's version is at least the client's, as Filebeat requires; OpenSearch's clients see OpenSearch."""
    version = _said(ingest(event(None, path="/", method="GET", headers={"user-agent": agent})))["version"]
    assert (version["number"], version.get("distribution")) == (number, "opensearch" if "opensearch" in agent else None)


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"host": "logs.example.com"}, "logs.example.com:443"),
        ({"host": "logs.example.com", "x-forwarded-proto": "http"}, "logs.example.com:80"),
        ({"host": "127.0.0.1:4566"}, "127.0.0.1:4566"),
        ({"host": "[::1]"}, "[::1]:443"),
    ],
)
def test_a_client_that_sniffs_comes_back(headers: dict[str, str], address: str, ingest: Ingest) -> None:
    """A client that asks for the nodes is told of one node, at the address that it used."""
    nodes = _said(ingest(event(None, path="/_nodes/http", method="GET", headers=headers)))["nodes"]
    assert [node["http"]["publish_address"] for node in nodes.values()] == [address]


@pytest.mark.parametrize(
    "document",
    [
        '{"message":"x"} {"b":}',
        '{"message":"x"} [1',
        '{"message":"x',
        '{"message":"say "hi" there"}',
        '{"message":"a"b":{"c"}} {"x"',
        '{"message":"C:\\"}',
        '"text"',
        "1",
        "null",
        '[{"message":"x"}]',
        "",
        '{"message":"x"}{"message":"y"}',
        '{"message":"x"}{"create":{}}',
        '{"message":"two\nlines"}',
        '{\n  "message": "x"\n}',
    ],
)
def test_a_broken_document_is_refused_alone(document: str, ingest: Ingest) -> None:
    """A document that is broken in any way has status 400, and its neighbours have 201."""
    body = _bulk({"create": {}}, {"message": "a"}, {"create": {}}, document, {"create": {}}, {"message": "c"})
    answer = ingest(event(body, _NDJSON, path="/_bulk"))
    assert _statuses(answer) == [("create", 201), ("create", 400), ("create", 201)]
    assert [message.text for message in ingest.enqueued] == ["a", "c"]


def test_a_document_behind_a_broken_action_is_no_part_of_a_broken_one(ingest: Ingest) -> None:
    """A body with a broken action is refused whole, because the document after it would be lost without an item."""
    body = _bulk({"create": {}}, "{broken", '{"create":', {"message": "b"}, {"create": {}}, {"message": "c"})
    answer = ingest(event(body, _NDJSON, path="/_bulk"))
    assert (answer["statusCode"], ingest.enqueued) == (400, [])


def test_what_an_action_says_that_nobody_knows_is_kept(ingest: Ingest) -> None:
    """Unknown members in or beside an action are kept in `_action`; known ones, such as `routing`, are left out."""
    action = {"create": {"_index": "i", "routing": "r", "odd": 1}, "attempts": 2, "beside": 3}
    assert _statuses(ingest(event(_bulk(action, {"message": "a"}), _NDJSON, path="/_bulk/"))) == [("create", 201)]
    body = _bulk({"index": None, "beside": 3}, {"message": "b"})
    assert _statuses(ingest(event(body, _NDJSON, path="/_bulk"))) == [("index", 201)]
    first, second = ingest.enqueued
    assert (first.fields, second.fields) == (
        {"_index": "i", "_action": {"odd": 1, "beside": 3}},
        {"_action": {"beside": 3}},
    )
