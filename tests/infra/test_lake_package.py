"""The lake function's package and template: what Lambda takes, what the handler needs, and no right more."""

import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from cfnlint.decode import cfn_yaml  # type: ignore[import-untyped]

from consumer.lake.handler import RESERVED_S, Settings
from infra import lake_package, lake_stack, package

_ROOT = Path(__file__).parents[2]
_TEMPLATE: Any = cfn_yaml.load(str(lake_stack.TEMPLATE))
_LOADED = """
import json, sys
import consumer.lake.handler, pyiceberg.io.pyarrow, pyiceberg.catalog.rest, pyarrow.fs
pyarrow.fs.S3FileSystem
paths = [getattr(module, "__file__", None) or "" for module in [*sys.modules.values()]]
paths += [line.split()[-1] for line in open("/proc/self/maps")]
print(json.dumps(sorted({path.split("/site-packages/")[1] for path in paths if "/site-packages/" in path})))
"""
_FUNCTION: Any = _TEMPLATE["Resources"]["Function"]["Properties"]


def _pins(path: Path) -> dict[str, frozenset[str]]:
    blocks = re.split(r"\n(?=[a-z])", path.read_text())
    return {re.sub(r"\[.*?\]", "", b.split(" ", 1)[0]): frozenset(re.findall(r"--hash=(\S+)", b)) for b in blocks}


def test_the_lakes_lock_is_the_projects() -> None:
    """Each distribution as `requirements.lock` has it, version and hashes."""
    assert _pins(lake_package.LOCK).items() <= _pins(_ROOT / "requirements.lock").items()


def test_the_package_fits_and_leaves_room() -> None:
    """Lambda refuses 250 MB unpacked. These wheels are of this machine; those for arm64 are smaller than x86_64's."""
    sizes = {
        path.as_posix(): Path(str(path.locate())).stat().st_size
        for name in _pins(lake_package.LOCK)
        for path in importlib.metadata.files(name.partition("==")[0]) or ()
        if ".." not in path.parts and path.suffix != ".pyc" and lake_package.is_loaded(path.as_posix())
    }
    ours = package.ours([lake_package.HANDLER])
    assert sum(sizes.values()) + sum(map(len, ours.values())) < 0.95 * lake_package.UNPACKED_BYTES
    assert max(sizes.values()) > 30_000_000
    assert not [name for name in sizes.keys() | ours.keys() if re.match(r"duckdb|numpy|boto|infra/", name)]


def test_the_handler_loads_nothing_that_is_left_out() -> None:
    """What the package leaves out of a wheel no module of the handler asks for, and it holds all that they do."""
    finished = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", _LOADED], capture_output=True, text=True, check=True, cwd=_ROOT
    )
    files = json.loads(finished.stdout)
    assert [name for name in files if not lake_package.is_loaded(name)] == []
    packed = {
        path.as_posix()
        for name in _pins(lake_package.LOCK)
        for path in importlib.metadata.files(name.partition("==")[0]) or ()
    }
    of_the_runtime = (
        r"_?brotli|boto3/|botocore/|s3transfer/|jmespath/|numpy|dateutil|six|(_distutils_hack|__editable__)"
    )
    missing = [name for name in files if name not in packed and not re.match(of_the_runtime, name)]
    assert missing == []


def test_the_function_may_fill_the_lake_and_nothing_else() -> None:
    """Read the stream, write the table bucket, read the redaction and its own key and log."""
    [policy] = _TEMPLATE["Resources"]["Role"]["Properties"]["Policies"]
    statements = {statement["Sid"]: statement for statement in policy["PolicyDocument"]["Statement"]}
    assert set(statements) == {"ReadStream", "FillLake", "ReadErasures", "ReadRedaction", "ReadKey", "WriteOwnLogs"}
    assert all("*" not in str(statement["Action"]) for statement in statements.values())
    assert all(statement["Resource"] != "*" for statement in statements.values())


def test_the_function_has_its_settings_and_its_time() -> None:
    """Each variable that the handler reads, and more time than it keeps for the last commit."""
    ours = {name.upper() for name in Settings.__struct_fields__} - {"AWS_REGION", "AWS_ENDPOINT_URL"}
    assert set(_FUNCTION["Environment"]["Variables"]) == ours
    assert _FUNCTION["Timeout"] >= 2 * RESERVED_S
    assert f"{_FUNCTION['Handler']}" == f"{lake_package.HANDLER}.handler"


def test_the_key_outlives_its_stack() -> None:
    """Without it no sync of the lake goes on."""
    key = _TEMPLATE["Resources"]["Key"]
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert key["Properties"]["GenerateSecretString"]["PasswordLength"] == 32


def test_the_alarm_on_errors_goes_off_at_every_schedule() -> None:
    """One run that fails for good is three errors: Lambda tries it again after one minute, and after two more."""
    alarm = _TEMPLATE["Resources"]["ErrorsAlarm"]["Properties"]
    longest_s = 3 * _FUNCTION["Timeout"] + 60 + 120
    assert (alarm["Statistic"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == ("Sum", 1, 1)
    assert alarm["Period"] >= 2 * longest_s  # Also where an attempt waits a little.
    assert alarm["Threshold"] < 3


def test_the_alarm_on_idleness_waits_longer_than_the_rarest_schedule() -> None:
    """Its window slides: two runs a day apart are now and then a little more than that apart."""
    alarm = _TEMPLATE["Resources"]["IdleAlarm"]["Properties"]
    rarest_s = 60 * _TEMPLATE["Parameters"]["EveryMinutes"]["MaxValue"]
    assert alarm["DatapointsToAlarm"] == alarm["EvaluationPeriods"]
    assert rarest_s + 3600 <= alarm["Period"] * alarm["EvaluationPeriods"] <= 604_800  # PutMetricAlarm's seven days.
