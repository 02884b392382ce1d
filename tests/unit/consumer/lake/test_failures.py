"""What a person is told when the lake fails."""

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitFailedException
from sqlalchemy.exc import DatabaseError, OperationalError

from consumer.lake import failures
from consumer.lake.checkpoint import WrongLakeError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (WrongLakeError("This lake is another's."), "This lake is another's."),
        (OperationalError("INSERT", {}, Exception("disk I/O error")), "catalog.sqlite cannot be used: disk I/O error"),
        (
            DatabaseError("SELECT", {}, Exception("file is not a database")),
            "file is not a database. Check that the disk is not full",
        ),
        (pa.ArrowInvalid("Parquet magic bytes not found"), "cannot be read or written: Parquet magic bytes not found"),
        (pa.ArrowNotImplementedError("no cast"), "A file of the lake"),
        (OverflowError("too large to convert"), "too large for a lake: too large to convert"),
        (CommitFailedException("branch main has changed"), "Run it again"),
    ],
)
def test_a_failure_says_what_happened_and_to_what(error: Exception, words: str) -> None:
    """A failure's message is one line that says what failed and at which object, without SQL of a library."""
    assert isinstance(error, failures.TOLD)
    assert words in failures.told(error)
    assert "[SQL" not in failures.told(error)
