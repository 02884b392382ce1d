"""The failures of a lake that a person is told in one line."""

from typing import Final

from pyiceberg.exceptions import RESTError
from requests.exceptions import RequestException

from consumer.lake.checkpoint import WrongLakeError
from consumer.lake.files import UnreadableFileError
from consumer.lake.query import QueryError
from consumer.lake.sync import LakeUnreachableError
from consumer.replay.attempts import StreamUnreadableError

TOLD: Final = (
    LakeUnreachableError,
    QueryError,
    RESTError,
    RequestException,
    StreamUnreadableError,
    UnreadableFileError,
    WrongLakeError,
)
