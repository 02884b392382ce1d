"""The whole corpus of records that every dialect must store as they were sent, or refuse alone (I13).

A case is one request: a record with something odd in it, between two sound ones. The expected results do not come from
ingest, but from Python's json with decimals, protobuf's library and msgpack's; text and time are written by hand.
`python -m tests.unit.ingest.api.dialects.unaltered` writes it.
"""

from tests.unit.ingest.api.dialects.unaltered import carriers, firehose, journal, loki, of_msgpack, otlp, text_lines
from tests.unit.ingest.api.dialects.unaltered.case import Case


def cases() -> dict[str, list[Case]]:
    """Return the corpus, by the names of its files."""
    others = {
        "otlp": otlp,
        "loki": loki,
        "firehose": firehose,
        "journal": journal,
        "msgpack": of_msgpack,
        "lines": text_lines,
    }
    of_carriers = {name: list(carriers.cases(name)) for name in carriers.CARRIERS}
    return of_carriers | {name: list(dialect.cases()) for name, dialect in others.items()}
