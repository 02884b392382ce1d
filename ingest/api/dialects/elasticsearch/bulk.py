"""Elasticsearch's and OpenSearch's `_bulk`, and single documents.

Each document is a log. `members.taken_text` finds its text. Its time is `@timestamp` before all other members (UTC if
it names no zone, as in Elasticsearch). Its `_id` is the log_id, its index the field `_index`. An index is no tenant.
https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, NamedTuple

import msgspec

from ingest.api import event_time, severity
from ingest.api.dialect import Record, Records, Route
from ingest.api.dialects.elasticsearch.handshakes import answered
from ingest.api.documents import value_of, without_mark
from ingest.api.envelope import kept_with
from ingest.api.events import Response
from ingest.api.members import record_of
from ingest.api.parse import MAX_RECORDS, Parsed
from ingest.api.request import Request
from ingest.api.respond import RETRY_AFTER_S, fits
from ingest.contract import exact_json
from ingest.contract.errors import WHY, Rejected

_SOURCE: Final = "elasticsearch"
_TAKEN: Final = frozenset({"create", "index"})
_REFUSED: Final = frozenset({"delete", "update"})  # A log is written once and never changed.
_OF_ACTION: Final = frozenset(
    {
        *(
            "_index",
            "_id",
            "_type",
            "_routing",
            "routing",
            "parent",
            "_parent",
            "timestamp",
            "_timestamp",
            "ttl",
            "_ttl",
        ),
        *(
            "version",
            "_version",
            "version_type",
            "_version_type",
            "if_seq_no",
            "if_primary_term",
            "op_type",
            "pipeline",
        ),
        *("retry_on_conflict", "_retry_on_conflict", "dynamic_templates", "require_alias", "require_data_stream"),
        *("list_executed_pipelines", "attempts"),  # winston-elasticsearch puts `attempts` beside the action.
    }
)
"""Members of an action that Elasticsearch knows (`BulkRequestParser`, versions 1 to 9) and that say nothing of the log.
All others are kept in the log's field `_action`."""
_BLANK: Final = object()  # In place of a blank line's value.
_NOT_JSON: Final = (msgspec.MsgspecError, UnicodeError, RecursionError)
_decoder = exact_json.decoder()
_SHARDS: Final = {"total": 1, "successful": 1, "failed": 0}
_ERROR_TYPES: Final = {
    401: "security_exception",
    403: "security_exception",
    413: "content_too_large_exception",
    429: "es_rejected_execution_exception",
    503: "unavailable_shards_exception",
}
_LOOK_AT_NO_ITEM: Final = ("fluent-bit", "syslog-ng")
"""Beginnings of user agents that look for no failed item in a 200: syslog-ng never does, Fluent Bit not if one item
succeeded (measured)."""

_BUSY: Final = "The queue did not take the document. Send it again."


class _Action(NamedTuple):
    """An action's name, and the index (`to`) and id that it names, which the answer repeats.

    Without `is_sound` the action is no object, or its index or id is no string: its document is refused. `others` are
    the members that Elasticsearch does not know; the log keeps them.
    """

    name: str
    to: str | None
    given_id: str | None
    is_sound: bool
    others: Mapping[str, Any] = {}


def read(request: Request) -> Records:
    """Return a record for each document, with the actions as `aside`.

    Raises:
        Rejected: `invalid_json` or `invalid_record` if a line that should name an action names none, or if a single
            document cannot be read.
    """
    index = request.parameters.get("index")
    if not request.path.endswith("/_bulk"):
        action = _Action("create", index, request.parameters.get("id"), is_sound=True)
        return Records([_log(action, value_of(request.body))], is_batch=False, source=_SOURCE, aside=[action])
    records: list[Record | Rejected] = []
    actions: list[_Action] = []
    values = iter(_values(without_mark(request.body)))
    for value in values:
        if value is _BLANK:
            continue
        if isinstance(value, Rejected) and records and _is_broken(records[-1]):
            continue  # A further line of a broken document, which is refused already.
        action = _action(value, index)
        actions.append(action)
        records.append(_record(action, values))
        if len(records) > MAX_RECORDS:
            break
    return Records(records, is_batch=True, source=_SOURCE, aside=actions)


def _values(body: bytes) -> Iterable[Any]:
    """Return each line's value: one document with nothing behind it, as in Elasticsearch; `_BLANK`; or a `Rejected`.

    If the body decoded at once has as many documents as lines, that is the result, in half the time.
    """
    if b"\n\n" not in body:
        try:
            values = _decoder.decode_lines(body)
        except _NOT_JSON:
            pass
        else:
            if len(values) == body.count(b"\n") + (not body.endswith(b"\n")):
                return values
    return map(_value, body.split(b"\n"))


def _value(line: bytes) -> Any:
    try:
        return value_of(line) if line.strip() else _BLANK
    except Rejected as rejected:
        return rejected


def _is_broken(record: Record | Rejected) -> bool:
    return isinstance(record, Rejected) and record.reason == "invalid_json"


def _action(value: Any, index: str | None) -> _Action:
    """Return the action that a line names. Raises Rejected: without an action nobody knows what the next line is."""
    if isinstance(value, dict):
        for name in value:  # Other members may stand beside it: winston-elasticsearch's `attempts`.
            if name in _TAKEN or name in _REFUSED:
                target = {} if value[name] is None else value[name]
                if not isinstance(target, dict):
                    return _Action(name, index, None, is_sound=False)
                to, given_id = target.get("_index", index), target.get("_id")
                if type(given_id) is int:
                    given_id = str(given_id)
                if not (to is None or isinstance(to, str)) or not (given_id is None or isinstance(given_id, str)):
                    return _Action(name, index, None, is_sound=False)
                if len(value) == 1 and _OF_ACTION.issuperset(target):
                    return _Action(name, to, given_id, is_sound=True)
                said = chain(target.items(), value.items())
                others = {member: v for member, v in said if member not in _OF_ACTION and member != name}
                return _Action(name, to, given_id, is_sound=True, others=others)
    raise value if isinstance(value, Rejected) else Rejected("invalid_record")


def _record(action: _Action, values: Iterator[Any]) -> Record | Rejected:
    if action.name == "delete":  # The only action without a document.
        return Rejected("invalid_record")
    document = next(values, _BLANK)
    if action.name == "update" or document is _BLANK:
        return Rejected("invalid_record")
    log = _log(action, document)
    return kept_with(log, {"_action": action.others}) if action.others else log


def _log(action: _Action, document: Any) -> Record | Rejected:
    if not action.is_sound:
        return Rejected("invalid_record")
    event_at = nested_severity = None
    if isinstance(document, dict):
        if "_index" in document:  # Reserved in Elasticsearch, too.
            return Rejected("invalid_fields")
        if "@timestamp" in document:
            event_at = event_time.event_at(document["@timestamp"], naive_is_utc=True)
        if isinstance(document.get("log"), dict):  # The Elastic Common Schema's `log.level`, as an object.
            nested_severity = severity.severity(document["log"].get("level"))
    record = record_of(document, event_at=event_at)
    if isinstance(record, Rejected):
        return record
    if action.to is not None and record.fields is not None:
        record.fields["_index"] = action.to
    return record._replace(log_id=action.given_id, severity=record.severity or nested_severity)


def answer(parsed: Parsed, not_enqueued: frozenset[int], request: Request) -> Response:
    """Return an item for each document, in order: 201; 400 if it was refused; 429 if the queue did not take it.

    Good clients send only the documents with a 429 again. If the queue took no document, the answer is a 503 as a
    whole, after which all clients that ever retry send everything again. Clients that look at no item get the 503 even
    if the queue took some documents: to store those twice is better than to lose the others.
    """
    looks_at_items = not request.headers.get("user-agent", "").lower().startswith(_LOOK_AT_NO_ITEM)
    if not_enqueued and not (looks_at_items and len(not_enqueued) < len(parsed.messages)):
        return answered(503, _error(503, _BUSY), request, retry_after_s=RETRY_AFTER_S)
    actions: list[_Action] = parsed.aside
    if not parsed.is_batch:
        return answered(201, _created(actions[0], parsed.messages[0].log_id, 0), request)
    items: list[dict[str, Any]] = [{}] * len(actions)
    for i, position in enumerate(parsed.positions):
        action = actions[position]
        if i in not_enqueued:  # Clients that read items send only this document again.
            items[position] = {action.name: _failed(action, 429, _BUSY)}
        else:
            item = _created(action, parsed.messages[i].log_id, position)
            item["status"] = 201
            items[position] = {action.name: item}
    for position, reason in parsed.rejected:
        action = actions[position]
        items[position] = {action.name: _failed(action, 400, f"{reason}: {WHY[reason].detail}")}
    errors = bool(parsed.rejected or not_enqueued)
    answer = answered(200, {"took": 1, "errors": errors, "items": items}, request)
    if fits(answer):
        return answer
    items = [{name: {"status": item["status"]}} for entry in items for name, item in entry.items()]
    return answered(200, {"took": 1, "errors": errors, "items": items}, request)


def _created(action: _Action, log_id: str, position: int) -> dict[str, Any]:
    return {
        "_index": action.to or "",
        "_id": log_id,
        "_version": 1,
        "result": "created",
        "_shards": _SHARDS,
        "_seq_no": position,
        "_primary_term": 1,
    }


def _failed(action: _Action, status: int, reason: str) -> dict[str, Any]:
    error_type = _ERROR_TYPES.get(status, "document_parsing_exception")
    error = {"type": error_type, "reason": reason}
    return {"_index": action.to or "", "_id": action.given_id, "status": status, "error": error}


def refuse(rejected: Rejected, request: Request) -> Response:
    """Return the answer to a request that was refused as a whole."""
    body = _error(rejected.status, f"{rejected.reason}: {rejected.detail}")
    return answered(rejected.status, body, request, retry_after_s=rejected.retry_after_s)


def _error(status: int, reason: str) -> dict[str, Any]:
    error = {"type": _ERROR_TYPES.get(status, "illegal_argument_exception"), "reason": reason}
    return {"error": {"root_cause": [error], **error}, "status": status}


ROUTES: Final[tuple[Route, ...]] = (
    ("POST", "/_bulk"),
    ("PUT", "/_bulk"),
    ("POST", "/{index}/_bulk"),
    ("PUT", "/{index}/_bulk"),
    ("POST", "/{index}/{type}/_bulk"),
    ("POST", "/{index}/_doc"),
    ("POST", "/{index}/_doc/{id}"),
    ("PUT", "/{index}/_doc/{id}"),
    ("POST", "/{index}/_create/{id}"),
    ("PUT", "/{index}/_create/{id}"),
    ("POST", "/{index}/events"),  # rsyslog's default type.
    ("POST", "/{index}/{type}"),  # Before version 7 clients chose the type's name.
)
