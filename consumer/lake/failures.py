"""The lake's failures that a person is told about: what happened, to what, and what to do."""

from typing import Final

import duckdb
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException, RESTError
from requests.exceptions import RequestException
from sqlalchemy.exc import SQLAlchemyError

from consumer.lake.checkpoint import WrongLakeError
from consumer.lake.files import UnreadableFileError
from consumer.lake.query import QueryError
from consumer.lake.sync import LakeUnreachableError
from consumer.replay.attempts import StreamUnreadableError

TOLD: Final = (
    CommitFailedException,
    CommitStateUnknownException,
    LakeUnreachableError,
    OverflowError,
    QueryError,
    RESTError,
    RequestException,
    SQLAlchemyError,
    StreamUnreadableError,
    UnreadableFileError,
    WrongLakeError,
    duckdb.Error,
    pa.ArrowException,
)


def told(error: Exception) -> str:
    """Return what a person is told of one of `TOLD`: its own words, after what it happened to if they don't say."""
    match error:
        case SQLAlchemyError():
            words = getattr(error, "orig", None) or error
            return (
                f"The lake's catalog.sqlite cannot be used: {words}. Check that the disk is not full and the "
                f"file is yours."
            )
        case pa.ArrowException():
            return f"A file of the lake, or of an answer, cannot be read or written: {error}"
        case OverflowError():
            return f"A number or a time in the command or in a row is too large for a lake: {error}"
        case CommitFailedException() | CommitStateUnknownException():
            return f"Somebody else changed the table at the same time. Run it again. ({error})"
    return str(error)
