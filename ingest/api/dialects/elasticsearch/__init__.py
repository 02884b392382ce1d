"""Elasticsearch and OpenSearch, as clients speak to them: `bulk` reads logs, `handshakes` answers what comes before."""

from typing import Final

from ingest.api.dialect import Dialect
from ingest.api.dialects.elasticsearch import bulk
from ingest.api.dialects.elasticsearch.handshakes import HANDSHAKES

DIALECT: Final = Dialect(
    routes=bulk.ROUTES,
    read=bulk.read,
    answer=bulk.answer,
    refuse=bulk.refuse,
    handshakes=HANDSHAKES,
    takes_slash=True,
)
