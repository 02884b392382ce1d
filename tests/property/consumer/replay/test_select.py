"""Which times a log on the stream may have."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given
from hypothesis import strategies as st

from consumer.replay.deaggregate import Broken, UserRecord
from consumer.replay.parquet import ParquetSink
from consumer.replay.select import Selection, read_log, selector
from consumer.unpack import unpack
from ingest.contract.message import encode
from tests.messages import message
from tests.unit.consumer.fakes import delivery

OFFSETS = st.integers(-86_399, 86_399).map(lambda seconds: timezone(timedelta(seconds=seconds)))
ENDS = st.sampled_from(["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"])
DATETIMES = st.datetimes(timezones=OFFSETS).map(datetime.isoformat) | st.builds(
    lambda end, offset: datetime.fromisoformat(end).replace(tzinfo=offset).isoformat(), ENDS, OFFSETS
)
TIMES = DATETIMES | st.text(max_size=30)


@given(TIMES)
@example("0001-01-01T00:00:00+23:59")
@example("9999-12-31T23:59:59.999999-23:59")
@example("2016-12-31T23:59:60Z")
def test_a_time_is_broken_for_everybody_or_for_nobody(received_at: str) -> None:
    """The consumer stores exactly the times that a replay reads, and every sink can write these."""
    encoded = encode(message(received_at=received_at))
    log = read_log(UserRecord(0, "acme", encoded))
    assert isinstance(log, Broken) is not bool(unpack([delivery(body=encoded.decode())]).logs)
    if isinstance(log, Broken):
        return
    selector(Selection(since=datetime.min.replace(tzinfo=UTC), until=datetime.max.replace(tzinfo=UTC)))(log)
    with TemporaryDirectory() as folder:
        sink = ParquetSink(Path(folder))
        sink.resume(0)
        sink.write(log)
        assert sink.commit() == 1
