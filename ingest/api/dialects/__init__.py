"""One file a dialect: how a client speaks, and how it is answered. A new one is its file and its name in `ALL`."""

from typing import Final

from ingest.api.dialect import Dialect
from ingest.api.dialects import (
    axiom,
    datadog,
    elasticsearch,
    firehose,
    gelf,
    hosted,
    journal,
    logtail,
    loki,
    newrelic,
    otlp,
    plain,
    seq,
    splunk_hec,
)

ALL: Final[tuple[Dialect, ...]] = (
    plain.DIALECT,
    axiom.DIALECT,
    datadog.DIALECT,
    elasticsearch.DIALECT,
    firehose.DIALECT,
    gelf.DIALECT,
    journal.DIALECT,
    logtail.DIALECT,
    loki.DIALECT,
    newrelic.DIALECT,
    otlp.DIALECT,
    seq.DIALECT,
    splunk_hec.DIALECT,
    *hosted.DIALECTS,
)
