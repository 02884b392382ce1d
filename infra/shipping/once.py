"""Sends a file from its beginning to its end, and counts the results of its lines."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from infra.shipping import content, log_file, shipment
from infra.shipping.log_file import Empty, Line, Undecodable
from infra.shipping.records import as_record
from infra.shipping.sender import Sender, Tally
from infra.shipping.source import Source
from infra.shipping.stored import LogIds


class Asked(NamedTuple):
    """How to send: URL, tenant, additional headers (credentials), and the encoding of the file.

    With `text` a file with NUL bytes is sent too. With `ndjson` a line that is a JSON object is sent as a record.
    """

    url: str
    tenant: str
    name: str = ""
    headers: Mapping[str, str] = {}
    connections: int = 4
    batch: int = 100
    encoding: str = "utf-8"
    text: bool = False
    ndjson: bool = False


@dataclass
class Sent:
    """The results of the lines. `lost` says why sending ended early; `broken_off` says that lines were not sent.

    `held_back`: the last line was not sent, because it has no line end and the file is still written.
    """

    tally: Tally = field(default_factory=Tally)
    empty: int = 0
    lines_read: int = 0
    held_back: bool = False
    broken_off: bool = False
    lost: str = ""


def ship(
    source: Source,
    asked: Asked,
    *,
    stop: threading.Event,
    taken: LogIds | None = None,
    tell: Callable[[int], None] = lambda _: None,
) -> Sent:
    """Send the source until its end or until `stop`; return the results of its lines.

    `taken` gets the ids of the logs that ingest accepted; `tell` gets, now and then, how many lines were answered.

    Raises:
        NotTextError: it is packed, damaged or binary; the message says what to do.
    """
    stream, encoding = content.as_lines_of_bytes(
        source.stream, asked.encoding, name=source.name, even_with_nul=asked.text
    )
    sent = Sent()
    answered = 0

    def on_lines(count: int) -> None:
        nonlocal answered
        answered += count
        tell(answered)

    def on_accepted(lines: Sequence[Line]) -> None:
        if taken is not None:
            taken.add([line.log_id for line in lines])

    def unfinished() -> bool:
        sent.held_back = source.grows()
        return sent.held_back

    sender = Sender(
        asked.url,
        asked.tenant,
        connections=asked.connections,
        on_lines=on_lines,
        on_accepted=on_accepted,
        headers=asked.headers,
        stop=stop,
    )
    sent.tally = sender.tally
    lines = log_file.read(stream, log_file.start(asked.tenant, asked.name), encoding, unfinished=unfinished)
    decoded = _decodable(lines, sent)
    requests = shipment.requests(map(as_record, decoded) if asked.ndjson else decoded, asked.tenant, asked.batch)
    sent.broken_off = not sender.run(requests)
    sent.lost = sender.lost
    return sent


def _decodable(lines: Iterable[Line | Undecodable | Empty], sent: Sent) -> Iterator[Line]:
    for line in lines:
        sent.lines_read = line.number
        if isinstance(line, Line):
            yield line
        elif isinstance(line, Empty):
            sent.empty += 1
        else:
            sent.tally.reject(line.number, "invalid_encoding")
