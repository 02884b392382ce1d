"""What a page says if it could not be made: one sentence, never a traceback."""

from collections.abc import Callable
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from starlette.requests import Request
from starlette.responses import Response

from consumer.query.cursor import InvalidCursorError
from consumer.query.page import TableBusyError
from infra.console.pages import Pages
from infra.console.search import BadSearchError
from infra.stack import StackError
from infra.terminal.aws_failures import told_of_aws

_PASSES: Final = 500
"""From this status on the request was right, and may be answered later."""


class NoSuchLogError(Exception):
    """No stored log has this key; the text says which."""


def told(pages: Pages, answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Return `answer` with known failures turned into a page that says what happened. A defect stays an error."""

    def answered(request: Request) -> Response:
        try:
            return answer(request)
        except (BadSearchError, InvalidCursorError) as error:
            status, problem = 400, str(error)
        except NoSuchLogError as error:
            status, problem = 404, str(error)
        except TableBusyError as error:
            status, problem = 503, str(error)
        except StackError as error:
            status, problem = 502, str(error)
        except (BotoCoreError, ClientError) as error:
            status, problem = 502, told_of_aws(error)
        if "hx-request" not in request.headers:
            return pages.answer("problem_page", status=status, problem=problem)
        # What would pass is asked for again from where it was to stand: else a page would stay without it.
        again = f"{request.url.path}?{request.url.query}" if status >= _PASSES else ""
        return pages.answer("problem", status=status, problem=problem, again=again)

    return answered
