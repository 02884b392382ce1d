"""The log_ids of the logs that ingest accepted, and the wait until all of them are in the table."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import IO, TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEYS: Final = 100  # BatchGetItem's limit (API reference, November 2026).
_IN_MEMORY_BYTES: Final = 1 << 20
_FIRST_PAUSE_S: Final = 0.1
_MAX_PAUSE_S: Final = 2.0


class LogIds:
    """The ids of any number of logs in 1 MiB of memory at most: more go to a file.

    An id is that of a line, or one that a record brought: visible ASCII, so that a line end may stand between two.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115 - it lives as long as this
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, log_ids: Sequence[str]) -> None:
        """Add these ids."""
        self._count += len(log_ids)
        self._file.write("".join(f"{log_id}\n" for log_id in log_ids).encode("ascii"))

    def groups(self) -> Iterator[list[str]]:
        """Yield the ids in the order of `add`, in groups as large as one call may ask for."""
        self._file.seek(0)
        while group := [line.decode("ascii").removesuffix("\n") for line in islice(self._file, _KEYS)]:
            yield group


def wait(
    client: "DynamoDBClient",
    table: str,
    tenant: str,
    log_ids: LogIds,
    *,
    timeout_s: float,
    monotonic: Callable[[], float],
    pause: Callable[[float], bool],
    tell: Callable[[int], None] = lambda _: None,
) -> tuple[int, int]:
    """Wait until all logs are stored, at most `timeout_s` seconds; return how many are stored and how many are not.

    `pause(seconds)` waits and says whether to stop; `tell` gets how many more were found. After the timeout every group
    that was not read yet is read once, so that a log that is never stored does not hide the others.
    """
    until_s = monotonic() + timeout_s
    stored = 0
    stopped = False
    for group in log_ids.groups():
        wanted = Counter(group)  # Two records may have brought the same id, and a call takes a key once.
        pause_s = _FIRST_PAUSE_S
        while True:
            found = sum(wanted.pop(log_id) for log_id in _stored(client, table, tenant, wanted))
            stored += found
            tell(found)
            if not wanted or stopped or monotonic() >= until_s:
                break
            stopped = pause(min(pause_s, max(0.0, until_s - monotonic())))
            pause_s = min(_MAX_PAUSE_S, 2 * pause_s)
        if stopped:
            break
    return stored, len(log_ids) - stored


def _stored(client: "DynamoDBClient", table: str, tenant: str, wanted: Iterable[str]) -> set[str]:
    """Return the ids that are in the table now. A key that the call left unprocessed is read the next time."""
    keys = [{"tenant_id": {"S": tenant}, "log_id": {"S": log_id}} for log_id in sorted(wanted)]
    answer = client.batch_get_item(
        RequestItems={table: {"Keys": keys, "ProjectionExpression": "log_id", "ConsistentRead": True}}
    )
    return {item["log_id"]["S"] for item in answer["Responses"].get(table, [])}
