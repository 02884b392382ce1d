"""The cost model: dollars per million logs. Its calls, fill, line bytes and CPU time are measured. Pure.

AWS bills a function's wall time. On the engine that is no measurement: it waits 50 ms for a function that prints
nothing, and its calls do not leave the machine. So the time is put together: measured CPU time on the function's share
of a CPU, and `call_ms` for each call that the function waits for.
"""

import math
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

Service = Literal["api", "ingest", "sqs", "kinesis", "consumer", "dynamodb", "cloudwatch"]
SERVICES: Final[tuple[Service, ...]] = ("api", "ingest", "sqs", "kinesis", "consumer", "dynamodb", "cloudwatch")

_KIB: Final = 1024
_API_UNIT_BYTES: Final = 512 * _KIB
_SQS_UNIT_BYTES: Final = 64 * _KIB
_KINESIS_UNIT_BYTES: Final = _KIB
_PUT_UNIT_BYTES: Final = 25 * _KIB
_SHARD_BYTES_PER_S: Final = 1_000_000
_SHARD_RECORDS_PER_S: Final = 1_000
_SQS_BATCH: Final = 10
"""Messages that one SendMessageBatch, ReceiveMessage or DeleteMessageBatch takes (SQS API reference, November 2026). A
batch of more is gathered from several receives."""
_SQS_BYTES: Final = 1024 * _KIB
_GB: Final = 1e9
_HOURS_A_MONTH: Final = 730
_FULL_CPU_MB: Final = 1_769
"""Memory at which a function has one CPU; below, it has that share (Lambda, "Configure function memory", read in
November 2026). One thread gains nothing above."""
_LATE_AFTER_S: Final = 10  # consumer/item.py
_INSERTS: Final = 25  # Statements of a BatchExecuteStatement.
_USED: Final = 0.5
"""Part of bought capacity that the mean load uses: the rest is for the peaks."""

_ENVELOPE_BYTES: Final = 160
"""Bytes that the wire codec adds to a text: tenant, log_id, source, times and names (examples in tests/golden)."""
_ACCESS_LINE_BYTES: Final = 265
"""Bytes of the API's own line of a request that CloudWatch bills, its 26 an event included: the template's access log
format, filled in. The baseline has no access log."""
_VALUE_BYTES: Final = 9
"""Bytes that each further log adds to an invocation's log line: its end-to-end time, as in `65000.0, `."""
_ITEM_BYTES: Final = 260
"""Bytes of an item without its two texts: names and values of the other attributes."""


class Price(msgspec.Struct, frozen=True):
    """One list price and its source."""

    usd: float
    unit: str
    source: str


class Prices(msgspec.Struct, frozen=True):
    """The dated table `bench/cost/prices.json`."""

    region: str
    currency: str
    vintage: str
    prices: dict[str, Price]

    def usd(self, name: str) -> float:
        """Return a price. Raises: KeyError."""
        return self.prices[name].usd


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """The million logs and the stack's parameters; the defaults are the template's."""

    log_bytes: Annotated[int, Meta(ge=1, le=170_000, description="Mean bytes of a log.")] = 300
    logs_per_request: Annotated[int, Meta(ge=1, le=20_000, description="Logs in a request.")] = 100
    tenants_per_request: Annotated[int, Meta(ge=1, le=20_000, description="Tenants in a request.")] = 1
    batch_size: Annotated[
        int, Meta(ge=1, le=10_000, description="The parameter BatchSize: messages that a consumer invocation gets.")
    ] = 5
    logs_per_message: Annotated[
        int, Meta(ge=1, le=1_000, description="The parameter LogsPerMessage: logs in a queue message.")
    ] = 1
    own_ids: Annotated[float, Meta(ge=0, le=1, description="Share of the logs that bring their own id, 0 to 1.")] = 0.0
    seconds_per_char: Annotated[
        float,
        Meta(ge=0, le=60, description="The parameter SecondsPerChar: seconds of simulated work for each character."),
    ] = 0.0
    consumer_timeout_s: Annotated[float, Meta(ge=1, le=900, description="The parameter ConsumerTimeoutSeconds.")] = 50
    architecture: Annotated[Literal["arm64", "x86_64"], Meta(description="Processor of both functions.")] = "arm64"
    ingest_memory_mb: Annotated[int, Meta(ge=128, le=10_240, description="The parameter IngestMemoryMegabytes.")] = 512
    consumer_memory_mb: Annotated[
        int, Meta(ge=128, le=10_240, description="The parameter ConsumerMemoryMegabytes.")
    ] = 512
    call_ms: Annotated[float, Meta(ge=0, le=1_000, description="Milliseconds of a call to AWS. Not measured.")] = 10
    stream: Annotated[
        Literal["on_demand", "provisioned", "none"],
        Meta(description="Capacity mode of the stream; none: without a stream."),
    ] = "on_demand"
    logs_per_second: Annotated[
        float, Meta(ge=0.001, le=1e9, description="Load over which hourly prices are spread.")
    ] = 1_000


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured of one system.

    An ingest invocation takes `ingest_cpu_ms + ingest_cpu_ms_per_log * logs` ms of a whole CPU; the consumer's alike.
    `sends` and `puts` are calls made for each call needed: 1 when nothing is retried. `fill` is the share of the batch
    size that an invocation really got. Line bytes are those that CloudWatch bills, for each invocation; `alarms` and
    `metrics` are how many the stack has.
    """

    serial: bool
    ingest_cpu_ms: float
    ingest_cpu_ms_per_log: float
    consumer_cpu_ms: float
    consumer_cpu_ms_per_log: float
    sends: float
    puts: float
    fill: float
    ingest_log_bytes: float
    consumer_log_bytes: float
    metrics: int = 0
    alarms: int = 0


def per_million(setting: Setting, measured: Measured, prices: Prices) -> dict[Service, float]:
    """Return the dollars for a million logs by service, without free tiers, storage and the answers' transfer."""
    million = 1e6
    requests = million / setting.logs_per_request
    body_bytes = setting.logs_per_request * (setting.log_bytes + _ENVELOPE_BYTES / 2)
    in_batch = max(1.0, setting.batch_size * measured.fill)  # Messages.
    in_message = setting.logs_per_request / _messages(setting, measured)
    delay_s = setting.seconds_per_char * setting.log_bytes
    deferred = not measured.serial and delay_s > _budget_s(setting.consumer_timeout_s)
    worked = million / (in_batch * in_message)
    consumer_log_bytes = measured.consumer_log_bytes + _VALUE_BYTES * in_batch * (in_message - 1)
    invocations = worked * (2 if deferred else 1)
    waited_ms = 0.0 if deferred else 1000 * delay_s * (in_batch if measured.serial else 1)
    lambda_usd = prices.usd("lambda_per_million_requests") / million
    request_log_bytes = measured.ingest_log_bytes + (0 if measured.serial else _ACCESS_LINE_BYTES)
    log_gb = (requests * request_log_bytes + invocations * consumer_log_bytes) / _GB
    return {
        "api": requests * math.ceil(body_bytes / _API_UNIT_BYTES) / million * prices.usd("api_per_million_requests"),
        "ingest": requests
        * (lambda_usd + _time_usd(_ingest_ms(setting, measured), setting.ingest_memory_mb, setting, prices)),
        "sqs": _sqs(setting, measured, prices, requests=requests, worked=worked, deferred=deferred),
        "kinesis": 0.0 if measured.serial else _kinesis(setting, prices, requests) * measured.puts,
        "consumer": invocations * lambda_usd
        + worked
        * _time_usd(
            _consumer_ms(setting, measured, in_batch * in_message) + waited_ms,
            setting.consumer_memory_mb,
            setting,
            prices,
        ),
        "dynamodb": _write_units(setting, measured) * prices.usd("dynamodb_per_million_write_units"),
        "cloudwatch": log_gb * prices.usd("cloudwatch_per_gb_logs") + _watching(setting, measured, prices),
    }


def _time_usd(ms: float, memory_mb: int, setting: Setting, prices: Prices) -> float:
    """Return the dollars of an invocation's time, which is billed in whole ms."""
    gb_s_usd = prices.usd(f"lambda_{setting.architecture}_per_million_gb_s") / 1e6
    return math.ceil(ms) / 1000 * memory_mb / 1024 * gb_s_usd


def _ingest_ms(setting: Setting, measured: Measured) -> float:
    """Return the wall time of a request: its CPU time, then one PutRecords, then the sends, one after the other."""
    cpu_ms = measured.ingest_cpu_ms + measured.ingest_cpu_ms_per_log * setting.logs_per_request
    calls = math.ceil(_messages(setting, measured) / _SQS_BATCH) + (0 if measured.serial else 1)
    return _wall_ms(cpu_ms, setting.ingest_memory_mb) + calls * setting.call_ms


def _consumer_ms(setting: Setting, measured: Measured, logs: float) -> float:
    """Return the wall time of so many logs without their delay: 25 INSERTs a call; the serial worker's call a log.

    The CPU time of a log was measured with one log a message. With more logs a message this is an upper bound.
    """
    cpu_ms = measured.consumer_cpu_ms + measured.consumer_cpu_ms_per_log * logs
    calls = logs if measured.serial else math.ceil(logs / _INSERTS)
    return _wall_ms(cpu_ms, setting.consumer_memory_mb) + calls * setting.call_ms


def _wall_ms(cpu_ms: float, memory_mb: int) -> float:
    return cpu_ms * max(1.0, _FULL_CPU_MB / memory_mb)


def _watching(setting: Setting, measured: Measured, prices: Prices) -> float:
    """Return a million logs' part of the metrics and alarms, which are paid by the month."""
    million_logs_a_month = setting.logs_per_second * 3600 * _HOURS_A_MONTH / 1e6
    metrics_usd = measured.metrics * prices.usd("cloudwatch_per_metric_month")
    return (metrics_usd + measured.alarms * prices.usd("cloudwatch_per_alarm_month")) / million_logs_a_month


def _write_units(setting: Setting, measured: Measured) -> float:
    """Return a log's write units: one a kilobyte of its item, and one for each index that has an entry of it.

    The indexes hold only keys: `by_arrival` those of logs that bring an id, `by_late` those of logs that are stored
    late, as with a long simulated delay. The baseline has no index.
    """
    item = math.ceil((2 * setting.log_bytes + _ITEM_BYTES) / _KIB)
    late = setting.seconds_per_char * setting.log_bytes > _LATE_AFTER_S
    return item if measured.serial else item + setting.own_ids + late


def _budget_s(timeout_s: float) -> float:
    """Return how many seconds an invocation waits before it defers a log (the margins of consumer/invocation.py)."""
    return timeout_s - min(10.0, timeout_s / 2)


def _messages(setting: Setting, measured: Measured) -> int:
    """Return a request's number of messages: each of one tenant, with at most LogsPerMessage logs and SQS's 1 MiB."""
    most = min(setting.logs_per_message, max(1, _SQS_BYTES // (setting.log_bytes + _ENVELOPE_BYTES)))
    tenants = min(setting.tenants_per_request, setting.logs_per_request)
    if measured.serial or most == 1:
        return setting.logs_per_request
    return tenants * math.ceil(setting.logs_per_request / tenants / most)


def _sqs(
    setting: Setting, measured: Measured, prices: Prices, *, requests: float, worked: float, deferred: bool
) -> float:
    """Return SQS's dollars for a million logs: a call is billed by its 64 KiB units, however many messages it has."""
    messages = _messages(setting, measured)
    message_bytes = setting.logs_per_request / messages * (setting.log_bytes + _ENVELOPE_BYTES)
    in_batch = max(1.0, setting.batch_size * measured.fill)
    in_call = max(1, min(_SQS_BATCH, int(_SQS_BYTES // message_bytes)))
    full, rest = divmod(messages, in_call)
    chunks = full * math.ceil(in_call * message_bytes / _SQS_UNIT_BYTES)
    chunks += math.ceil(rest * message_bytes / _SQS_UNIT_BYTES)
    sends = requests * chunks * measured.sends
    # A batch is received and deleted in calls of ten messages, whatever BatchSize says.
    calls = math.ceil(in_batch / _SQS_BATCH)
    units = math.ceil(min(in_batch, _SQS_BATCH) * message_bytes / _SQS_UNIT_BYTES)
    receives = worked * (2 if deferred else 1) * calls * units
    deletes = worked * calls
    hides = worked * calls if deferred else 0.0
    usd = prices.usd("sqs_per_million_requests")
    if not measured.serial:  # The baseline sets no message group.
        usd += prices.usd("sqs_fair_queue_per_million_requests")
    return (sends + receives + deletes + hides) / 1e6 * usd


def _kinesis(setting: Setting, prices: Prices, requests: float) -> float:
    """Return Kinesis's dollars for a million logs: each tenant of a request has one aggregated record."""
    if setting.stream == "none":
        return 0.0
    logs_in_record = setting.logs_per_request / setting.tenants_per_request
    record_bytes = logs_in_record * (setting.log_bytes + _ENVELOPE_BYTES) + 40
    records = requests * setting.tenants_per_request
    million_logs_per_hour = setting.logs_per_second * 3600 / 1e6
    if setting.stream == "on_demand":
        rounded_gb = records * math.ceil(record_bytes / _KINESIS_UNIT_BYTES) * _KIB / _KIB**3
        hour = prices.usd("kinesis_on_demand_per_stream_hour") / million_logs_per_hour
        return rounded_gb * prices.usd("kinesis_on_demand_per_gb_in") + hour
    units = records * math.ceil(record_bytes / _PUT_UNIT_BYTES)
    records_per_s = setting.logs_per_second / logs_in_record
    load = max(records_per_s * record_bytes / _SHARD_BYTES_PER_S, records_per_s / _SHARD_RECORDS_PER_S)
    shards = math.ceil(load / _USED)
    shard_hour = prices.usd("kinesis_provisioned_per_shard_hour")
    shard_hour += prices.usd("kinesis_provisioned_extended_per_shard_hour")
    hours = shards * shard_hour / million_logs_per_hour
    return units / 1e6 * prices.usd("kinesis_provisioned_per_million_put_units") + hours
