"""Any mix of logs and faults, delivered until acknowledged: each log has one outcome, and none is lost."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consumer.item import beside_id
from consumer.unpack import deliveries
from ingest.contract.errors import Poison
from ingest.contract.message import decode
from tests.unit.consumer.fakes import FakeDynamoDB, FakeSqs, World, body, client_error, sqs_event

MAX_RECEIVE_COUNT = 5

BODIES = st.one_of(
    st.builds(
        body,
        st.sampled_from(["a", "b", "c", "d"]),
        st.sampled_from(["one", "two", "bug", "x" * 30, "x" * 2_000]),
        tenant_id=st.sampled_from(["acme", "globex"]),
        stream_pending=st.booleans(),
    ),
    st.sampled_from(["", "{", '{"tenant_id":"acme","schema_version":9}']),
)

STATEMENT_CODES = st.sampled_from(
    [None, None, None, "ThrottlingError", "InternalServerError", "ValidationError", "AccessDenied"]
)
CALL_CODES = st.sampled_from([None, None, None, "ThrottlingException", "ValidationException", "AccessDeniedException"])


def cycled(values: list[Any]) -> Callable[[], Any]:
    """Return a function that gives the values in turn, again and again."""
    state = {"next": 0}

    def give() -> Any:
        state["next"] += 1
        return values[state["next"] % len(values)]

    return give


@settings(max_examples=400)
@given(
    bodies=st.lists(BODIES, min_size=1, max_size=12),
    statement_codes=st.lists(STATEMENT_CODES, min_size=1, max_size=7),
    call_codes=st.lists(CALL_CODES, min_size=1, max_size=5),
    dlq_refuses=st.lists(st.booleans(), min_size=1, max_size=3),
    stream_refuses=st.lists(st.booleans(), min_size=1, max_size=3),
    unread=st.lists(st.booleans(), min_size=1, max_size=3),
    crash_probability=st.sampled_from([0.0, 0.3, 1.0]),
    crash_point=st.sampled_from(["before_work", "before_write", "after_write"]),
)
def test_one_outcome_a_log_and_nothing_lost(
    *,
    bodies: list[str],
    statement_codes: list[str | None],
    call_codes: list[str | None],
    dlq_refuses: list[bool],
    stream_refuses: list[bool],
    unread: list[bool],
    crash_probability: float,
    crash_point: str,
) -> None:
    """An acknowledged log is in the table with its own text, or in the DLQ with a reason, and never in both."""
    statement_code, call_code = cycled(statement_codes), cycled(call_codes)
    dlq_refusal, stream_refusal, left_unread = cycled(dlq_refuses), cycled(stream_refuses), cycled(unread)

    def call_error() -> Exception | None:
        code = call_code()
        return client_error(code) if code else None

    world = World(
        FakeDynamoDB(
            statement_error=lambda _key: statement_code(),
            call_error=call_error,
            unprocessed=lambda _key: left_unread(),
        ),
        FakeSqs(refuse=lambda _body: client_error("KmsThrottled") if dlq_refusal() else None),
    )
    world.off_stream = lambda _message: stream_refusal()
    waiting = {f"m-{n}": text for n, text in enumerate(bodies)}

    for receive_count in range(1, MAX_RECEIVE_COUNT + 1):
        if not waiting:
            break
        dead_before = len(world.sqs.dead)
        event = sqs_event(*waiting.items(), receive_count=receive_count)
        kept = world.consume(event, seconds_per_char=0.05, crash_probability=crash_probability, crash_point=crash_point)

        assert len(kept) == len(set(kept))
        assert set(kept) <= waiting.keys()
        assert sum(world.counts().values()) == len(waiting)
        counts = world.counts()
        assert counts.get("deferred", 0) + counts.get("retried", 0) == len(kept)

        dead_now = Counter(attributes["original_message_id"] for _, attributes in world.sqs.dead[dead_before:])
        refusing = {"ValidationError", "ValidationException"} & {*statement_codes, *call_codes}
        for text, attributes in world.sqs.dead[dead_before:]:
            assert_poison(text, attributes["reason"], refusing=bool(refusing))
        assert counts.get("quarantined", 0) == dead_now.total()
        for entry in deliveries(event):
            if entry.message_id in kept:
                assert dead_now[entry.message_id] == 0
            else:
                assert_kept_somewhere(world, entry.body, bodies, dead=dead_now[entry.message_id])
                del waiting[entry.message_id]
        world.clock.elapsed_s += 300


def assert_poison(encoded: str, reason: str, *, refusing: bool) -> None:
    """Fail unless the dead letter is what its reason says, because no healthy log may be dead-lettered."""
    if reason in {"undecodable", "unknown_schema_version"}:
        with pytest.raises(Poison, match=reason):
            decode(encoded)
    else:
        assert (reason, refusing) == ("refused_by_table", True)


def assert_kept_somewhere(world: World, encoded: str, sent: list[str], *, dead: int) -> None:
    """Fail unless an acknowledged body is a row of its own text, or was dead-lettered once, unchanged.

    A row must also be on the stream, where ingest (with this body or a copy of it) or the consumer put it.
    """
    if dead:
        assert dead == 1
        assert encoded in [text for text, _ in world.sqs.dead]
        return
    try:
        message = decode(encoded)
    except Poison:
        pytest.fail("poison was acknowledged and is not in the DLQ")
    key = message.tenant_id, message.log_id
    texts = world.dynamodb.texts()
    if texts[key] != message.text:
        assert texts[message.tenant_id, beside_id(message.log_id, message.text)] == message.text
    if message.stream_pending and encoded.replace(',"stream_pending":true', "") not in sent:
        assert key in {(entry.tenant_id, entry.log_id) for entry in world.stream}
