"""Connections to one service for several threads: no two calls share one at the same time."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from ingest.aws.connection import Connection


class Connections:
    """As many kept-alive connections as calls were made at once. A call takes the idle one that was used last."""

    def __init__(self, new: Callable[[], Connection]) -> None:
        """Make the first connection, so that a wrong environment shows at once. Its first call opens it."""
        self._new = new
        self._idle = deque([new()])

    def call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the service's answer. Raises: what `Connection.call` raises."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._new()
        try:
            return connection.call(operation, request)
        finally:
            self._idle.append(connection)
