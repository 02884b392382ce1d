"""The Kinesis sink: aggregates user records per tenant, and returns the positions of those not on the stream.

Order: the logs of a tenant (or of a sub-key, if the tenant is spread) keep the order given, inside an aggregated record
and from one record to the next. Kinesis does not promise to keep the order of the records in a call (PutRecords API
reference: "doesn't guarantee the ordering of records"), least of all if it refuses one of them for a moment.
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
"""Records in a PutRecords call (API reference, November 2026)."""

MAX_REQUEST_BYTES: Final = 5 * 1024 * 1024
"""Bytes of data and partition keys in a call. AWS has allowed 10 MiB since 2025 (API reference). 5 MiB was the limit
before; regions, engines and gateways that are behind still enforce it, and larger calls would gain nothing here."""

_BACKOFF: Final = Backoff(first_s=0.05, max_s=1.0)
_HASH_RANGE: Final = 1 << 128  # Explicit hash keys are decimal numbers below this (PutRecordsRequestEntry).


class _Entry(NamedTuple):
    request: "PutRecordsRequestEntryTypeDef"
    request_bytes: int
    positions: tuple[int, ...]


def client(environ: Mapping[str, str]) -> clients.Kinesis:
    """Return the client for a Lambda, with short timeouts, so that a Kinesis that hangs does not delay its caller."""
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

    Only refused entries are sent again, with jittered backoff until `give_up_at_s` on `time`'s clock: no call starts
    after it, so that all ends at most one client timeout later. `sub_keys` above 1 spreads a tenant over so many equal
    steps of the stream's hash range. A record's content picks its step; order is kept within a step.
    `on_refusal(error_code, number of logs)` is called for every refusal, for the caller's log line.

    Never raises for what Kinesis or the network does: that is a refusal. A time-out may hide a success: a log whose
    position is returned may be on the stream all the same. Readers remove duplicates.
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
    # Results are in the order of the entries. An entry without a result counts as not taken.
    codes = [result.get("ErrorCode") for result in results] + ["MissingResult"] * (len(call) - len(results))
    return [None if code is None else Refusal(code, retryable=True) for code in codes[: len(call)]]


def _groups(records: Sequence[EncodedLog], sub_keys: int) -> dict[tuple[str, str | None], list[tuple[int, bytes]]]:
    groups: defaultdict[tuple[str, str | None], list[tuple[int, bytes]]] = defaultdict(list)
    for position, (tenant_id, data) in enumerate(records):
        # By content, so that the same log always gets the same sub-key, whoever puts it on the stream.
        hash_key = explicit_hash_key(tenant_id, zlib.crc32(data) % sub_keys, sub_keys) if sub_keys > 1 else None
        groups[tenant_id, hash_key].append((position, data))
    return groups


def explicit_hash_key(tenant_id: str, sub_key: int, sub_keys: int) -> str:
    """Return the decimal hash key of a tenant's `sub_key`; its `sub_keys` are equal steps around the hash range.

    Sub-key 0 is where Kinesis puts the tenant without sub-keys: the MD5 of the partition key (PutRecords API
    reference).
    """
    home = int.from_bytes(hashlib.md5(tenant_id.encode(), usedforsecurity=False).digest())
    return str((home + sub_key * _HASH_RANGE // sub_keys) % _HASH_RANGE)


def _entry(tenant_id: str, hash_key: str | None, packed: Packed) -> _Entry:
    request: PutRecordsRequestEntryTypeDef = {"PartitionKey": tenant_id, "Data": packed.data}
    if hash_key is not None:
        request["ExplicitHashKey"] = hash_key
    return _Entry(request, len(packed.data) + len(tenant_id), packed.positions)
