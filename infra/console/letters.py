"""The view of the dead letters: what is there and why, sent back or removed after a preview and a confirmation."""

import secrets
import time
from bisect import insort
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any, Final, Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from consumer.apart import Ended, apart
from consumer.redact import TOKEN, Redactor
from infra.console.failures import told
from infra.console.pages import Pages
from infra.console.search import BadSearchError
from infra.dead_letter import DeadLetter, Filter
from infra.dead_letters import Redriven
from infra.stack import StackError
from ingest.contract import exact_json
from ingest.contract.message import InternalMessage, encode

Action = Literal["redrive", "purge"]

_MOST_SHOWN: Final = 100
_MOST_SHOWN_BYTES: Final = 4_000_000
_MOST_PLANS: Final = 20
_MAX_FORM_BYTES: Final = 4_096
_MOST_S: Final = 10.0
"""Seconds for the redaction of a page by an operator's patterns; the rules need milliseconds."""
_TOO_LONG: Final = "RedactionPatterns takes too long for this log. `rdp dlq show ID` shows it as it was sent."


class Plan(NamedTuple):
    """A change that was shown and waits for its confirmation: the letters by their ids, and the filter that found them.

    Only the letters with these ids are changed. The filter shows afterwards which other letters match.
    """

    action: Action
    wanted: Filter
    message_ids: frozenset[str]


class Seen(NamedTuple):
    """What a look found: how many of each (reason, tenant), the most first; the oldest letters, and all message ids."""

    groups: list[tuple[str, str, int]]
    oldest: list[DeadLetter]
    message_ids: frozenset[str]


class Letters(NamedTuple):
    """What the view touches. `look` yields all letters; `redactor()` returns None with `--raw`.

    `redrive` and `purge` take message ids; `purge` returns also where the removed ones are kept. `plans` holds the
    changes that were shown, by their name.
    """

    pages: Pages
    look: Callable[[], Iterable[DeadLetter]]
    redrive: Callable[[Collection[str]], Redriven]
    purge: Callable[[Collection[str]], tuple[Redriven, str]]
    redactor: Callable[[], Redactor | None]
    allow_changes: bool
    plans: dict[str, Plan]


def routes(letters: Letters) -> list[Route]:
    """Return what the view answers to."""
    return [
        Route("/dead-letters", told(letters.pages, partial(_page, letters))),
        Route("/dead-letters/preview", told(letters.pages, partial(_preview, letters))),
        Route("/dead-letters/change", partial(_change, letters), methods=["POST"]),
    ]


def shown(letter: DeadLetter, redactor: Redactor | None) -> str:
    """Return a letter's whole content as text: as it is, or redacted by the rules that the stored texts have.

    Redacted, it has a line for each log that it holds.
    """
    if redactor is None:
        return letter.body
    return "\n".join(_redacted(log, redactor) for log in letter.logs) or redactor.text(letter.body)


def shown_in_time(letters: Sequence[DeadLetter], redactor: Redactor | None) -> list[str]:
    """Return what `shown` returns for each letter, or that its redaction takes too long.

    A log that an operator's pattern cannot finish ends as a dead letter. It must stop nobody here either. A child
    process works on the letters, because the page is served by threads, and no thread could stop a pattern.
    """
    if redactor is None or redactor.is_linear:
        return [shown(letter, redactor) for letter in letters]
    done = apart(partial(shown, redactor=redactor), letters, budget_s=_MOST_S, monotonic=time.monotonic)
    return [f"{TOKEN}: {_TOO_LONG}" if isinstance(one, Ended) else one for one in done]


def _redacted(log: InternalMessage, redactor: Redactor) -> str:
    content: dict[str, Any] = exact_json.decoder().decode(encode(log))
    content["text"] = redactor.text(log.text)
    if log.fields:
        content["fields"] = redactor.fields(log.fields)
    return exact_json.encode(content).decode()


def see(letters: Iterable[DeadLetter], wanted: Filter) -> Seen:
    """Return what there is of the wanted letters. It holds the bodies of the oldest only, `_MOST_SHOWN_BYTES` at most.

    There may be 120,000 of them, of up to 1 MiB each.
    """
    counts: Counter[tuple[str, str]] = Counter()
    message_ids: set[str] = set()
    oldest: list[DeadLetter] = []
    for letter in letters:
        if wanted.takes(letter):
            counts[letter.reason, letter.tenant_id] += 1
            message_ids.add(letter.message_id)
            insort(oldest, letter, key=lambda one: (one.sent_ms, one.message_id))
            while len(oldest) > 1 and (len(oldest) > _MOST_SHOWN or _body_chars(oldest) > _MOST_SHOWN_BYTES):
                oldest.pop()
    groups = [(reason, tenant, count) for (reason, tenant), count in counts.most_common()]
    return Seen(groups, oldest, frozenset(message_ids))


def _body_chars(letters: Sequence[DeadLetter]) -> int:
    return sum(len(letter.body) for letter in letters)


def _page(letters: Letters, request: Request) -> Response:
    wanted = _filter(request)
    redactor = letters.redactor()
    seen = see(letters.look(), wanted)
    return letters.pages.answer(
        "letters",
        wanted=wanted,
        query=_query(wanted),
        groups=[(*group, _query(Filter(group[1], group[0]))) for group in seen.groups],
        letters=list(zip(seen.oldest, shown_in_time(seen.oldest, redactor), strict=True)),
        total=len(seen.message_ids),
    )


def _preview(letters: Letters, request: Request) -> Response:
    """Answer with what a change would do, and the form that confirms it."""
    _check_allowed(letters)
    wanted = _filter(request)
    action = _action(request.query_params.get("action", ""))
    seen = see(letters.look(), wanted)
    name = secrets.token_urlsafe(16)
    if seen.message_ids:
        while len(letters.plans) >= _MOST_PLANS:
            letters.plans.pop(next(iter(letters.plans)))
        letters.plans[name] = Plan(action, wanted, seen.message_ids)
    return letters.pages.answer(
        "letters_preview",
        action=action,
        name=name,
        groups=seen.groups,
        letters=seen.oldest,
        total=len(seen.message_ids),
        query=_query(wanted),
    )


async def _change(letters: Letters, request: Request) -> Response:
    """Do what was shown, once."""
    form = b""
    async for part in request.stream():
        form += part
        if len(form) > _MAX_FORM_BYTES:
            problem = "The form is larger than any form of this page. Open the page again and repeat it there."
            return letters.pages.answer("problem_page", status=413, problem=problem)
    name = dict(parse_qsl(form.decode("ascii", "replace"))).get("plan", "")
    return await to_thread.run_sync(told(letters.pages, partial(_do, letters, name)), request)


def _do(letters: Letters, name: str, _request: Request) -> Response:
    _check_allowed(letters)
    plan = letters.plans.pop(name, None)
    if plan is None:
        raise StackError("This was done already, or shown too long ago. Look at the dead letters again.")
    kept = ""
    if plan.action == "redrive":
        done = letters.redrive(plan.message_ids)
    else:
        done, kept = letters.purge(plan.message_ids)
    others = see(letters.look(), plan.wanted).message_ids - plan.message_ids
    return letters.pages.answer(
        "letters_done",
        action=plan.action,
        done=done,
        kept=kept,
        missing=len(plan.message_ids) - done.moved - sum(done.refused.values()),
        others=len(others),
        query=_query(plan.wanted),
    )


def _check_allowed(letters: Letters) -> None:
    if not letters.allow_changes:
        raise StackError("This console only shows. Start it with --allow-changes to send back or remove dead letters.")


def _action(name: str) -> Action:
    action: Action
    for action in ("redrive", "purge"):
        if action == name:
            return action
    raise BadSearchError("action", "It is no change that is known here: choose to send back or to remove.")


def _filter(request: Request) -> Filter:
    tenant = request.query_params.get("tenant")  # "" means the letters without a known tenant, not all letters.
    reason, id_ = (request.query_params.get(name) or None for name in ("reason", "id"))
    return Filter(tenant, reason, id_)


def _query(wanted: Filter) -> str:
    named = {"tenant": wanted.tenant_id, "reason": wanted.reason, "id": wanted.id}
    return urlencode({name: value for name, value in named.items() if value is not None})
