"""Everything outside that an invocation uses: it reaches AWS, the clock and the process only through here."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from consumer.apart import Ended
from consumer.delay import Deferral
from consumer.item import Item
from consumer.returns import Returned
from consumer.verdict import Verdict
from ingest.contract.message import InternalMessage

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class HoldsItems(Protocol):
    """`consumer.store.Table`."""

    def insert(self, items: Sequence[Item], *, give_up_at_s: float) -> Iterator[tuple[int, Verdict]]:
        """Yield each item's position and verdict."""

    def stored_among(self, logs: Sequence[InternalMessage], *, give_up_at_s: float) -> frozenset[int]:
        """Return the positions of the logs that are stored for certain, or erased."""


class FindsErased(Protocol):
    """`consumer.tombstones.TenantTombstones.find`."""

    def __call__(self, messages: Sequence[InternalMessage], /, *, give_up_at_s: float) -> frozenset[int] | str:
        """Return the positions of the erased messages, or an error code if they are not known."""


class PutsOnStream(Protocol):
    """`consumer.pending.put_on_stream`."""

    def __call__(self, messages: Sequence[InternalMessage], *, give_up_at_s: float) -> frozenset[int]:
        """Return the positions that are not on the stream."""


class TakesPoison(Protocol):
    """`consumer.quarantine.Quarantine`."""

    def put(self, body: str, attributes: dict[str, str], *, give_up_at_s: float) -> str:
        """Return "" or why the message was not taken."""


class SendsBack(Protocol):
    """`consumer.send_back.send_back`."""

    def __call__(self, returned: Sequence[Returned], *, give_up_at_s: float) -> frozenset[int]:
        """Return the positions that the queue did not take."""


class WorksOnEach(Protocol):
    """`consumer.apart.apart` and `consumer.in_time.in_time`."""

    def __call__(
        self, work: Callable[[_Item], _Result], items: Sequence[_Item], /, *, budget_s: float
    ) -> list[_Result | Ended]:
        """Return what `work` makes of each item, or `Ended` for an item that gave no result."""


class Outside(NamedTuple):
    """Everything outside that an invocation uses. `hide` returns error codes by the log's name."""

    table: HoldsItems
    quarantine: TakesPoison
    erased: FindsErased
    put_on_stream: PutsOnStream
    hide: Callable[[Sequence[Deferral]], dict[str, str]]
    send_back: SendsBack
    now_ms: Callable[[], int]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]
    write_line: Callable[[str], object]
    end_process: Callable[[int], object]
    apart: WorksOnEach
    in_time: WorksOnEach
