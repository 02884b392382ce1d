"""How logs are grouped into messages."""

from ingest.contract.message import EncodedLog
from ingest.contract.packed import FRAME_BYTES, apart
from ingest.sinks.packs import packs

_LIMIT = 1_000


def _logs(*tenants: str, size: int = 10) -> list[EncodedLog]:
    return [EncodedLog(tenant, f'"{number:0{size - 2}}"'.encode()) for number, tenant in enumerate(tenants)]


def test_logs_of_a_tenant_share_messages_in_their_order() -> None:
    """Only logs of the same tenant share a message, and each tenant's logs keep the request's order."""
    logs = _logs("a", "b", "a", "a", "b", "a")
    made = packs(logs, most_logs=3, most_bytes=_LIMIT)
    assert [(pack.tenant_id, list(pack.positions)) for pack in made] == [("a", [0, 2, 3]), ("a", [5]), ("b", [1, 4])]
    assert apart(made[0].data.decode()) == [logs[n].data.decode() for n in (0, 2, 3)]


def test_one_log_a_message_is_the_log() -> None:
    """If a message holds one log, its body is the log's own bytes."""
    logs = _logs("a", "a", "b")
    assert [pack.data for pack in packs(logs, most_logs=1, most_bytes=_LIMIT)] == [log.data for log in logs]
    assert packs(logs, most_logs=5, most_bytes=_LIMIT)[1].data == logs[2].data


def test_a_message_is_filled_to_the_last_byte_and_no_further() -> None:
    """A message is filled exactly to the limit, and a log that does not fit begins the next one."""
    limit = FRAME_BYTES + 4 * 10 + 3
    made = packs(_logs(*"aaaaa"), most_logs=100, most_bytes=limit)
    assert [len(pack.positions) for pack in made] == [4, 1]
    assert len(made[0].data) == limit
    assert [len(pack.positions) for pack in packs(_logs(*"aaaaa"), most_logs=100, most_bytes=limit - 1)] == [3, 2]


def test_a_log_larger_than_the_limit_is_its_own_message() -> None:
    """A log above the limit gets its own message, for SQS to judge, and its neighbours are sent."""
    logs = [*_logs("a"), EncodedLog("a", b"x" * 2 * _LIMIT), *_logs("a")]
    assert [list(pack.positions) for pack in packs(logs, most_logs=100, most_bytes=_LIMIT)] == [[0], [1], [2]]
