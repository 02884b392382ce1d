"""The Kinesis sink: user records in, aggregated per tenant, and the positions of those that are not on the stream out.

Order: a tenant's logs (a sub-key's, where a tenant is spread) stand in the order given inside one aggregated record,
and their records are sent in that order. Between the records of one call Kinesis makes no promise (PutRecords API
reference: "doesn't guarantee the ordering of records"), least of all when it refuses one of them for a moment.
"""

import hashlib
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from ingest.aws import clients
from ingest.aws.packing import calls
from ingest.aws.refusal import Refusal, refusal_of
from ingest.aws.retry import Backoff, Time, retrying
from ingest.contract.kpl import Packed, aggregate
from ingest.contract.message import EncodedLog

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

MAX_ENTRIES: Final = 500
"""Records a PutRecords call (API reference, November 2026)."""

MAX_REQUEST_BYTES: Final = 5 * 1024 * 1024
"""Data and partition keys a call. AWS takes 10 MiB since 2025 (API reference); 5 MiB was the limit before and is what
regions, engines and gateways that are behind still enforce, and no call of ours gains from more."""

_BACKOFF: Final = Backoff(first_s=0.05, max_s=1.0)
_HASH_RANGE: Final = 1 << 128  # Explicit hash keys are decimal numbers below this (PutRecordsRequestEntry).


class _Entry(NamedTuple):
    request: "PutRecordsRequestEntryTypeDef"
    request_bytes: int
    positions: tuple[int, ...]


def client(environ: Mapping[str, str]) -> clients.Kinesis:
    """Return the client for a Lambda: short timeouts, so that a Kinesis that hangs does not hold up its caller."""
    return clients.kinesis(environ, read_timeout_s=0.5)


def put_user_records(
    client: "KinesisClient | clients.Kinesis",
    stream_name: str,
    records: Sequence[EncodedLog],
    *,
    give_up_at_s: float,
    time: Time,
    sub_keys: int = 1,
    on_refusal: Callable[[str, int], None] | None = None,
) -> frozenset[int]:
    """Return the positions in `records` that are not on the stream.

    Refused entries, and only they, are sent again with jittered backoff until `give_up_at_s` (on `time`'s clock):
    no call starts after it, so the whole takes at most that long plus one client timeout. `sub_keys` above 1 spreads a
    tenant over so many equal steps of the stream's hash range; the record's content picks the step, so that order
    holds within each. `on_refusal(error_code, logs)` is told of every refusal, for the caller's log line.

    Never raises for what Kinesis or the network does: that is a refusal. A time-out may hide a success, so a position
    returned may be on the stream all the same; readers make logs distinct.
    """
    entries = [
        _entry(tenant_id, hash_key, packed)
        for (tenant_id, hash_key), user_records in _groups(records, sub_keys).items()
        for packed in aggregate(tenant_id, user_records, explicit_hash_key=hash_key)
    ]
    refusals = retrying(
        lambda places: _put(client, stream_name, [entries[place] for place in places]),
        len(entries),
        give_up_at_s=give_up_at_s,
        time=time,
        backoff=_BACKOFF,
        split=lambda places: calls(
            places, lambda place: entries[place].request_bytes, max_entries=MAX_ENTRIES, max_bytes=MAX_REQUEST_BYTES
        ),
        on_refusal=on_refusal and (lambda place, refusal: on_refusal(refusal.code, len(entries[place].positions))),
    )
    missing = set(range(len(records)))
    for entry, refusal in zip(entries, refusals, strict=True):
        if refusal is None:
            missing.difference_update(entry.positions)
    return frozenset(missing)


def _put(client: "KinesisClient | clients.Kinesis", stream_name: str, call: Sequence[_Entry]) -> list[Refusal | None]:
    """Return each entry's refusal, or None for one that Kinesis took."""
    try:
        response = client.put_records(StreamName=stream_name, Records=[entry.request for entry in call])
    except Exception as error:
        refusal = refusal_of(error)
        if refusal is None:
            raise
        return [refusal] * len(call)
    results = response.get("Records") or []
    # Results stand in the order of the entries; one that is not there was not taken as far as anybody knows.
    codes = [result.get("ErrorCode") for result in results] + ["MissingResult"] * (len(call) - len(results))
    return [None if code is None else Refusal(code, retryable=True) for code in codes[: len(call)]]


def _groups(records: Sequence[EncodedLog], sub_keys: int) -> dict[tuple[str, str | None], list[tuple[int, bytes]]]:
    groups: defaultdict[tuple[str, str | None], list[tuple[int, bytes]]] = defaultdict(list)
    for position, (tenant_id, data) in enumerate(records):
        # By content, so that the same log always goes the same way, whoever puts it on the stream.
        hash_key = explicit_hash_key(tenant_id, zlib.crc32(data) % sub_keys, sub_keys) if sub_keys > 1 else None
        groups[tenant_id, hash_key].append((position, data))
    return groups


def explicit_hash_key(tenant_id: str, sub_key: int, sub_keys: int) -> str:
    """Return the decimal hash key of a tenant's `sub_key`, of `sub_keys` in equal steps around the hash range.

    Sub-key 0 is where Kinesis puts the tenant without any: the MD5 of the partition key (PutRecords API reference).
    """
    home = int.from_bytes(hashlib.md5(tenant_id.encode(), usedforsecurity=False).digest())
    return str((home + sub_key * _HASH_RANGE // sub_keys) % _HASH_RANGE)


def _entry(tenant_id: str, hash_key: str | None, packed: Packed) -> _Entry:
    request: PutRecordsRequestEntryTypeDef = {"PartitionKey": tenant_id, "Data": packed.data}
    if hash_key is not None:
        request["ExplicitHashKey"] = hash_key
    return _Entry(request, len(packed.data) + len(tenant_id), packed.positions)
