"""The measured CPU of the functions: the line through two invocations, and what cannot be read."""

from pathlib import Path

import msgspec
import pytest

from bench.cost import cpu
from bench.result import ResultError

CPU = cpu.Cpu(
    machine={},
    load_average="0.10",
    request_us=300,
    request_log_us=23,
    small_log_us=180,
    batch_log_us=85,
    baseline_request_us=1_000,
    baseline_log_us=900,
)


def test_the_line_goes_through_both_requests() -> None:
    """300 us for one log and 2,300 for a hundred: each further log is 20.2 us."""
    line = cpu.of_requests(CPU)
    assert line.fixed_ms + line.log_ms == pytest.approx(0.3)
    assert line.fixed_ms + 100 * line.log_ms == pytest.approx(2.3)


def test_the_line_goes_through_both_batches() -> None:
    """900 us for a batch of five and 8,500 for a hundred: 80 us a log."""
    line = cpu.of_batches(CPU)
    assert line.log_ms == pytest.approx(0.08)
    assert line.fixed_ms + 5 * line.log_ms == pytest.approx(0.9)


def test_no_part_is_below_nothing() -> None:
    """A log that costs as much in every batch leaves nothing for the invocation."""
    line = cpu.of_batches(msgspec.structs.replace(CPU, small_log_us=80, batch_log_us=85))
    assert line.fixed_ms == 0
    assert line.log_ms > 0


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """All numbers and the machine they come from."""
    cpu.write(CPU, tmp_path)
    assert cpu.read(tmp_path) == CPU


@pytest.mark.parametrize("content", [None, "{}", "no json"])
def test_a_missing_or_spoiled_file_is_named(tmp_path: Path, content: str | None) -> None:
    """One line with its path."""
    if content is not None:
        (tmp_path / cpu.FILE).write_text(content)
    with pytest.raises(ResultError, match=r"cpu\.json: "):
        cpu.read(tmp_path)
