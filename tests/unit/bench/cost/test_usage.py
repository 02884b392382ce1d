"""What a run's functions used, from their log groups: the bytes are those that CloudWatch would bill on AWS."""

from types import SimpleNamespace
from typing import Any

from bench.cost import usage

_REPORT = "REPORT RequestId: r\tDuration: 9.87 ms\tBilled Duration: 10 ms\tMemory Size: 512 MB\tMax Memory Used: 64 MB"
_OURS = '{"accepted":1}'
_OF_AN_EVENT = 26


def stack_of(system_log_level: str | None) -> Any:
    """Return a stack whose functions each wrote one line and Lambda's report."""
    page = {"events": [{"message": _OURS}, {"message": _REPORT}]}
    logging = {"SystemLogLevel": system_log_level} if system_log_level else {"LogFormat": "Text"}
    place = SimpleNamespace(
        logs=SimpleNamespace(get_paginator=lambda _name: SimpleNamespace(paginate=lambda **_: [page])),
        lambda_=SimpleNamespace(get_function_configuration=lambda **_: {"LoggingConfig": logging}),
    )
    names = ("Ingest", "Consumer")
    outputs = {f"{name}{kind}": name for name in names for kind in ("LogGroupName", "FunctionName")}
    return SimpleNamespace(place=place, outputs=outputs)


def test_lambdas_own_lines_are_paid_for_where_they_are_on() -> None:
    """The engine writes them in any case; our template turns them off, the baseline's does not."""
    quiet, loud = (usage.functions(stack_of(level), since_ms=0, until_ms=1) for level in ("WARN", None))
    assert quiet["ingest"].log_bytes == len(_OURS) + _OF_AN_EVENT
    assert loud["consumer"].log_bytes == len(_OURS) + len(_REPORT) + 2 * _OF_AN_EVENT
    assert quiet["consumer"].invocations == loud["consumer"].invocations == 1
