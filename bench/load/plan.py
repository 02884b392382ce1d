"""The plan of a run: every setting of the load, with its range, its default and its help.

`rdp bench` has an option for each field with a description. Locust gets the plan as a JSON file.
"""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from bench.judge.promises import PROMISES, Promise
from bench.load.mix import parse_mix
from bench.load.shapes import ShapeName

_Rate = Annotated[float, Meta(ge=0.01, le=1_000_000)]  # At a lower rate a run of seconds has no request.
_Count = Annotated[int, Meta(ge=1, le=10_000)]
_Seconds = Annotated[float, Meta(ge=0, le=604_800)]  # At most a week: longer than any run, and not infinite.
_Share = Annotated[float, Meta(ge=0, le=1)]


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run sends and when, and the rate it must reach. Decoding checks the ranges.

    Tenants are named `<name>-t01` and so on. Their sizes follow Zipf's law: the n-th sends `1/n` as many logs as the
    first. Shares are shares of the logs; `invalid_share` is one of the requests and of a batch's records. `naive`
    leaves out what the specification does not ask of a baseline: reasons and 413. `seconds_per_char` is the stack's
    simulated work, which the report subtracts from the lag.
    """

    shape: Annotated[ShapeName, Meta(description="How the rate changes during the run.")] = "steady"
    rate: Annotated[_Rate, Meta(description="Requests a minute on the mean; for a ramp, at its end.")] = 1000
    duration_s: Annotated[float, Meta(ge=1, le=604_800, description="Seconds of load, without the warm-up.")] = 180
    warm_up_s: Annotated[
        _Seconds, Meta(description="Seconds of rising load before it. They are judged and not measured.")
    ] = 10
    mix: Annotated[str, Meta(description="Shares of json, text and batch requests.")] = "json=60,text=40"
    # A batch has at most 20,000 logs and a text at most 170,000 bytes (ingest/api/parse.py, ingest/api/record.py). A
    # character may have four bytes. A larger batch or text would be refused, which the judge counts as unexpected.
    batch_logs: Annotated[int, Meta(ge=1, le=20_000, description="Logs in a batch request.")] = 100
    max_chars: Annotated[int, Meta(ge=160, le=40_000, description="Characters of the longest log.")] = 1000
    tenants: Annotated[_Count, Meta(description="Number of tenants.")] = 40
    users: Annotated[_Count, Meta(description="At most this many requests in flight.")] = 12
    seed: Annotated[int, Meta(description="The same seed and name send the same requests.")] = 7
    name: Annotated[
        # Short enough that name and ending together are a tenant_id of at most 64 characters.
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$", description="Name of the run. Its tenants' ids begin with it."
        ),
    ] = "bench"
    least_rate: Annotated[
        _Rate | None,
        Meta(description="Fail if fewer requests a minute are sent in time."),
    ] = None
    drain_timeout_s: Annotated[_Seconds, Meta(description="Seconds to wait until the queue is empty.")] = 120
    phone_share: _Share = 0.12
    duplicate_share: _Share = 0.02
    conflict_share: _Share = 0.005
    invalid_share: _Share = 0.02
    unnamed_share: _Share = 0.3
    naive: bool = False
    seconds_per_char: _Seconds = 0.05
    promises: tuple[Promise, ...] = tuple(PROMISES)

    def __post_init__(self) -> None:
        """Raises: ValueError: the mix cannot be parsed, or a kind of request would have no user to send it."""
        kinds = len(parse_mix(self.mix)) + (self.shape == "noisy")
        # A user sends one kind. Without a user a kind is never sent, and locust would wait for it for ever.
        if self.users < kinds:
            raise ValueError(f"users are {self.users}, but this run sends {kinds} kinds of requests: one for each")


class PlanError(ValueError):
    """A plan that cannot be run; the message says which value is wrong."""


def fresh_name(now_s: float) -> str:
    """Return a name for a run, unique for each second: runs of one name send the same logs, which are duplicates."""
    return f"run{int(now_s):x}"


def make(**knobs: object) -> Plan:
    """Return the plan with these fields and defaults for the others.

    Raises:
        PlanError: a value is out of its range.
    """
    try:
        return msgspec.convert(knobs, Plan)
    except msgspec.ValidationError as error:
        raise PlanError(str(error)) from error


def write(plan: Plan, path: Path) -> None:
    """Write the plan as JSON."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(plan)) + b"\n")


def read(path: Path) -> Plan:
    """Return the plan in a file; fields that the file leaves out have their defaults.

    Raises:
        PlanError: the file cannot be read, is not JSON, or has a field that is unknown or out of its range.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except OSError as error:
        raise PlanError(f"{path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise PlanError(f"{path}: {error}") from error
