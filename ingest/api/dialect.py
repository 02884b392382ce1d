"""What a dialect is: an object that lists its routes, reads a request into records, and writes every answer.

Each dialect is one file of `dialects/`. Only the list there (`dialects.LATER`) names it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ingest.contract.message import Severity, Source

if TYPE_CHECKING:
    from ingest.api.events import Response
    from ingest.api.parse import Parsed
    from ingest.api.request import Request
    from ingest.contract.errors import Rejected

Route = tuple[str, str]
"""Method and path. A path's `{name}` stands for one segment and becomes the request's parameter of that name;
`{tenant}` names the tenant."""


class Record(NamedTuple):
    """One log as the client sent it, unchecked: values may have any type, and `parse` checks them. None: not given.

    `event_at` is the sender's own time as `event_time.event_at` returns it; the member that holds it stays in `fields`.
    """

    text: Any
    tenant_id: Any = None
    log_id: Any = None
    fields: dict[str, Any] | None = None
    event_at: str | None = None
    severity: Severity | None = None


class Records(msgspec.Struct, frozen=True):
    """The records of a request, in order, with a `Rejected` in place of each that could not be read.

    Without `is_batch` there is one record; if it is refused, so is the request. `source` is the dialect's name for
    where the logs come from. `tenant_id` is the tenant that an envelope around the records names, a value of any type.
    `aside` is what `answer` must know of the body and no record holds: it comes back as `parsed.aside`.
    """

    records: Sequence["Record | Rejected"]
    is_batch: bool
    source: Source
    tenant_id: Any = None
    aside: Any = None


class Dialect(NamedTuple):
    """How one kind of client speaks.

    - `routes` carry logs. `handshakes` are requests without logs, each with the function that answers it: they need no
      credentials, and nothing is written.
    - `read(request)` returns the request's records. It raises `Rejected` when nothing can be read, and nothing else.
    - `answer(parsed, not_enqueued, request)` answers a request that was read. `parsed.rejected` are the refused
      records; `not_enqueued` are positions in `parsed.messages` that the queue did not acknowledge.
    - `refuse(rejected, request)` answers a request that is refused as a whole: a bad request, bad credentials (401 and
      403, and 503 if they can't be checked now), or a quota used up. Its `request.body` is always b"". If the same
      request will be accepted later, `rejected.retry_after_s` says when.
    - `takes_empty`: a batch of no records is a success instead of `empty_batch`.
    - `takes_slash`: one slash at the end of a route's path is ignored, as the clients' own server does.
    - `takes_empty_text`: a log whose text is "" is accepted instead of `empty_text`. A text of None never is.
    """

    routes: Sequence[Route]
    read: Callable[["Request"], Records]
    answer: Callable[["Parsed", frozenset[int], "Request"], "Response"]
    refuse: Callable[["Rejected", "Request"], "Response"]
    handshakes: Mapping[Route, Callable[["Request"], "Response"]] = {}
    takes_empty: bool = False
    takes_empty_text: bool = True
    takes_slash: bool = False
