"""The witness of all tests: it sees what passes through the two functions' code and what they write to their logs.

It watches the code that every log passes (the codec of messages, the reader of records, the builder of items) and all
ways to write a log line: standard output and error, `logging`, the consumer's `write_line`, the two functions that
format lines, and an exception that leaves the function, which Lambda's runtime writes as a traceback.
"""

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from types import FrameType, SimpleNamespace
from typing import Any, Final

import orjson
import pytest

import consumer.invocation
import consumer.outside
import consumer.process
import ingest.access.principal
import ingest.api.parse
import ingest.api.request
import ingest.contract.message
import ingest.contract.metrics
import ingest.sinks.publish
from consumer.item import Item
from ingest.access.presented import KEY_HEADERS
from ingest.api.dialect import Record
from ingest.api.request import Request
from ingest.contract.errors import POISON_REASONS, REJECT_REASONS, Rejected
from ingest.contract.message import InternalMessage
from tests.leaks import LEAD_CHARS, leaks

_STANDARD_STREAMS: Final = (1, 2)
_KEY_HEADERS: Final = ("authorization", *KEY_HEADERS)
_NAMES: Final = (*ingest.contract.metrics.METRICS, *REJECT_REASONS, *POISON_REASONS)


class Witness:
    """What was seen in one test: `texts` (the beginnings of texts, field values, bodies and keys) and `lines`.

    `known` are the ids and names that may be in lines. The methods called for each message are cheap, because the fault
    suite decodes millions of messages.
    """

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.known: set[str] = set()
        self.lines: dict[str, None] = {}  # An ordered set: most lines of a test are written more than once.

    def leaks(self) -> list[str]:
        """Return a sentence for each text that is in a line."""
        return leaks(self.lines, self.texts, known=(*_NAMES, *self.known))

    def forget(self) -> None:
        """Forget everything, for the start of a test."""
        self.texts.clear()
        self.known.clear()
        self.lines.clear()

    def see_message(self, message: InternalMessage) -> None:
        """Remember the log's text and its field values."""
        self.texts.add(message.text[:LEAD_CHARS])
        self.known.add(message.tenant_id)
        self.known.add(message.log_id)
        if message.fields:
            self.see_values(message.fields)

    def see_record(self, record: object, *_: object) -> None:
        """Remember the strings of a record as its dialect read it, whether the record was accepted or not."""
        if isinstance(record, Record):
            self.known |= {str(record.tenant_id), str(record.log_id)}
            self.see_values(record.text)
            self.see_values(record.fields)

    def see_item(self, item: Item) -> None:
        """Remember the redacted text and fields."""
        self.texts.add(item.modified_data[:LEAD_CHARS])
        if item.fields is not None:
            self.see_values(item.fields)

    def see_values(self, value: object) -> None:
        """Remember every string in a JSON value."""
        left = [value]
        while left:
            value = left.pop()
            if isinstance(value, str):
                self.texts.add(value[:LEAD_CHARS])
            elif isinstance(value, dict):
                left.extend(value.values())
            elif isinstance(value, list):
                left.extend(value)

    def see_request(self, request: Request) -> None:
        """Remember how the body begins, because its records may never be read, and the key or token."""
        self.see_body(request.body)
        for name in _KEY_HEADERS:
            if name in request.headers:
                self.see_key(request.headers[name])

    def see_body(self, body: bytes | str) -> None:
        """Remember how a body begins."""
        lead = body[:LEAD_CHARS]
        self.texts.add(lead if isinstance(lead, str) else lead.decode(errors="replace"))

    def see_key(self, key: str) -> None:
        """Remember the beginning and the end of an API key or a token, because all tokens begin alike."""
        credentials = key.rpartition(" ")[2]
        self.texts |= {credentials[:LEAD_CHARS], credentials[-LEAD_CHARS:]}

    def see_line(self, line: str) -> None:
        """Remember a line that a function wrote."""
        self.lines[line] = None

    def see_error(self, error: BaseException | None) -> None:
        """Remember what Lambda's runtime would write about an exception that left the function."""
        while error is not None:
            self.see_line(f"{type(error).__name__}: {error}")
            error = error.__cause__ or error.__context__


def in_a_function(frame: FrameType | None) -> bool:
    """Return whether a frame or one of its callers is Lambda code; `rdp replay` is not, its example Lambda is."""
    while frame is not None:
        name: str = frame.f_globals.get("__name__", "")
        if name.startswith(("ingest.", "consumer.")) and (
            not name.startswith("consumer.replay.") or name == "consumer.replay.lambda_example"
        ):
            return True
        frame = frame.f_back
    return False


def install(witness: Witness, patch: pytest.MonkeyPatch) -> None:
    """Install the witness until `patch` is undone; call this before tests import the watched functions by name."""
    decoder = ingest.contract.message._decoder

    def decode(encoded: bytes | str) -> InternalMessage:
        try:
            message = decoder.decode(encoded)
        except Exception:
            witness.see_body(encoded)
            raise
        witness.see_message(message)
        return message

    def dumps(*arguments: Any, **options: Any) -> bytes:
        line = orjson.dumps(*arguments, **options)
        witness.see_line(line.decode())
        return line

    # Every message was made by `parse` from a record, or was decoded.
    patch.setattr(ingest.contract.message, "_decoder", SimpleNamespace(decode=decode))
    _watch(patch, ingest.api.parse, "_message", before=witness.see_record)
    _watch(patch, consumer.process, "build", after=witness.see_item)
    _watch(patch, ingest.access.principal, "presented_key", after=witness.see_key)
    # An unforeseen exception that leaves one of these leaves the Lambda function too.
    _watch(patch, ingest.api.request, "from_event", after=witness.see_request, error=witness.see_error)
    _watch(patch, ingest.api.parse, "parse", error=witness.see_error)
    _watch(patch, ingest.sinks.publish, "publish", error=witness.see_error)
    _watch(patch, consumer.invocation, "consume", error=witness.see_error)
    patch.setattr(ingest.contract.metrics, "orjson", SimpleNamespace(dumps=dumps, Fragment=orjson.Fragment))
    _watch_write_line(patch, witness)
    _watch_os_write(patch, witness)
    root = logging.getLogger()
    patch.setattr(root, "handlers", [*root.handlers, _Handler(witness)])


@contextmanager
def watched_streams(witness: Witness) -> Iterator[None]:
    """Let the witness see what the functions write to the present standard output and error, until the block ends.

    The streams themselves are patched, because pytest's capture replaces those in `sys` during a test.
    """
    streams: list[Any] = [sys.stdout, sys.stderr]
    for stream in streams:
        stream.write = _seen_write(witness, stream.write)
    try:
        yield
    finally:
        for stream in streams:
            del stream.write


class _Handler(logging.Handler):
    """Takes the records that Lambda's own handler would write; Lambda's root logger is at WARNING."""

    def __init__(self, witness: Witness) -> None:
        super().__init__(logging.WARNING)
        self._witness = witness

    def emit(self, record: logging.LogRecord) -> None:
        if in_a_function(sys._getframe(1)):
            self._witness.see_line(self.format(record))


def _seen_write(witness: Witness, write: Callable[[str], int]) -> Callable[[str], int]:
    def seen(text: str) -> int:
        if in_a_function(sys._getframe(1)):
            witness.see_line(text)
        return write(text)

    return seen


def _watch_write_line(patch: pytest.MonkeyPatch, witness: Witness) -> None:
    position = consumer.outside.Outside._fields.index("write_line")

    def write_line(outside: tuple[Any, ...]) -> Callable[[str], object]:
        def seen(line: str) -> object:
            witness.see_line(line)
            return outside[position](line)

        return seen

    patch.setattr(consumer.outside.Outside, "write_line", property(write_line))


def _watch_os_write(patch: pytest.MonkeyPatch, witness: Witness) -> None:
    write = os.write

    def seen(descriptor: int, data: bytes) -> int:
        if descriptor in _STANDARD_STREAMS and in_a_function(sys._getframe(1)):
            witness.see_line(bytes(data).decode(errors="replace"))
        return write(descriptor, data)

    patch.setattr(os, "write", seen)


def _watch(
    patch: pytest.MonkeyPatch,
    module: object,
    name: str,
    *,
    before: Callable[..., object] | None = None,
    after: Callable[[Any], object] | None = None,
    error: Callable[[Exception], object] | None = None,
) -> None:
    """Pass a function's arguments, result or exception on, except a `Rejected`, which never leaves the Lambda."""
    function = getattr(module, name)

    @wraps(function)
    def seen(*arguments: Any, **named: Any) -> Any:
        if before is not None:
            before(*arguments)
        try:
            returned = function(*arguments, **named)
        except Exception as raised:
            if error is not None and not isinstance(raised, Rejected):
                error(raised)
            raise
        if after is not None:
            after(returned)
        return returned

    patch.setattr(module, name, seen)
