"""One file a dialect: how a client speaks, and how it is answered. A new one is its file and its name in `ALL`."""

from typing import Final

from ingest.api.dialect import Dialect
from ingest.api.dialects import plain

ALL: Final[tuple[Dialect, ...]] = (plain.DIALECT,)
