"""The measured CPU time of both systems' functions, as `python -m bench.micro.lambda_cpu` leaves it in a folder."""

from pathlib import Path
from typing import Final

import msgspec

from bench.result import ResultError

FILE: Final = "cpu.json"
BATCH: Final = 100
"""Logs in the measured request and in the larger of the two measured batches."""
SMALL: Final = 5
"""Logs in the smaller batch: the template's BatchSize."""


class Cpu(msgspec.Struct, frozen=True, kw_only=True):
    """Microseconds of a whole CPU in warm functions, with logs of 300 bytes.

    `request_us` is a request of one log. `request_log_us` is a log of a request of `BATCH`. `small_log_us` and
    `batch_log_us` are a log of a batch of `SMALL` and of `BATCH`, one log a message.
    """

    machine: dict[str, str]
    load_average: str
    request_us: float
    request_log_us: float
    small_log_us: float
    batch_log_us: float
    baseline_request_us: float
    baseline_log_us: float


class Line(msgspec.Struct, frozen=True):
    """A function's CPU in ms: an invocation takes `fixed_ms + log_ms * logs`."""

    fixed_ms: float
    log_ms: float


def of_requests(cpu: Cpu) -> Line:
    """Return ingest's line through a request of one log and one of `BATCH`."""
    return _through((1, cpu.request_us), (BATCH, BATCH * cpu.request_log_us))


def of_batches(cpu: Cpu) -> Line:
    """Return the consumer's line through a batch of `SMALL` and one of `BATCH`."""
    return _through((SMALL, SMALL * cpu.small_log_us), (BATCH, BATCH * cpu.batch_log_us))


def write(cpu: Cpu, folder: Path) -> None:
    """Write the numbers into a folder."""
    (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(cpu)) + b"\n")


def read(folder: Path) -> Cpu:
    """Return the numbers of a folder.

    Raises:
        ResultError: there are none, or they cannot be read.
    """
    path = folder / FILE
    try:
        return msgspec.json.decode(path.read_bytes(), type=Cpu)
    except OSError as error:
        raise ResultError(f"{path}: {error.strerror}") from error
    except msgspec.MsgspecError as error:
        raise ResultError(f"{path}: {error}") from error


def _through(few: tuple[int, float], many: tuple[int, float]) -> Line:
    """Return the line through two invocations, each its logs and its us."""
    (logs, us), (more_logs, more_us) = few, many
    log_us = max(0.0, (more_us - us) / (more_logs - logs))
    return Line(max(0.0, us - log_us * logs) / 1000, log_us / 1000)
