"""`GET /logs` on the engine: a tenant reads its own logs and none of another's, whatever it sends."""

import http.client
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra import access

if TYPE_CHECKING:
    from tests.e2e.conftest import Answer, Eventually, LocalStack, StartStack

_TENANTS: Final = ("a", "a.", "a.b", "a-", "ab", "a1", "abc")
"""Each name begins another's, in every character that may follow."""

_LOGS: Final = 12
_ORIGIN: Final = "https://logs.example.com"


class _Readers:
    """A stack in which every tenant has logs under the same ids, and a key that reads and one that writes."""

    def __init__(self, stack: "LocalStack") -> None:
        self.stack = stack
        self.read_keys = {tenant: access.create(stack.stack, tenant, "", ["read"])[1] for tenant in _TENANTS}
        self.write_keys = {tenant: access.create(stack.stack, tenant, "", ["write"])[1] for tenant in _TENANTS}

    def send(self, tenant: str) -> None:
        """Send the tenant's logs: each third with an id of its own, the same for every tenant."""
        records = [
            {
                "text": f"of <{tenant}> number {number}, call 555-0199",
                "level": "error" if number % 2 else "info",
                "user": {"name": tenant},
                **({} if number % 3 else {"log_id": f"own-{number}"}),
            }
            for number in range(_LOGS)
        ]
        answer = self.stack.post_json(records, {"X-Api-Key": self.write_keys[tenant]})
        assert (answer.status, answer.body["accepted"]) == (202, _LOGS)

    def ask(self, key: str | None, query: str = "", headers: Mapping[str, str] = {}) -> "Answer":
        """Return the answer to a read with the key."""
        credentials = {} if key is None else {"X-Api-Key": key}
        return self.stack.request("GET", f"/logs?{query}", headers=credentials | dict(headers))

    def read(self, tenant: str, **parameters: object) -> "Answer":
        """Return the answer to a tenant's own read."""
        return self.ask(self.read_keys[tenant], urlencode(parameters, doseq=True))

    def pages(self, tenant: str, **parameters: object) -> Iterator[list[dict[str, Any]]]:
        """Yield the logs of each page to the end."""
        more: dict[str, object] = {}
        while True:
            answer = self.read(tenant, **parameters, **more)
            assert answer.status == 200, answer.body
            yield answer.body["logs"]
            if not answer.body["more"]:
                return
            more = {"cursor": answer.body["cursor"]}


@pytest.fixture(scope="module")
def readers(start_stack: "StartStack", eventually: "Eventually") -> _Readers:
    """Start the stack, and wait until all logs are stored."""
    found = _Readers(
        start_stack({"Authentication": "api_key", "CorsAllowOrigin": _ORIGIN, "TenantReadsPerMinute": "5000"})
    )
    for tenant in _TENANTS:
        found.send(tenant)
    for tenant in _TENANTS:
        eventually(lambda tenant=tenant: len(found.stack.rows(tenant)) == _LOGS)
    return found


def _are_of(tenant: str, logs: Sequence[dict[str, Any]]) -> None:
    for log in logs:
        assert log["tenant_id"] == tenant
        assert f"<{tenant}>" in log["text"]
        assert log["fields"]["user"] == {"name": tenant}
        assert "555-0199" not in log["text"]


@pytest.mark.parametrize("tenant", _TENANTS)
@pytest.mark.parametrize("order", ["newest", "oldest"])
def test_a_tenant_reads_all_of_its_own_logs_and_no_others(readers: _Readers, tenant: str, order: str) -> None:
    """Each once, in order, redacted, over pages; though others have the same ids, and names that go on."""
    logs = [log for page in readers.pages(tenant, limit=5, order=order) for log in page]
    _are_of(tenant, logs)
    numbers = [int(log["text"].split("number ")[1].partition(",")[0]) for log in logs]
    assert numbers == (list(range(_LOGS)) if order == "oldest" else list(range(_LOGS))[::-1])


_FILTERS: Final[Mapping[str, dict[str, object]]] = {
    "since": {"since": "1h"},
    "until": {"until": "2100-01-01T00:00:00Z"},
    "range": {"since": "yesterday", "until": "2100-01-01T00:00:00Z"},
    "contains": {"contains": ["OF <", "number"]},
    "severity": {"severity": "warn"},
    "field": {"field": "level=info"},
    "not_field": {"not_field": "level=none"},
    "limit": {"limit": 1000},
    "order": {"order": "oldest"},
    "tenant_id": {"tenant_id": "a"},
}


@pytest.mark.parametrize("parameters", _FILTERS.values(), ids=_FILTERS)
def test_every_parameter_reads_the_own_logs_alone(readers: _Readers, parameters: dict[str, object]) -> None:
    """It finds some, and they are the tenant's."""
    answer = readers.read("a", **parameters)
    assert answer.status == 200, answer.body
    assert answer.body["logs"]
    _are_of("a", answer.body["logs"])


@pytest.mark.parametrize("other", _TENANTS[1:])
def test_another_tenant_s_logs_are_not_found_by_what_they_hold(readers: _Readers, other: str) -> None:
    """Its words and its fields match nothing of one's own; naming it is forbidden."""
    assert readers.read("a", contains=f"<{other}>").body["logs"] == []
    assert readers.read("a", field=f"user.name={other}").body["logs"] == []
    assert readers.read("a", field=f"tenant_id={other}").body["logs"] == []
    for answer in (
        readers.read("a", tenant_id=other),
        readers.ask(readers.read_keys["a"], headers={"X-Tenant-ID": other}),
        readers.ask(readers.read_keys["a"], headers={"X-Scope-OrgID": other}),
    ):
        assert (answer.status, answer.body["reason"]) == (403, "tenant_forbidden")
        assert "logs" not in answer.body


@pytest.mark.parametrize("other", _TENANTS[1:])
def test_another_tenant_s_cursor_is_refused(readers: _Readers, other: str) -> None:
    """And one's own, with other filters."""
    theirs = readers.read(other, limit=2).body["cursor"]
    answer = readers.read("a", limit=2, cursor=theirs)
    assert (answer.status, answer.body["parameter"]) == (400, "cursor")
    own = readers.read("a", limit=2).body["cursor"]
    assert readers.read("a", limit=5, cursor=own).status == 200
    assert readers.read("a", limit=2, cursor=own, contains="x").status == 400


def test_what_does_not_read_is_told_so(readers: _Readers) -> None:
    """No key and an unknown one are a 401, a key that writes is a 403, and so is one that reads at the other door."""
    for key, status, reason in (
        (None, 401, "missing_credentials"),
        ("rdp_nobody", 401, "unknown_credentials"),
        (readers.write_keys["a"], 403, "forbidden_scope"),
    ):
        answer = readers.ask(key)
        assert (answer.status, answer.body["reason"]) == (status, reason)
        assert "logs" not in answer.body
    assert readers.stack.post_json({"text": "x"}, {"X-Api-Key": readers.read_keys["a"]}).status == 403
    # In the address no key counts: histories and proxies keep it.
    assert readers.ask(None, urlencode({"api_key": readers.read_keys["a"]})).status == 401


_WORDS: Final = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=20),
    st.sampled_from(
        [
            *("ab", "a", "a\x00b", "a%00", "*", "..", "a#", "' OR 1=1", '{"S":"ab"}', "tenant_id", "\u202eba", "own-3"),
            *("<ab>", "user.name=ab", "tenant_id=ab", "log_id=own-3", "1h", "0", "-1", "newest", "fatal", "W10"),
        ]
    ),
)
_SENDABLE: Final = re.compile(r"[\x21-\x7e]*", re.ASCII)
_NAMES: Final = st.sampled_from(
    [
        *("since", "until", "contains", "severity", "field", "not_field", "limit", "cursor", "order", "tenant_id"),
        "x",
        "raw",
        "tenant_id[]",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(pairs=st.lists(st.tuples(_NAMES, _WORDS), max_size=4), raw=st.booleans())
def test_no_query_reads_anything_of_another(readers: _Readers, pairs: list[tuple[str, str]], *, raw: bool) -> None:
    """Any parameters with any values: the tenant's own logs, or an error of one's own; never a 5xx."""
    query = "&".join(f"{name}={value if raw and _SENDABLE.fullmatch(value) else quote(value)}" for name, value in pairs)
    answer = readers.ask(readers.read_keys["a"], query)
    assert answer.status in {200, 400, 403}, answer.body
    _are_of("a", answer.body.get("logs", []))


def test_a_quota_of_reads_is_each_tenant_s_own(readers: _Readers) -> None:
    """Used up it answers 429 to that tenant, and lets another read."""
    key = access.create(readers.stack.stack, "much", "", ["read"])[1]  # No other test's: they come in any order.
    used = {"expires_at": {"N": str(int(time.time()) + 3600)}, "requests": {"N": "5000"}}
    window = int(time.time() // 60)
    for minute in (window, window + 1):
        readers.stack.place.dynamodb.put_item(
            TableName=readers.stack.stack.outputs["AccessTableName"], Item={"id": {"S": f"read#much#{minute}"}} | used
        )
    answer = readers.ask(key)
    assert (answer.status, answer.body["reason"]) == (429, "over_quota")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert readers.read("ab").status == 200


def test_a_browser_reads_from_the_allowed_origin_only(readers: _Readers) -> None:
    """The preflight names what may be sent; another page gets no header that lets it read."""
    preflight = {
        "Origin": _ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-api-key",
    }
    answer = readers.ask(readers.read_keys["a"], headers={"Origin": _ORIGIN})
    assert answer.headers["access-control-allow-origin"] == _ORIGIN
    stranger = readers.ask(readers.read_keys["a"], headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in stranger.headers
    url = urlsplit(readers.stack.stack.endpoint)
    connection = http.client.HTTPConnection(url.hostname or "", url.port)
    connection.request("OPTIONS", f"{url.path}/logs", headers=preflight)
    allowed = connection.getresponse()
    assert allowed.status in {200, 204}
    assert allowed.headers["access-control-allow-origin"] == _ORIGIN
    assert allowed.headers["access-control-allow-methods"] == "GET"
    assert "x-api-key" in allowed.headers["access-control-allow-headers"]
    connection.close()


def _as_reader(stack: "LocalStack") -> Callable[[str], Any]:
    """Return a factory of clients that have the reader's permissions. Only root may assume it here besides Lambda."""
    place = stack.place
    role = place.iam.get_role(RoleName=stack.stack.outputs["ReaderRoleName"])["Role"]
    sts = place.session.client("sts", endpoint_url=place.aws_endpoint_url)
    keys = sts.assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], place.region)
    return lambda service: session.client(service, endpoint_url=place.aws_endpoint_url)  # type: ignore[call-overload]


_KEY: Final = {"tenant_id": {"S": "a"}, "log_id": {"S": "own-3"}}
_OF_A: Final[dict[str, Any]] = {
    "KeyConditionExpression": "tenant_id = :t",
    "ExpressionAttributeValues": {":t": {"S": "a"}},
    "Limit": 1,
}
_DENIED: Final[dict[str, Callable[[Callable[[str], Any], Any], object]]] = {
    "scans": lambda client, s: client("dynamodb").scan(TableName=s.table_name),
    "gets by name": lambda client, s: client("dynamodb").get_item(TableName=s.table_name, Key=_KEY),
    "selects": lambda client, s: client("dynamodb").execute_statement(Statement=f'SELECT * FROM "{s.table_name}"'),  # noqa: S608 - the stack's own table
    "reads what is late": lambda client, s: client("dynamodb").query(
        TableName=s.table_name, IndexName="by_late", **_OF_A
    ),
    "writes": lambda client, s: client("dynamodb").put_item(TableName=s.table_name, Item=_KEY),
    "deletes": lambda client, s: client("dynamodb").delete_item(TableName=s.table_name, Key=_KEY),
    "counts in the table": lambda client, s: client("dynamodb").update_item(TableName=s.table_name, Key=_KEY),
    "makes a key": lambda client, s: client("dynamodb").put_item(
        TableName=s.outputs["AccessTableName"], Item={"id": {"S": "key#x"}}
    ),
    "lists keys": lambda client, s: client("dynamodb").scan(TableName=s.outputs["AccessTableName"]),
    "receives": lambda client, s: client("sqs").receive_message(QueueUrl=s.queue_url),
    "sends": lambda client, s: client("sqs").send_message(QueueUrl=s.queue_url, MessageBody="x"),
    "looks at dead letters": lambda client, s: client("sqs").receive_message(QueueUrl=s.dlq_url),
    "reads the stream": lambda client, s: client("kinesis").list_shards(StreamName=s.stream_name),
}


@pytest.mark.parametrize("act", _DENIED.values(), ids=_DENIED)
def test_what_the_reader_must_not_do_is_denied(
    readers: _Readers, act: Callable[[Callable[[str], Any], Any], object]
) -> None:
    """Its role refuses everything but its own work."""
    with pytest.raises(ClientError) as refusal:
        act(_as_reader(readers.stack), readers.stack.stack)
    assert "AccessDenied" in refusal.value.response["Error"]["Code"]


_NEEDED: Final = {
    "dynamodb:Query": (200, 502),  # The engine's gateway says so of a function that fails; AWS's says 500.
    "dynamodb:BatchGetItem": (200, 502),
    "dynamodb:GetItem": (200, 503),
    "dynamodb:UpdateItem": (200, 200),  # A quota that can't be counted refuses nobody.
}


def test_what_the_reader_may_do_it_needs(start_stack: "StartStack", eventually: "Eventually") -> None:
    """Without any one of its rights a read fails, and answers no log; without the counter's it says so in its log."""
    stack = start_stack({"Authentication": "api_key", "TenantReadsPerMinute": "5000"})
    _, key = access.create(stack.stack, "a", "", ["read", "write"])
    assert stack.post_json({"text": "x", "log_id": "own"}, {"X-Api-Key": key}).status == 202
    eventually(lambda: stack.row("a", "own"))
    role = stack.stack.outputs["ReaderRoleName"]
    iam = stack.place.iam
    policies: dict[str, Any] = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    for action, (with_it, without_it) in _NEEDED.items():
        fresh = access.create(stack.stack, "a", "", ["read"])[1]  # One that no function remembers.
        for name, document in policies.items():
            kept = [s for s in document["Statement"] if action not in str(s["Action"])]
            iam.put_role_policy(
                RoleName=role, PolicyName=name, PolicyDocument=json.dumps({**document, "Statement": kept})
            )
        refused = stack.request("GET", "/logs", headers={"X-Api-Key": fresh})
        assert refused.status == without_it, action
        if without_it != with_it:
            assert "logs" not in refused.body
        for name, document in policies.items():
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
        assert stack.request("GET", "/logs", headers={"X-Api-Key": fresh}).status == with_it, action
