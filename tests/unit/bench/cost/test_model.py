"""The cost model: prices by their names, calls by the runs, and the levers pull the right way."""

import re

import msgspec
import pytest

from bench.cost.measured import ALARMS, METRICS, prices
from bench.cost.model import SERVICES, Measured, Setting, per_million
from infra.deployment import TEMPLATE
from ingest.contract.metrics import METRICS as NAMES

PRICES = prices()
DESIGN = Measured(
    serial=False,
    ingest_cpu_ms=0.3,
    ingest_cpu_ms_per_log=0.02,
    consumer_cpu_ms=0.5,
    consumer_cpu_ms_per_log=0.1,
    sends=1,
    puts=1,
    fill=1,
    ingest_log_bytes=700,
    consumer_log_bytes=900,
)
BASELINE = msgspec.structs.replace(
    DESIGN, serial=True, ingest_cpu_ms=1, ingest_cpu_ms_per_log=0, consumer_cpu_ms=0, consumer_cpu_ms_per_log=1
)
GB_S = 13.3334e-6
"""Dollars of a GB-second on arm64."""


def usd(measured: Measured = DESIGN, **setting: object) -> dict[str, float]:
    """Return the dollars by service for a changed setting of single logs."""
    changed = msgspec.convert({"logs_per_request": 1} | setting, Setting)
    return {str(name): value for name, value in per_million(changed, measured, PRICES).items()}


def test_single_logs_by_hand() -> None:
    """A million single logs: one API request, three SQS requests at a fifth each but the send, one write unit."""
    cost = usd(log_bytes=300)
    assert list(cost) == list(SERVICES)
    assert cost["api"] == pytest.approx(1.00)
    assert cost["sqs"] == pytest.approx((1 + 0.2 + 0.2) * 0.5)
    assert cost["dynamodb"] == pytest.approx(0.625)
    # 0.32 ms on 0.29 of a CPU are 1.1 ms; PutRecords and the send are 20 ms more; 22 are billed.
    assert cost["ingest"] == pytest.approx(0.20 + 1e6 * 0.022 * 0.5 * GB_S)
    # 1 ms on 0.29 of a CPU is 3.5 ms; one call for the five rows; 14 are billed.
    assert cost["consumer"] == pytest.approx(2e5 * (0.20e-6 + 0.014 * 0.5 * GB_S))
    assert cost["kinesis"] == pytest.approx(1e6 * 1024 / 2**30 * 0.08 + 0.04 / 3.6)


def test_time_is_cpu_on_the_share_that_the_memory_buys_and_the_calls() -> None:
    """Half the memory halves the price of waiting and not that of computing; above one CPU a thread gains nothing."""
    waiting = {mb: usd(ingest_memory_mb=mb, call_ms=1_000)["ingest"] - 0.20 for mb in (256, 512)}
    assert waiting[256] == pytest.approx(waiting[512] / 2, rel=0.01)
    computing = {
        mb: usd(msgspec.structs.replace(DESIGN, ingest_cpu_ms=1_000), ingest_memory_mb=mb, call_ms=0)["ingest"] - 0.20
        for mb in (256, 512, 1_769, 3_538)
    }
    assert computing[256] == pytest.approx(computing[512], rel=0.01)
    assert computing[1_769] == pytest.approx(computing[512], rel=0.01)
    assert computing[3_538] == pytest.approx(computing[1_769] * 2, rel=0.01)


def test_the_serial_worker_waits_for_a_call_a_log() -> None:
    """Five rows are one call of ours and five of the baseline's; a hundred rows are four of ours."""
    free = {"ingest_cpu_ms": 0, "consumer_cpu_ms": 0, "consumer_cpu_ms_per_log": 0}
    ours, theirs = (msgspec.structs.replace(measured, **free) for measured in (DESIGN, BASELINE))
    assert usd(ours)["consumer"] == pytest.approx(2e5 * (0.20e-6 + 0.010 * 0.5 * GB_S))
    assert usd(theirs)["consumer"] == pytest.approx(2e5 * (0.20e-6 + 0.050 * 0.5 * GB_S))
    assert usd(ours, batch_size=100)["consumer"] == pytest.approx(1e4 * (0.20e-6 + 0.040 * 0.5 * GB_S))


def test_a_large_batch_is_received_and_deleted_by_tens() -> None:
    """A call to SQS takes ten messages: batches of 100 save none of the calls that batches of 10 make."""
    assert usd(batch_size=10)["sqs"] == pytest.approx((1 + 0.1 + 0.1) * 0.5)
    assert usd(batch_size=100)["sqs"] == pytest.approx(usd(batch_size=10)["sqs"])


def test_metrics_and_alarms_are_paid_by_the_month() -> None:
    """13 metrics and 10 alarms are $4.90 a month, of 2,628 million logs at 1,000 a second."""
    watched = msgspec.structs.replace(DESIGN, metrics=13, alarms=10)
    assert usd(watched)["cloudwatch"] - usd()["cloudwatch"] == pytest.approx(4.90 / 2_628)
    few = usd(watched, logs_per_second=1)["cloudwatch"] - usd(logs_per_second=1)["cloudwatch"]
    assert few == pytest.approx(4.90 / 2.628)


def test_a_request_has_a_line_of_ours_and_one_of_the_apis() -> None:
    """The stage's access log is billed as any log is; a consumer's line is a fifth of a log's."""
    stage = re.search(r"\n( +)Format: >-\n((?:\1 .*\n)+)", TEMPLATE.read_text())
    assert stage is not None
    line = " ".join(map(str.strip, stage[2].splitlines()))
    values = {"requestId": "JKJaXmPLvHcESHA=", "requestTime": "29/Nov/2026:04:10:00 +0000", "routeKey": "ANY /{proxy+}"}
    values |= {"identity.sourceIp": "203.0.113.123", "status": "202", "responseLength": "117"}
    values |= {"responseLatency": "23", "integrationLatency": "21"}
    values |= {"error.message": "-", "integrationErrorMessage": "-"}
    filled = re.sub(r"\$context\.([A-Za-z.]+)", lambda found: values[found[1]], line)
    assert usd()["cloudwatch"] == pytest.approx((700 + len(filled) + 26 + 900 / 5) * 1e6 / 1e9 * 0.50)
    assert usd(BASELINE)["cloudwatch"] == pytest.approx((700 + 900 / 5) * 1e6 / 1e9 * 0.50)


def test_as_many_metrics_and_alarms_are_priced_as_there_are() -> None:
    """Every name that ingest and consumer count by, and every alarm of a stack without authentication."""
    assert len(set(NAMES) - {"reads", "logs_read", "read_latency_ms"}) == METRICS
    alarms = re.findall(r"Type: AWS::CloudWatch::Alarm\n +(\w+):", TEMPLATE.read_text())
    assert len([first for first in alarms if first != "Condition"]) == ALARMS


def test_batches_cut_what_is_paid_by_request() -> None:
    """A hundred logs a request: a hundredth of the API, a tenth of the sends, and whole kilobytes on the stream."""
    single, batch = usd(), usd(logs_per_request=100)
    assert batch["api"] == pytest.approx(single["api"] / 100)
    assert batch["sqs"] == pytest.approx((0.1 + 0.2 + 0.2) * 0.5)
    assert batch["kinesis"] < single["kinesis"] * 0.6
    assert batch["dynamodb"] == single["dynamodb"]
    assert sum(batch.values()) < sum(single.values()) / 2


def test_the_simulated_delay_costs_the_serial_worker_its_sum() -> None:
    """Waiting 15 s a log: a serial worker pays each, a batch on one timeline its longest, a deferred one nothing."""
    waiting, deferred = usd(seconds_per_char=0.05), usd(seconds_per_char=0.05, consumer_timeout_s=5)
    serial = usd(BASELINE, seconds_per_char=0.05)
    assert serial["consumer"] > 1e6 * 15 * 0.5 * 13.3e-6
    assert waiting["consumer"] == pytest.approx(serial["consumer"] / 5, rel=0.05)
    assert deferred["consumer"] < waiting["consumer"] / 50
    assert deferred["sqs"] == pytest.approx((1 + 0.4 + 0.2 + 0.2) * 0.5)
    assert waiting["dynamodb"] == pytest.approx(2 * 0.625)  # Stored 15 s late: the index by_late has it, too.
    assert serial["dynamodb"] == pytest.approx(0.625)


def test_large_logs_take_more_units() -> None:
    """A log of 100 KB is two SQS requests each way and 197 write units."""
    cost = usd(log_bytes=100_000, batch_size=1)
    assert cost["dynamodb"] == pytest.approx(196 * 0.625)
    assert cost["sqs"] == pytest.approx((2 + 2 + 1) * 0.5)


def test_the_provisioned_stream_is_paid_by_units_and_shards() -> None:
    """1,000 single logs a second are half of what two shards take: a unit a log, and two hours for 3.6 million."""
    cost = usd(stream="provisioned", logs_per_second=1000)
    assert cost["kinesis"] == pytest.approx(0.014 + 2 * (0.015 + 0.020) / 3.6)
    assert usd(stream="none")["kinesis"] == 0


def test_every_price_names_its_source() -> None:
    """No price without a unit and the page that it stands on; the table says how old it is."""
    assert PRICES.vintage
    assert all(price.source.startswith("https://aws.amazon.com/") and price.unit for price in PRICES.prices.values())


def test_logs_that_share_a_message_cost_the_queue_its_units() -> None:
    """100 logs of 300 bytes are a message of 46,000: one unit to send, and four for five of them to receive."""
    cost = usd(log_bytes=300, logs_per_request=100, logs_per_message=100)
    assert cost["sqs"] == pytest.approx((1e4 * 1 + 2e3 * 4 + 2e3) / 1e6 * 0.5)
    alone = usd(log_bytes=300, logs_per_request=100)
    assert cost["sqs"] < alone["sqs"] / 20
    assert cost["consumer"] < alone["consumer"]
    assert {name for name in cost if cost[name] > alone[name]} == set()


def test_a_message_holds_no_more_than_sqs_takes_and_one_tenant_alone() -> None:
    """Large logs share a message up to 1 MiB; a request of ten tenants is ten messages at least."""
    large = usd(log_bytes=170_000, logs_per_request=12, logs_per_message=1_000)
    assert large["sqs"] == pytest.approx(usd(log_bytes=170_000, logs_per_request=12, logs_per_message=6)["sqs"])
    hundred, ten = (
        usd(log_bytes=300, logs_per_request=100, tenants_per_request=10, logs_per_message=most) for most in (100, 10)
    )
    assert hundred == ten


def test_a_single_log_gains_nothing_by_it() -> None:
    """Logs of one request share messages: there is one."""
    assert usd(logs_per_message=500) == usd()


@pytest.mark.parametrize(("own_ids", "units"), [(0, 1), (0.5, 1.5), (1, 2)])
def test_a_log_with_an_id_of_its_own_is_written_into_the_index_too(own_ids: float, units: float) -> None:
    """A second write unit each; the baseline has no index."""
    assert usd(own_ids=own_ids)["dynamodb"] == pytest.approx(units * 0.625)
    assert usd(BASELINE, own_ids=own_ids)["dynamodb"] == pytest.approx(0.625)
