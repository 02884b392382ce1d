"""The dialects, a file for each: how clients speak and are answered. A new one needs its file and a line in `LATER`.

A cold start loads only `plain`, the specification's own dialect. The first request that may be for another loads it.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Final

from ingest.api.dialect import Dialect
from ingest.api.dialects import plain

AT_ONCE: Final = (plain.DIALECT,)

LATER: Final[Mapping[str, tuple[str, ...]]] = {
    "axiom": ("v1",),
    "datadog": ("api", "v1"),
    "elasticsearch": ("{}",),
    "firehose": ("firehose",),
    "gelf": ("gelf",),
    "hosted": ("1", "api", "bulk", "inputs", "logs", "receiver"),
    "journal": ("upload",),
    "logtail": ("",),
    "loki": ("api", "loki", "ready"),
    "newrelic": ("log",),
    "otlp": ("otlp", "v1"),
    "seq": ("api", "ingest"),
    "splunk_hec": ("api", "services"),
}
"""Each dialect's file, and the first segments of its routes' paths; `{}` is any segment. A test compares the routes."""


def load(name: str) -> tuple[Dialect, ...]:
    """Return the dialects of a file in `LATER`: its `DIALECT`, or its `DIALECTS`."""
    file = import_module(f"{__name__}.{name}")
    dialects: tuple[Dialect, ...] = file.DIALECTS if hasattr(file, "DIALECTS") else (file.DIALECT,)
    return dialects


class _All:
    """Every dialect, loaded when an iteration reaches it."""

    def __iter__(self) -> Iterator[Dialect]:
        yield from AT_ONCE
        for name in LATER:
            yield from load(name)


ALL: Final = _All()
