"""What every dialect must give back as it was sent, or refuse, it alone (I13): the whole corpus.

A case is one request: a record with something odd in it, between two sound ones. What is due of each record is said by
others than ingest: Python's json with decimals, protobuf's own library, msgpack's, and by hand what becomes text and
time. `python -m tests.unit.ingest.api.dialects.unaltered` writes it.
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
