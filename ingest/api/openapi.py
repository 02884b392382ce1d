"""The OpenAPI description of both APIs, served at `GET /openapi.json`. Its only source is `ingest/openapi.json`."""

from functools import cache
from pathlib import Path
from typing import Final

from ingest.api.events import Response
from ingest.api.request import Request

_SOURCE: Final = Path(__file__).parent.parent / "openapi.json"


def serve(_: Request) -> Response:
    """Return the document."""
    return {
        "statusCode": 200,
        "headers": {"content-type": "application/json"},
        "body": _document(),
        "isBase64Encoded": False,
    }


@cache  # Read at the first request for it: most functions never get one.
def _document() -> str:
    return _SOURCE.read_text(encoding="utf-8")
