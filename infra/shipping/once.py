"""A file sent from its beginning to its end, with what became of its lines."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from infra.shipping import content, log_file, shipment
from infra.shipping.log_file import Empty, Line, Undecodable
from infra.shipping.sender import Sender, Tally
from infra.shipping.source import Source
from infra.shipping.stored import LogIds


class Asked(NamedTuple):
    """How to send: where, whose logs, with which headers beside (credentials), and how the bytes are text."""

    url: str
    tenant: str
    name: str = ""
    headers: Mapping[str, str] = {}
    connections: int = 4
    batch: int = 100
    encoding: str = "utf-8"
    text: bool = False


@dataclass
class Sent:
    """What became of the lines. `lost` says why nothing could be sent any more; `broken_off`, that lines were left."""

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
    """Send the source until its end or until `stop`; return what became of its lines.

    `taken` gets the ids of the logs that ingest accepted; `tell`, from time to time, how many lines were answered.

    Raises:
        NotTextError: there is nothing to send in it, or not without another option.
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
    requests = shipment.requests(_decodable(lines, sent), asked.tenant, asked.batch)
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
