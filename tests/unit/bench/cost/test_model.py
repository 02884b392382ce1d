"""The cost model: prices by their names, calls by the runs, and the levers pull the right way."""

import msgspec
import pytest

from bench.cost.measured import prices
from bench.cost.model import SERVICES, Measured, Setting, per_million

PRICES = prices()
DESIGN = Measured(
    serial=False,
    ingest_ms_fixed=8,
    ingest_ms_per_log=0.1,
    consumer_ms_fixed=10,
    consumer_ms_per_log=0,
    sends=1,
    puts=1,
    fill=1,
    ingest_log_bytes=700,
    consumer_log_bytes=900,
)
BASELINE = msgspec.structs.replace(DESIGN, serial=True, ingest_ms_per_log=0, consumer_ms_fixed=0, consumer_ms_per_log=4)


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
    assert cost["ingest"] == pytest.approx(0.20 + 1e6 * 0.0081 * 0.5 * 13.3334e-6)
    assert cost["kinesis"] == pytest.approx(1e6 * 1024 / 2**30 * 0.08 + 0.04 / 3.6)


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


def test_large_logs_take_more_units() -> None:
    """A log of 100 KB is two SQS requests each way and 197 write units."""
    cost = usd(log_bytes=100_000, batch_size=1)
    assert cost["dynamodb"] == pytest.approx(196 * 0.625)
    assert cost["sqs"] == pytest.approx((2 + 2 + 1) * 0.5)


def test_the_provisioned_stream_is_paid_by_units_and_shards() -> None:
    """1,000 single logs a second fill one shard's records: a unit a log, and a thousandth of an hour a log."""
    cost = usd(stream="provisioned", logs_per_second=1000)
    assert cost["kinesis"] == pytest.approx(0.014 + 0.015 / 3.6)
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
