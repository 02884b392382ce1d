"""The hostile suite over real HTTP: 202 or the due 4xx, never a 5xx, and `rdp logs` shows what was accepted.

The cases are the unit suite's (tests/unit/ingest/hostile.py). The engine cannot carry all of them as they are:

- A body that says it is base64: the gateway makes the event, so no client can send one. Left out.
- A header value with a line break: over HTTP what follows the break is another header. Left out; test_hostile_wire.py
  has its own.
- A head of more than 16 KiB: the engine's HTTP server refuses it with a 4xx of its own (AWS: more than 10,240 bytes).
- JSON that is not UTF-8, and gzip of JSON: the engine decodes a body of `application/json`, with U+FFFD for what it
  can't read. Sent as `application/x-ndjson`, which it passes on as bytes; what is no JSON is then a batch without valid
  records.
- `text/plain` that is not UTF-8: decoded in the same way, so ingest sees and keeps U+FFFD. What is stored is compared
  with what ingest was given.
"""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

import pytest

from ingest.api.media_type import media_type
from ingest.contract.errors import Rejected
from tests.e2e import captured_logs
from tests.unit.ingest.hostile import CASES, JSON, NDJSON, TEXT, Case

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import InputLogEventTypeDef

    from tests.e2e.conftest import Eventually, LocalStack

_ROOT: Final = Path(__file__).parents[2]
_TENANT: Final = "hostile"
_LARGE_TENANT: Final = "hostile-large"
_LARGE_BYTES: Final = 50_000
_MAX_HEAD_BYTES: Final = 16_384  # Hypercorn's h11_max_incomplete_size
_CONNECTIONS: Final = 4


class Sent(NamedTuple):
    """What was answered to a case, and where its logs are."""

    status: int
    answer: Mapping[str, Any]
    tenant: str
    log_ids: tuple[str, ...]


def _breaks_a_line(case: Case) -> bool:
    return any(character in value for value in (case.content_type, *case.headers.values()) for character in "\r\n")


def _over_http(case: Case) -> Case:
    """Return the case as the engine can carry it, with what is then due."""
    if case.is_utf8:
        return case
    name, charset = media_type(case.content_type)
    if name == TEXT:
        given = case.body.decode(errors="replace").encode().decode(charset)
        return case._replace(reason=None, accepted=(given,))
    if case.content_type != JSON:
        return case
    return case._replace(
        content_type=NDJSON, reason="no_valid_records" if case.reason == "invalid_json" else case.reason
    )


_SENT: Final = tuple(_over_http(case) for case in CASES if case.event_body is None and not _breaks_a_line(case))


def _headers(case: Case) -> dict[str, str]:
    tenant = _LARGE_TENANT if len(case.body) > _LARGE_BYTES else _TENANT
    return {"content-type": case.content_type, "x-tenant-id": tenant} | dict(case.headers)


def _head_bytes(case: Case) -> int:
    return sum(len(value) for value in _headers(case).values())


def _send(stack: "LocalStack", case: Case) -> Sent:
    headers = _headers(case)
    url = urlsplit(stack.stack.endpoint)
    connection = HTTPConnection(url.hostname or "", url.port, timeout=360)
    try:
        encoded: dict[str, Any] = {name: value.encode() for name, value in headers.items()}
        connection.request("POST", f"{url.path}/ingest", case.body, encoded)
        response = connection.getresponse()
        answer = json.loads(response.read() or b"{}")
    finally:
        connection.close()
    ids = answer.get("log_ids") or ([answer["log_id"]] if "log_id" in answer else [])
    return Sent(response.status, answer, headers["x-tenant-id"], tuple(ids))


@pytest.fixture(scope="module")
def sent(local_stack: "LocalStack") -> dict[str, Sent]:
    """Send every case once; return what came of it by the case's name."""
    with ThreadPoolExecutor(_CONNECTIONS) as senders:
        answers = senders.map(lambda case: _send(local_stack, case), _SENT)
        return dict(zip((case.name for case in _SENT), answers, strict=True))


def _rdp_logs(stack: "LocalStack", tenant: str, *options: str) -> str:
    command = [sys.executable, "-c", "from infra.cli import main; main()", "logs", "--tenant", tenant]
    finished = subprocess.run(  # noqa: S603 - our own command
        [*command, "--all", "--data-dir", str(stack.data_dir), *options],
        cwd=_ROOT,
        capture_output=True,
        check=True,
        timeout=600,
    )
    return finished.stdout.decode()


@pytest.fixture(scope="module")
def stored(local_stack: "LocalStack", eventually: "Eventually", sent: dict[str, Sent]) -> dict[tuple[str, str], str]:
    """Wait until every accepted log is stored; return the texts that `rdp logs` shows, by tenant and log_id."""
    due = Counter(answer.tenant for answer in sent.values() for _ in answer.log_ids)
    eventually(lambda: all(len(local_stack.rows(tenant)) >= count for tenant, count in due.items()))
    return {
        (tenant, row["log_id"]): row["text"]
        for tenant in due
        for row in map(json.loads, _rdp_logs(local_stack, tenant, "--raw", "--json").splitlines())
    }


@pytest.mark.parametrize("case", _SENT, ids=[case.name for case in _SENT])
def test_a_hostile_request_gets_its_answer(case: Case, sent: dict[str, Sent]) -> None:
    """The 202, or the 4xx with its reason; from the engine's HTTP server a 4xx for a head that is too large."""
    status, answer, _, log_ids = sent[case.name]
    if _head_bytes(case) > _MAX_HEAD_BYTES:
        assert 400 <= status < 500
    elif case.reason is not None:
        assert (status, answer["reason"]) == (Rejected(case.reason).status, case.reason)
    else:
        assert (status, len(log_ids)) == (202, len(case.accepted)), answer


@pytest.mark.parametrize("case", [case for case in _SENT if case.accepted], ids=lambda case: case.name)
def test_what_was_accepted_comes_back(case: Case, sent: dict[str, Sent], stored: dict[tuple[str, str], str]) -> None:
    """`rdp logs` shows the original text equal to the byte."""
    answer = sent[case.name]
    shown = [stored[answer.tenant, log_id].encode() for log_id in answer.log_ids]
    assert shown == [text.encode() for text in case.accepted]


def test_what_was_refused_left_nothing(sent: dict[str, Sent], stored: dict[tuple[str, str], str]) -> None:
    """There are as many rows as logs were accepted."""
    assert stored.keys() == {(answer.tenant, log_id) for answer in sent.values() for log_id in answer.log_ids}


def test_the_lines_of_logs_command_no_terminal(local_stack: "LocalStack", stored: dict[tuple[str, str], str]) -> None:
    """What `rdp logs` shows to a person has no control, bidirectional or invisible character of the logs in it."""
    assert any("\x1b" in text for text in stored.values())
    assert any("\u202e" in text for text in stored.values())
    shown = _rdp_logs(local_stack, _TENANT)
    assert r"\x1b]0;owned\x07" in "".join(character for character in shown if character not in "│ \n")
    assert {character for character in shown if not character.isprintable()} == {"\n"}


def test_a_text_in_a_functions_log_would_be_found(
    local_stack: "LocalStack", stored: dict[tuple[str, str], str]
) -> None:
    """The search at the end of the session, in all logs of all stacks, finds a planted line with a text."""
    logs, group = local_stack.place.logs, "/aws/lambda/planted"
    text = "$(reboot) `reboot` | reboot"
    assert text in stored.values()
    assert captured_logs.leaks_of(local_stack.stack, set()) == []
    logs.create_log_group(logGroupName=group)
    try:
        logs.create_log_stream(logGroupName=group, logStreamName="planted")
        line: InputLogEventTypeDef = {"timestamp": time.time_ns() // 1_000_000, "message": f"refused: {text}"}
        logs.put_log_events(logGroupName=group, logStreamName="planted", logEvents=[line])
        (found,) = captured_logs.leaks_of(local_stack.stack, set())
    finally:
        logs.delete_log_group(logGroupName=group)
    assert text in found
