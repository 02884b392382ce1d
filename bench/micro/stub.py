"""A stub of AWS on loopback for CPU measurements: it answers SQS, Kinesis and DynamoDB calls at once, keeps nothing.

It runs in a process of its own, so that its work does not count as the measured program's.
"""

import asyncio
import contextlib
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

import orjson

_END_OF_HEADERS: Final = b"\r\n\r\n"
_MD5_OF_NOTHING: Final = hashlib.md5(usedforsecurity=False).hexdigest()


def answer(target: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return AWS's answer to a successful call of the operation in the `X-Amz-Target` header."""
    operation = target.rpartition(".")[2]
    if operation == "SendMessage":
        return {"MessageId": "m", "MD5OfMessageBody": _MD5_OF_NOTHING}
    if operation == "SendMessageBatch":
        done = [{"Id": e["Id"], "MessageId": "m", "MD5OfMessageBody": _MD5_OF_NOTHING} for e in body["Entries"]]
        return {"Successful": done, "Failed": []}
    if operation == "PutRecords":
        taken = {"SequenceNumber": "1", "ShardId": "shardId-000000000000"}
        return {"FailedRecordCount": 0, "Records": [taken] * len(body["Records"])}
    if operation == "BatchExecuteStatement":
        return {"Responses": [{"TableName": "logs"}] * len(body["Statements"])}
    if operation == "BatchGetItem":
        return {"Responses": {}, "UnprocessedKeys": {}}  # No item: nothing was erased.
    return {}  # PutItem, ChangeMessageVisibility, ...


class _Aws(asyncio.Protocol):
    def __init__(self) -> None:
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(_END_OF_HEADERS)) >= 0:
            lines = self._received[:end].decode("latin-1").split("\r\n")[1:]
            headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
            stop = end + len(_END_OF_HEADERS) + int(headers.get("content-length", "0"))
            if len(self._received) < stop:
                return
            body, self._received = self._received[end + len(_END_OF_HEADERS) : stop], self._received[stop:]
            answered = orjson.dumps(answer(headers["x-amz-target"], orjson.loads(body)))
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: r\r\n"
                b"Content-Length: %d\r\n\r\n" % len(answered) + answered
            )


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Aws, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextlib.contextmanager
def running() -> Iterator[str]:
    """Run the stub in a process of its own; the value is its URL."""
    process = subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours
    try:
        assert process.stdout is not None  # noqa: S101 - stdout=PIPE
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    asyncio.run(_serve())
