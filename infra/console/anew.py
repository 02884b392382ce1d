"""The application over a stack that may be deployed anew while the console runs."""

import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Generic, TypeVar

from anyio import to_thread
from botocore.exceptions import BotoCoreError, ClientError
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.stack import StackError

Found = TypeVar("Found")

_KEPT_S: Final = 5.0
"""How long what was found is taken to be still so: as often the flow asks. In AWS a look is one DescribeStacks."""


class Anew(Generic[Found]):
    """The application that `make` makes of what `find` finds. If something else is found later, it is made anew.

    If nothing is found then, the last one stays: its pages say what is wrong.
    """

    def __init__(
        self,
        find: Callable[[], Found],
        make: Callable[[Found], ASGIApp],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find, self._make, self._monotonic = find, make, monotonic
        self._found = find()
        self._app = make(self._found)
        self._looked_s = monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # The sign of life waits for nobody.
        is_asked = scope["type"] == "http" and scope["path"] != "/alive"
        if is_asked and self._monotonic() - self._looked_s > _KEPT_S:
            self._looked_s = math.inf  # One request looks at a time, and the others do not wait for it.
            try:
                await to_thread.run_sync(self._look)
            finally:
                self._looked_s = self._monotonic()
        await self._app(scope, receive, send)

    def _look(self) -> None:
        with suppress(StackError, BotoCoreError, ClientError):
            if (found := self._find()) != self._found:
                self._app, self._found = self._make(found), found
