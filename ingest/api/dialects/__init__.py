"""One file a dialect: how a client speaks, and how it is answered. A new one is its file and its line in `LATER`.

What a cold start pays for is the specification's own dialect; another is loaded by the first request that may be its.
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
"""A dialect's file, and the first segments of its routes' paths, `{}` for any at all (a test compares the routes)."""


def load(name: str) -> tuple[Dialect, ...]:
    """Return the dialects of a file in `LATER`: its `DIALECT`, or its `DIALECTS`."""
    file = import_module(f"{__name__}.{name}")
    dialects: tuple[Dialect, ...] = file.DIALECTS if hasattr(file, "DIALECTS") else (file.DIALECT,)
    return dialects


class _All:
    """Every dialect, loaded as it comes."""

    def __iter__(self) -> Iterator[Dialect]:
        yield from AT_ONCE
        for name in LATER:
            yield from load(name)


ALL: Final = _All()
