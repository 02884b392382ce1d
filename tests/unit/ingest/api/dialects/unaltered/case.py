"""One case of the corpus, and how a file holds it.

A line of a file has `name`, `path`, `content_type`, `body` (base64) and `due`: a log's members, or the reason for its
refusal.
"""

import base64
import json
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

FOLDER: Final = Path(__file__).parents[5] / "golden" / "unaltered"

Logs = list[dict[str, Any]]


class Case(NamedTuple):
    """One request and the expected result of each record: members of the log, or `{"refused": reason}`.

    A `text` that is `{"json": value}` is any JSON text of that value.
    """

    name: str
    path: str
    content_type: str
    body: bytes
    due: Logs


def decoded(text: bytes | str) -> Any:
    """Return JSON as Python's decoder reads it, with every digit; of a name that occurs twice, the last value."""
    return json.loads(text, parse_float=Decimal)


class _Exact(json.JSONEncoder):
    """Encodes decimals without loss, which Python's encoder cannot: as a text that `read` recognizes."""

    def default(self, value: Any) -> Any:
        return {"decimal": str(value)} if isinstance(value, Decimal) else super().default(value)


def lines(cases: list[Case]) -> str:
    """Return a file's text."""
    return "".join(
        json.dumps(case._asdict() | {"body": base64.b64encode(case.body).decode()}, cls=_Exact) + "\n" for case in cases
    )


def _exact(members: dict[str, Any]) -> Any:
    return Decimal(members["decimal"]) if members.keys() == {"decimal"} else members


def read(path: Path) -> list[Case]:
    """Return a file's cases."""
    found = [json.loads(line, object_hook=_exact) for line in path.read_text().splitlines()]
    return [Case(**(one | {"body": base64.b64decode(one["body"])})) for one in found]
