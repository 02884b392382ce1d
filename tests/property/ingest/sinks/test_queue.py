"""Batching and sending of messages of any size with any failures."""

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ingest.aws.retry import Time
from ingest.contract.message import EncodedLog
from ingest.sinks.queue import MAX_ENTRIES, MAX_REQUEST_BYTES, calls, send
from tests.unit.ingest.fakes import QUEUE_URL, Clock, FakeSqs, take_all

SIZES = st.lists(
    st.integers(1, 300)
    | st.integers(1, MAX_REQUEST_BYTES)
    | st.sampled_from([MAX_REQUEST_BYTES // 2, MAX_REQUEST_BYTES]),
    max_size=40,
)


class _Sized(bytes):
    """A body that claims to be long without being so."""

    body_bytes: int

    def __len__(self) -> int:
        return self.body_bytes


def _sized(body_bytes: int) -> bytes:
    made = _Sized()
    made.body_bytes = body_bytes
    return made


@given(SIZES)
def test_calls_respect_both_limits_and_hold_each_message_once(sizes: list[int]) -> None:
    """Calls have at most ten entries and 1 MiB, hold each message once in order, and are as full as possible."""
    logs = [EncodedLog("acme", _sized(size)) for size in sizes]
    made = list(calls(logs, range(len(logs))))
    assert [position for call in made for position in call] == list(range(len(logs)))
    for call in made:
        assert 1 <= len(call) <= MAX_ENTRIES
        assert sum(sizes[position] for position in call) <= MAX_REQUEST_BYTES
    for call, following in pairwise(made):
        would_be = sum(sizes[position] for position in call) + sizes[following[0]]
        assert len(call) == MAX_ENTRIES or would_be > MAX_REQUEST_BYTES


FATES = st.sampled_from(["taken", "retryable", "sender_fault", "missing"])


@given(st.lists(st.lists(FATES, min_size=1, max_size=4), max_size=30), st.floats(0.01, 10))
def test_every_message_is_acknowledged_once_or_reported(fates: list[list[str]], seconds: float) -> None:
    """A message that SQS took is not sent again, and every other message is reported."""
    attempts = [0] * len(fates)
    taken: list[int] = []

    def answer(entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        successful, failed = [], []
        for entry in entries:
            position = int(entry["Id"])
            assert entry["MessageBody"] == str(position)
            fate = fates[position][min(attempts[position], len(fates[position]) - 1)]
            attempts[position] += 1
            if fate == "taken":
                taken.append(position)
                successful.append(entry)
            elif fate != "missing":
                failed.append({"Id": entry["Id"], "Code": "C", "SenderFault": fate == "sender_fault"})
        return take_all(successful) | {"Failed": failed}

    sqs, clock = FakeSqs(), Clock()
    sqs.always = answer
    missing = send(
        sqs,  # type: ignore[arg-type] # a fake
        QUEUE_URL,
        [EncodedLog("acme", str(position).encode()) for position in range(len(fates))],
        give_up_at_s=clock.now_s + seconds,
        time=Time(clock.monotonic, clock.sleep, random.random),
    )
    assert len(taken) == len(set(taken))
    assert missing == set(range(len(fates))) - set(taken)
    assert clock.now_s <= 1_000 + seconds
    assert all(len(call) <= MAX_ENTRIES for call in sqs.calls)
