"""A length that is none, over the front, for every dialect's bodies: a refusal in the dialect's words, never a 5xx."""

import asyncio
import base64
from collections import defaultdict
from collections.abc import Callable
from http.client import responses

import pytest

from infra.local.front_server import parse
from tests.unit.infra.local.test_front_server import Engine, exchange, through
from tests.unit.ingest.api.dialects.planted import SAMPLES, Sample
from tests.unit.ingest.conftest import Ingest

_PREFIX = "/_aws/execute-api/abc"
_TEXT_TYPES = (b"text/", b"application/json")


class _Functions(Engine):
    """An engine whose function is the ingest Lambda over fakes, one for each sample; a header names it."""

    def __init__(self) -> None:
        super().__init__()
        self.ingests: dict[str, Ingest] = defaultdict(Ingest)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Read one request and answer it."""
        head = parse(await reader.readuntil(b"\r\n\r\n"))
        body = await reader.readexactly(int(head.value(b"content-length") or b"0"))
        path = head.target.decode().removeprefix(_PREFIX)
        is_text = head.value(b"content-type").startswith(_TEXT_TYPES)
        headers = {name.decode().lower(): value.decode() for name, value in head.headers}
        answer = self.ingests[headers["x-sample"]](
            {
                "headers": headers,
                "requestContext": {"requestId": "r", "http": {"method": head.method.decode(), "path": path}},
                "body": body.decode(errors="replace") if is_text else base64.b64encode(body).decode(),
                "isBase64Encoded": not is_text,
            }
        )
        said = base64.b64decode(answer["body"]) if answer["isBase64Encoded"] else answer["body"].encode()
        lines = [f"HTTP/1.1 {answer['statusCode']} {responses[answer['statusCode']]}"]
        lines += [f"{name}: {value}" for name, value in answer["headers"].items()]
        writer.write("\r\n".join([*lines, f"Content-Length: {len(said)}", "", ""]).encode() + said)
        await writer.drain()
        writer.close()

    def texts(self, name: str) -> list[str]:
        """The texts that a sample's function enqueued."""
        return [message.text for message in self.ingests[name].enqueued]


def _request(name: str, sample: Sample, length: Callable[[int], bytes]) -> bytes:
    body = sample.write(sample.tree)
    lines = [f"POST {sample.path} HTTP/1.1", "X-Tenant-ID: acme", f"Content-Type: {sample.content_type}"]
    head = "\r\n".join([*lines, f"X-Sample: {name}", "Content-Length: "]).encode()
    return head + length(len(body)) + b"\r\n\r\n" + body


def _answers(functions: _Functions, length: Callable[[int], bytes]) -> dict[str, bytes]:
    """Return all that comes back of each sample with that length, on a connection that its client closes behind it."""

    async def ask(port: int, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        writer.write_eof()
        answer = await reader.read()
        writer.close()
        return answer

    async def talk(port: int) -> dict[str, bytes]:
        return {name: await ask(port, _request(name, sample, length)) for name, sample in SAMPLES.items()}

    answers: dict[str, bytes] = through(functions, talk)
    return answers


def test_a_length_that_is_right_is_taken() -> None:
    """Each sample is stored: what the others lose is their lengths' fault."""
    functions = _Functions()
    answers = _answers(functions, lambda size: b"%d" % size)
    assert [name for name, answer in answers.items() if not answer.startswith(b"HTTP/1.1 20")] == []
    assert [name for name in SAMPLES if not functions.texts(name)] == []


def test_a_body_longer_than_its_length_is_cut_there() -> None:
    """What is left is refused with its dialect's reason, or its sound part is taken; what is behind is no request."""
    functions = _Functions()
    for name, answer in _answers(functions, lambda size: b"%d" % (size - 3)).items():
        assert answer[9:10] in {b"2", b"4"}, (name, answer)
        first = answer.rpartition(b"HTTP/1.1 400 Bad Request")[0] or answer
        if first.startswith(b"HTTP/1.1 4"):
            assert functions.texts(name) == [], name
            assert b"invalid" in first.lower(), (name, answer)


def test_a_body_shorter_than_its_length_leaves_nothing() -> None:
    """The front waits for the rest; when the client is gone, so is the request."""
    functions = _Functions()
    assert set(_answers(functions, lambda size: b"%d" % (size + 9)).values()) == {b""}
    assert functions.ingests == {}


@pytest.mark.parametrize("length", [b"-1", b"+3", b"0x3", b"three", b"3, 4", b"1_0"])
def test_a_length_that_is_no_number_is_refused(length: bytes) -> None:
    """As API Gateway refuses it, before any dialect is asked."""
    functions = _Functions()
    answer = exchange(_request("Splunk HEC", SAMPLES["Splunk HEC"], lambda _: length), functions)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request")
    assert functions.ingests == {}
