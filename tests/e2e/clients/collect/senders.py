"""Log through one unmodified client: `python senders.py CLIENT URL LOGS`. The tenant stands in the URL's path."""

import logging
import socket
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path


def _log(handler: logging.Handler, logs: int) -> None:
    logger = logging.getLogger("shop")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    for position in range(logs):
        logger.warning("log %d of 555-0199: café ✓", position, extra={"position": position})


def otlp(url: str, logs: int) -> None:
    """OpenTelemetry's SDK, protobuf over HTTP, gzipped, batches of ten."""
    http = import_module("opentelemetry.exporter.otlp.proto.http")
    exporter = import_module("opentelemetry.exporter.otlp.proto.http._log_exporter")
    sdk = import_module("opentelemetry.sdk._logs")
    export = import_module("opentelemetry.sdk._logs.export")
    provider = sdk.LoggerProvider()
    to_url = exporter.OTLPLogExporter(f"{url}/v1/logs", compression=http.Compression.Gzip, timeout=60)
    provider.add_log_record_processor(export.BatchLogRecordProcessor(to_url, max_export_batch_size=10))
    _log(sdk.LoggingHandler(logger_provider=provider), logs)
    provider.force_flush(60_000)  # A shutdown ends what is tried again.
    provider.shutdown()


def rotel(url: str, logs: int) -> None:
    """Rotel, a collector, between OpenTelemetry's SDK and this service; it runs until it is killed.

    It waits longer for an answer than its 5 s. What it waited for in vain it sends again, but no request that was cut:
    on a busy machine a cut may come after 5 s.
    """
    program = Path(import_module("rotel").__file__ or "").parent / "rotel-agent"
    held = socket.socket()  # Bound until the end, so that nobody gets the port before Rotel, which can share it.
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", 0))
    port = held.getsockname()[1]
    command = [str(program), "start", "--otlp-http-endpoint", f"127.0.0.1:{port}"]
    command += ["--otlp-grpc-endpoint", "127.0.0.1:0", "--exporter", "otlp", "--otlp-exporter-protocol", "http"]
    command += ["--otlp-exporter-endpoint", url, "--otlp-exporter-request-timeout", "120s"]
    agent = subprocess.Popen(command)  # noqa: S603 - from its wheel
    while not _listens(port):
        assert agent.poll() is None, agent.returncode
        time.sleep(0.05)
    otlp(f"http://127.0.0.1:{port}", logs)
    agent.wait()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        # A port that nobody listens at may be given to the very socket that asks, which then reaches itself.
        return tried.connect_ex(("127.0.0.1", port)) == 0 and tried.getsockname() != tried.getpeername()


def splunk(url: str, logs: int) -> None:
    """splunk-handler, whose thread sends what its queue holds."""
    module = import_module("splunk_handler")
    handler = module.SplunkHandler(
        "", 0, "key", "main", url=f"{url}/services/collector/event", protocol="http", flush_interval=1
    )
    _log(handler, logs)
    handler.force_flush()
    handler.shutdown()


def loki(url: str, logs: int) -> None:
    """python-logging-loki: a request a log."""
    module = import_module("logging_loki")
    handler = module.LokiHandler(f"{url}/loki/api/v1/push", tags={"app": "shop"}, auth=("u", "key"), version="1")
    _log(handler, logs)


if __name__ == "__main__":
    _, client, base, count = sys.argv
    {"otlp": otlp, "rotel": rotel, "splunk": splunk, "loki": loki}[client](base, int(count))
