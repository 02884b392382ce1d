"""Shippers from their registries: each reads a file of lines and sends the lines added to it, until it is killed.

Each function returns the command of one shipper, which ships `shop.log` in `folder` to `url`. It first writes the
configuration shown in ingest/DIALECTS.md into `folder`. A shipper that cannot set a path sends to the root of `url`.
"""

import shlex
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tests.e2e import client_packages

_SOURCES: Final = Path(__file__).parent / "clients"
_LIBRARIES: Final = ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/syslog-ng", "lib/systemd")


class Shipper(NamedTuple):
    """How a shipper is run (a function from URL and folder to the command), and the source of its logs."""

    command: Callable[[str, Path], list[str]]
    source: str


def _wheel(lock: Path, package: str) -> Path:
    return next(client_packages.python(lock).parents[1].glob(f"lib/python*/site-packages/{package}"))


def _debian(program: str, *arguments: str) -> list[str]:
    root = client_packages.debian(_SOURCES / "shippers" / "debian.txt")
    libraries = ":".join(str(root / place) for place in _LIBRARIES)
    return ["/usr/bin/env", f"LD_LIBRARY_PATH={libraries}", str(root / program), *arguments]


def _collector(url: str, folder: Path) -> list[str]:
    binary = _wheel(_SOURCES / "shippers" / "clients.lock", "otel_collector") / "bin/otelcol-contrib_linux_amd64"
    binary.chmod(0o755)
    (folder / "otel.yaml").write_text(
        f"""
receivers:
  filelog: {{include: [{folder}/shop.log], start_at: beginning}}
exporters:
  otlphttp: {{endpoint: "{url}"}}
service:
  pipelines: {{logs: {{receivers: [filelog], exporters: [otlphttp]}}}}
  telemetry: {{metrics: {{level: none}}}}
"""
    )
    return [str(binary), "--config", str(folder / "otel.yaml")]


def _filebeat(url: str, folder: Path) -> list[str]:
    """Return the command; Filebeat asks for version, license, policy and template before it sends."""
    (binary,) = _wheel(_SOURCES / "python" / "clients.lock", "filebeat").glob("*-linux-*/filebeat")
    binary.chmod(0o755)
    place = urlsplit(url)
    (folder / "filebeat.yml").write_text(
        f"""
filebeat.inputs: [{{type: filestream, id: shop, paths: ["{folder}/shop.log"]}}]
output.elasticsearch: {{hosts: ["{place.scheme}://{place.netloc}"], path: "{place.path}", api_key: "id:key"}}
"""
    )
    places = ["--path.home", str(folder), "--path.data", str(folder / "data")]
    return [str(binary), "--strict.perms=false", "-e", "-c", str(folder / "filebeat.yml"), *places]


def _fluent_bit(output: str, options: Mapping[str, str], url: str, folder: Path) -> list[str]:
    """Return the command of Fluent Bit's output, run in a pipeline of Tenzir; {path} in an option is the URL's path."""
    tenzir = _wheel(_SOURCES / "shippers" / "clients.lock", "tenzir") / "bundled/bin/tenzir"
    for program in (tenzir, tenzir.parents[1] / "libexec/tenzir-engine"):
        program.chmod(0o755)
    place = urlsplit(url)
    given = {"host": place.hostname or "", "port": str(place.port), "retry_limit": "no_limits", **options}
    said = ", ".join(f'{name}: "{value.replace("{path}", place.path)}"' for name, value in given.items())
    service = 'flush: "0.3", "scheduler.base": "1", "scheduler.cap": "2"'
    (folder / "pipeline.tql").write_text(
        f"""
from_stdin {{ read_lines }}
this = {{message: line, level: "warn"}}
to_fluent_bit "{output}", options={{{said}}}, fluent_bit_options={{{service}}}
"""
    )
    tail = f"tail --lines=+1 --follow {shlex.quote(str(folder / 'shop.log'))}"
    return ["/bin/sh", "-c", f"{tail} | {shlex.quote(str(tenzir))} -f {shlex.quote(str(folder / 'pipeline.tql'))}"]


def _rsyslog(url: str, folder: Path) -> list[str]:
    modules = client_packages.debian(_SOURCES / "shippers" / "debian.txt") / "usr/lib/x86_64-linux-gnu/rsyslog"
    (folder / "rsyslog.conf").write_text(
        f"""
global(workDirectory="{folder}")
module(load="{modules}/imfile.so")
module(load="{modules}/omelasticsearch.so")
template(name="document" type="list" option.jsonf="on") {{
  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="host" name="hostname" format="jsonf")
  property(outname="severity" name="syslogseverity-text" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}}
input(type="imfile" File="{folder}/shop.log" Tag="shop" Severity="warning")
action(type="omelasticsearch" server="{url}" searchIndex="logs-shop" searchType="" template="document"
       bulkmode="on" maxBytes="4m" errorFile="{folder}/errors" action.resumeRetryCount="-1" action.resumeInterval="1")
"""
    )
    pid = ("-i", str(folder / "pid"))
    return _debian("usr/sbin/rsyslogd", "-n", "-M", str(modules), "-f", str(folder / "rsyslog.conf"), *pid)


def _syslog_ng(destination: str, url: str, folder: Path) -> list[str]:
    root = client_packages.debian(_SOURCES / "shippers" / "debian.txt")
    (folder / "syslog-ng.conf").write_text(
        f"""@version: 3.38
@include "{root}/usr/share/syslog-ng/include/scl/elasticsearch/elastic-http.conf"
options {{ time-reopen(1); }};
source shop {{ file("{folder}/shop.log" flags(no-parse) default-severity(warning) read-old-records(yes)); }};
destination rdp {{ {destination.replace("URL", url)} }};
log {{ source(shop); destination(rdp); }};
"""
    )
    return _debian(
        "usr/sbin/syslog-ng",
        "-F",
        "--no-caps",
        f"--module-path={root}/usr/lib/syslog-ng/3.38",
        *("-f", str(folder / "syslog-ng.conf"), "-p", str(folder / "pid")),
        *("-c", str(folder / "control"), "-R", str(folder / "persist")),
    )


_SYSLOG_NG_ELASTICSEARCH: Final = 'elasticsearch-http(url("URL/_bulk") index("logs-shop") type(""));'
_SYSLOG_NG_HTTP: Final = """http(
  url("URL/ingest") method("POST") headers("Content-Type: application/x-ndjson") delimiter("\\n")
  body('$(format-json --scope rfc5424 --exclude DATE @timestamp=${ISODATE})') batch-lines(5000) batch-timeout(500));"""


def _journal_upload(url: str, folder: Path) -> list[str]:
    """Return the command; it restarts on failure, as its unit does. The journal is made of the file's lines."""
    made = "".join(
        f"__REALTIME_TIMESTAMP={1_795_839_981_038_000 + i}\n__MONOTONIC_TIMESTAMP={1000 + i}\n"
        f"_BOOT_ID=5d2e1a1c4b6f4c0b9a5d3e2f1a0b9c8d\nPRIORITY=4\nMESSAGE={line}\n\n"
        for i, line in enumerate((folder / "shop.log").read_text().splitlines())
    )
    (folder / "shop.export").write_text(made)
    journal, state = folder / "shop.journal", folder / "state"
    into = shlex.join(_debian("lib/systemd/systemd-journal-remote", "-o", str(journal), "-"))
    upload = shlex.join(
        _debian("lib/systemd/systemd-journal-upload", f"--url={url}", f"--file={journal}", f"--save-state={state}")
    )
    again = f"while ! {upload}; do sleep 0.2; done"
    return ["/bin/sh", "-c", f"{into} < {shlex.quote(str(folder / 'shop.export'))}; {again}"]


def _rotel(url: str, folder: Path) -> list[str]:
    """Return the command; Rotel reads no files, so OpenTelemetry's SDK sends it as many logs."""
    python = client_packages.python(_SOURCES / "collect" / "clients.lock")
    lines = len((folder / "shop.log").read_text().splitlines())
    return [str(python), str(_SOURCES / "collect" / "senders.py"), "rotel", url, str(lines)]


SHIPPERS: Final[Mapping[str, Shipper]] = {
    "filebeat": Shipper(_filebeat, "elasticsearch"),
    "fluent-bit-datadog": Shipper(partial(_fluent_bit, "datadog", {"apikey": "key"}), "datadog"),
    "fluent-bit-es": Shipper(
        partial(_fluent_bit, "es", {"path": "{path}", "suppress_type_name": "on"}), "elasticsearch"
    ),
    "fluent-bit-gelf": Shipper(
        partial(_fluent_bit, "http", {"uri": "{path}/gelf", "format": "gelf", "gelf_short_message_key": "message"}),
        "gelf",
    ),
    "fluent-bit-http": Shipper(partial(_fluent_bit, "http", {"uri": "{path}/ingest", "format": "json"}), "json_upload"),
    "fluent-bit-loki": Shipper(
        partial(_fluent_bit, "loki", {"uri": "{path}/loki/api/v1/push", "labels": "job=shop"}), "loki"
    ),
    "fluent-bit-otlp": Shipper(partial(_fluent_bit, "opentelemetry", {"logs_uri": "{path}/v1/logs"}), "otlp"),
    "fluent-bit-splunk": Shipper(partial(_fluent_bit, "splunk", {"splunk_token": "key"}), "splunk_hec"),
    "otel-collector": Shipper(_collector, "otlp"),
    "rotel": Shipper(_rotel, "otlp"),
    "rsyslog": Shipper(_rsyslog, "elasticsearch"),
    "syslog-ng-elasticsearch": Shipper(partial(_syslog_ng, _SYSLOG_NG_ELASTICSEARCH), "elasticsearch"),
    "syslog-ng-http": Shipper(partial(_syslog_ng, _SYSLOG_NG_HTTP), "json_upload"),
    "systemd-journal-upload": Shipper(_journal_upload, "journal"),
}
