"""`python -m tests.unit.ingest.api.dialects.unaltered` writes tests/golden/unaltered/*.jsonl anew."""

from tests.unit.ingest.api.dialects.unaltered.case import FOLDER, lines
from tests.unit.ingest.api.dialects.unaltered.corpus import cases

for name, found in cases().items():
    (FOLDER / f"{name}.jsonl").write_text(lines(found))
