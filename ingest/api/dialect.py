"""What a dialect is: an object that says its routes, reads a request into records, and words every answer.

Each lives in one file of `dialects/`, whose list (`dialects.LATER`) is all that names it.
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
    """One log as the client sent it, unchecked: `parse` judges the values, whatever their types. None: not given.

    `event_at` is the sender's own time as `event_time.event_at` reads it; the member that said it stays in `fields`.
    """

    text: Any
    tenant_id: Any = None
    log_id: Any = None
    fields: dict[str, Any] | None = None
    event_at: str | None = None
    severity: Severity | None = None


class Records(msgspec.Struct, frozen=True):
    """What a request holds, in order; what could not be read stands as the `Rejected` that says why.

    A lone record (not `is_batch`) that is refused refuses the request. `source` is the dialect's word for where the
    logs come from. `tenant_id` is what an envelope around the records names, of any type. `aside` is what the dialect's
    `answer` must know of the body and no record holds: it comes back as `parsed.aside`.
    """

    records: Sequence["Record | Rejected"]
    is_batch: bool
    source: Source
    tenant_id: Any = None
    aside: Any = None


class Dialect(NamedTuple):
    """How one kind of client speaks.

    - `routes` carry logs. `handshakes` are the requests that carry none, each with its answer: no credentials are asked
      for, and nothing is written.
    - `read(request)` returns the request's records. It raises `Rejected` when nothing can be read, and nothing else.
    - `answer(parsed, not_enqueued, request)` words what became of the records: all taken, some or all refused
      (`parsed.rejected`), or some not acknowledged by the queue, by their positions in `parsed.messages`.
    - `refuse(rejected, request)` words the refusal of the whole: a bad request (whose body is then b"", if that is what
      is wrong with it), bad credentials (401 and 403, and 503 where they can't be checked now), a quota used up. Where
      the same request is taken later, `rejected.retry_after_s` says when.
    - `takes_empty`: a batch of no records is a success, and no `empty_batch`.
    - `takes_slash`: its server takes one slash behind a path of its routes as no part of it.
    - `takes_empty_text`: a log whose text is "" is a log, and no `empty_text`. One whose text is None never is.
    """

    routes: Sequence[Route]
    read: Callable[["Request"], Records]
    answer: Callable[["Parsed", frozenset[int], "Request"], "Response"]
    refuse: Callable[["Rejected", "Request"], "Response"]
    handshakes: Mapping[Route, Callable[["Request"], "Response"]] = {}
    takes_empty: bool = False
    takes_empty_text: bool = True
    takes_slash: bool = False
