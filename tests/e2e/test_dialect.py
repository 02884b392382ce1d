"""One more dialect on the engine: its file and its name in the list, in the function's package."""

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from infra.package import build_here

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack, StartStack

_TOY: Final = Path(__file__).parent.parent / "toy_dialect.py"
_LIST: Final = "ingest/api/dialects/__init__.py"


def _with_the_toy() -> bytes:
    """Return ingest's package with one file more, and it named in the list."""
    with zipfile.ZipFile(io.BytesIO(build_here("ingest"))) as package:
        files = {name: package.read(name) for name in package.namelist()}
    names = files[_LIST].decode()
    longer = names.replace('    "axiom": ', '    "toy": ("toy",),\n    "axiom": ')
    assert longer != names
    files |= {_LIST: longer.encode(), "ingest/api/dialects/toy.py": _TOY.read_bytes()}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


@pytest.fixture(scope="module")
def toy_stack(start_stack: "StartStack") -> "LocalStack":
    """A stack of its own, whose ingest speaks one dialect more."""
    started = start_stack()
    name = started.stack.outputs["IngestFunctionName"]
    started.place.lambda_.update_function_code(FunctionName=name, ZipFile=_with_the_toy())
    return started


def test_a_new_dialect_is_answered_and_its_logs_are_stored(toy_stack: "LocalStack", eventually: "Eventually") -> None:
    """201 in its own words; the log stands in the table under its path's tenant."""
    answer = toy_stack.request("POST", "/toy/toy-tenant", b"hello\nbad")
    assert (answer.status, answer.body) == (201, {"took": 1, "bad": 1})
    (row,) = eventually(lambda: toy_stack.rows("toy-tenant"))
    assert row["original_text"] == {"S": "hello"}


def test_its_handshake_is_answered(toy_stack: "LocalStack") -> None:
    """Nothing is stored for it."""
    answer = toy_stack.request("GET", "/toy/quiet")
    assert (answer.status, answer.body) == (200, {"hello": "quiet"})


def test_the_first_dialect_is_answered_as_before(toy_stack: "LocalStack") -> None:
    """A path of neither dialect is not found."""
    assert toy_stack.post_text("acme", "hello").status == 202
    assert toy_stack.request("GET", "/health").status == 200
    assert toy_stack.request("POST", "/toy").status == 404


def test_the_tenant_before_any_path(toy_stack: "LocalStack", eventually: "Eventually") -> None:
    """A dialect knows nothing of the prefix; a HEAD is answered without a body."""
    assert toy_stack.request("POST", "/t/prefixed/ingest", b"hello", {"Content-Type": "text/plain"}).status == 202
    (row,) = eventually(lambda: toy_stack.rows("prefixed"))
    assert row["original_text"] == {"S": "hello"}
    assert toy_stack.request("HEAD", "/toy/quiet").status == 200


def test_an_empty_text_is_stored(toy_stack: "LocalStack", eventually: "Eventually") -> None:
    """A log of fields alone goes all the way."""
    assert toy_stack.request("POST", "/toy/toy-empty", b"\n").status == 201
    (row,) = eventually(lambda: toy_stack.rows("toy-empty"))
    assert (row["original_text"], row["modified_data"], row["source"]) == ({"S": ""}, {"S": ""}, {"S": "toy"})
