"""Log through one unmodified client: `python senders.py CLIENT URL LOGS`.

Each log says its place, as `position`, and one among them is too long for a log: it must cost no other.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

_TOO_LONG = "x" * 170_001


def texts(logs: int) -> Iterator[tuple[int, str]]:
    """Yield the logs' places and texts; the one that is too long has the place -1."""
    for i in range(logs):
        if i == logs // 2:
            yield -1, _TOO_LONG
        yield i, f"log {i} of 555-0199: café ✓"


def _documents(logs: int) -> Iterator[dict[str, Any]]:
    for position, text in texts(logs):
        yield {"@timestamp": "2026-11-24T05:40:00.123Z", "message": text, "log.level": "warn", "position": position}


def _through(handler: Any, logs: int, drain: Callable[[Any], None] = lambda handler: handler.flush()) -> None:
    """Log through a handler of Python's logging, and wait until it has sent."""
    logger = logging.getLogger("shop")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    for position, text in texts(logs):
        logger.warning(text, extra={"position": position})
    drain(handler)
    handler.close()


def elasticsearch(url: str, logs: int) -> None:
    """Bulk helper of the official client, of whichever version is installed."""
    client = import_module("elasticsearch").Elasticsearch(url, api_key="aWQ6a2V5", request_timeout=60)
    assert client.info()["tagline"] == "You Know, for Search"
    actions = ({"_op_type": "create", "_index": "logs-shop", **document} for document in _documents(logs))
    taken, errors = import_module("elasticsearch.helpers").bulk(
        client, actions, chunk_size=10, raise_on_error=False, raise_on_exception=False, max_retries=2
    )
    assert (taken, [error["create"]["status"] for error in errors]) == (logs, [400])


def datadog(url: str, logs: int) -> None:
    """The API client, gzipped: one request of all logs."""
    api, models = import_module("datadog_api_client"), "datadog_api_client.v2.model"
    http_log, item = import_module(f"{models}.http_log").HTTPLog, import_module(f"{models}.http_log_item").HTTPLogItem
    gzip = import_module(f"{models}.content_encoding").ContentEncoding.GZIP
    place = urlsplit(url)
    configuration = api.Configuration(
        server_index=1, server_variables={"name": place.netloc + place.path, "protocol": "http"}
    )
    configuration.api_key["apiKeyAuth"] = "0" * 32
    configuration.enable_retry = True
    items = [
        item(message=text, service="shop", ddsource="python", status="warn", position=position)
        for position, text in texts(logs)
    ]
    with api.ApiClient(configuration) as client:
        import_module("datadog_api_client.v2.api.logs_api").LogsApi(client).submit_log(
            http_log(items), content_encoding=gzip
        )


def axiom(url: str, logs: int) -> None:
    """The API client."""
    events = [
        {"_time": "2026-11-24T05:40:00.123Z", "message": text, "level": "warn", "position": position}
        for position, text in texts(logs)
    ]
    client = import_module("axiom_py").Client("xaat-0", url=url)
    client.session.headers["X-Tenant-ID"] = urlsplit(url).path.rpartition("/")[2]  # It takes no path before its own.
    status = client.ingest_events("shop", events)
    assert (status.ingested, status.failed) == (logs, 1)


def logtail(url: str, logs: int) -> None:
    """Handler, whose thread sends msgpack."""
    _through(import_module("logtail").LogtailHandler("token", host=url, flush_interval=1), logs)


def seqlog(url: str, logs: int) -> None:
    """Handler, which sends batches of ten."""

    def drain(handler: Any) -> None:
        handler.log_queue.join()  # Its flush sends what its thread has taken from the queue.
        handler.flush()

    handler = import_module("seqlog.structured_logging").SeqLogHandler(url, api_key="key", batch_size=10)
    _through(handler, logs, drain)


def pygelf(url: str, logs: int) -> None:
    """Handler, which sends each log by itself, as zlib."""
    place = urlsplit(url)
    handler = import_module("pygelf").GelfHttpHandler(
        host=place.hostname,
        port=place.port,
        path=f"{place.path}/gelf",
        compress=True,
        include_extra_fields=True,
        timeout=60,
    )
    _through(handler, logs)


_SENDERS: dict[str, Callable[[str, int], None]] = {
    "axiom": axiom,
    "datadog": datadog,
    "elasticsearch": elasticsearch,
    "logtail": logtail,
    "pygelf": pygelf,
    "seqlog": seqlog,
}

if __name__ == "__main__":
    _SENDERS[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
