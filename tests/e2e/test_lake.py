"""`rdp lake` on the engine: every log once, in a folder and in a table bucket, two syncs at once, SQL over it."""

import json
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from consumer.lake.catalog import in_folder, name_of
from infra import code_bucket, lake_package, lake_stack
from infra.cli import main
from infra.lake_where import BUCKET_OUTPUT
from infra.local import grants, terraform
from infra.stack import from_terraform
from tests.e2e.conftest import LocalStack

_LIMIT_S = 900
_LOGS = 12


def rdp(stack: LocalStack, *arguments: str) -> Result:
    """Run the operator's command on the stack."""
    return CliRunner().invoke(main, ["lake", *arguments, "--data-dir", str(stack.data_dir)])


def audited(stack: LocalStack, warehouse: str, tenant: str) -> str:
    """Return what the audit of the tenant's logs says of the lake."""
    line = ["audit", "--missing-ids", "--tenant", tenant, "--warehouse", warehouse, "--data-dir", str(stack.data_dir)]
    return CliRunner().invoke(main, line).output


def done(result: Result) -> Result:
    """Return the result of a command that succeeded."""
    assert result.exit_code == 0, result.output
    return result


def ids(stack: LocalStack, warehouse: str, tenant: str) -> list[str]:
    """Return the tenant's log ids in the lake, in order."""
    sql = f"SELECT log_id FROM logs WHERE tenant_id = '{tenant}' ORDER BY log_id"  # noqa: S608 - our own names
    asked = done(rdp(stack, "query", sql, "--format", "json", "--warehouse", warehouse))
    return [json.loads(line)["log_id"] for line in asked.stdout.splitlines()]


def post(stack: LocalStack, tenant: str, first: int) -> None:
    """Post logs with a phone number, each under an id of its own; the first one twice."""
    for number in (first, *range(first, first + _LOGS)):
        assert stack.post_text(tenant, f"call 555-0{number}", f"log-{number}").status == 202


@pytest.fixture
def table_bucket(local_stack: LocalStack, request: pytest.FixtureRequest) -> str:
    """Give the ARN of a new S3 table bucket on the engine."""
    place = local_stack.place
    client = place.session.client("s3tables", endpoint_url=place.aws_endpoint_url)
    name = request.node.name.replace("_", "-").removeprefix("test-")[:60].rstrip("-")
    return str(client.create_table_bucket(name=name)["arn"])


def test_a_table_bucket_holds_each_log_once_beside_another_sync(local_stack: LocalStack, table_bucket: str) -> None:
    """Through S3 Tables' REST catalog, by two processes at once, and by a third that finds nothing left."""
    tenant = "lake-bucket"
    for first in (100, 200):
        post(local_stack, tenant, first)
        command = [sys.executable, "-c", "from infra.cli import main; main()", "lake", "sync"]
        command += ["--data-dir", str(local_stack.data_dir), "--warehouse", table_bucket]
        with ThreadPoolExecutor(2) as pool:
            syncs = [pool.submit(subprocess.run, command, timeout=_LIMIT_S, check=False) for _ in range(2)]
            assert [sync.result().returncode for sync in syncs] == [0, 0]
    expected = [f"log-{number}" for first in (100, 200) for number in range(first, first + _LOGS)]
    assert ids(local_stack, table_bucket, tenant) == expected
    done(rdp(local_stack, "sync", "--warehouse", table_bucket))
    assert ids(local_stack, table_bucket, tenant) == expected
    status = done(rdp(local_stack, "status", "--warehouse", table_bucket))
    assert f"{tenant}\t" in status.stdout
    assert "up to date with the stream" in status.stderr
    assert f"{len(expected)} rows, 0 after it; no difference" in audited(local_stack, table_bucket, tenant)
    assert "is for a lake in a folder" in rdp(local_stack, "compact", "--warehouse", table_bucket).output


def test_a_followed_stream_is_in_the_folder_when_it_is_stopped(local_stack: LocalStack, tmp_path: Path) -> None:
    """What arrives is committed as it comes, and what was read is committed before Ctrl-C ends it."""
    warehouse, tenant = str(tmp_path / "lake"), "lake-folder"
    post(local_stack, tenant, 100)
    command = [sys.executable, "-c", "from infra.cli import main; main()", "lake", "sync", "--follow", "--every", "1"]
    command += ["--data-dir", str(local_stack.data_dir), "--warehouse", warehouse]
    with subprocess.Popen(command) as following:  # noqa: S603 - our own
        watchdog = threading.Timer(_LIMIT_S, following.kill)
        watchdog.start()
        _await_rows(tmp_path / "lake", tenant, _LOGS, following)
        post(local_stack, tenant, 200)
        _await_rows(tmp_path / "lake", tenant, 2 * _LOGS, following)
        following.send_signal(signal.SIGINT)
        assert following.wait() == 0
        watchdog.cancel()
    expected = [f"log-{number}" for first in (100, 200) for number in range(first, first + _LOGS)]
    assert ids(local_stack, warehouse, tenant) == expected
    done(rdp(local_stack, "compact", "--warehouse", warehouse))
    assert ids(local_stack, warehouse, tenant) == expected
    assert f"{len(expected)} rows, 0 after it; no difference" in audited(local_stack, warehouse, tenant)
    in_folder(tmp_path / "lake").load_table(name_of(raw=False)).delete("log_id = 'log-207'")
    assert f"lake lacks: {tenant} log-207\n" in audited(local_stack, warehouse, tenant)
    texts = done(
        rdp(local_stack, "query", "SELECT DISTINCT text FROM logs", "--format", "csv", "--warehouse", warehouse)
    )
    assert "call [REDACTED]" in texts.stdout
    assert "555-0" not in texts.stdout


def _terraform_outputs(stack: LocalStack, table_bucket: str) -> str:
    """Return the stack's outputs as `terraform output -json` prints them, with this table bucket."""
    outputs = {**stack.stack.outputs, BUCKET_OUTPUT: table_bucket}
    return json.dumps({terraform.variable_name(name): {"value": value} for name, value in outputs.items()})


def test_deploy_takes_terraforms_outputs(local_stack: LocalStack, table_bucket: str, tmp_path: Path) -> None:
    """It finds the stack's functions, and the lake's stack has the bucket's name; pip alone is kept from its index."""
    file = tmp_path / "outputs.json"
    place = local_stack.place
    env = {
        "AWS_ACCESS_KEY_ID": place.access_key_id,
        "AWS_SECRET_ACCESS_KEY": place.secret_access_key,
        "PIP_NO_INDEX": "1",
    }
    line = ["lake", "deploy", "--outputs", str(file), "--region", str(place.session.region_name)]
    line += ["--endpoint-url", str(place.aws_endpoint_url)]
    file.write_text(_terraform_outputs(local_stack, table_bucket))
    deployed = CliRunner(env=env).invoke(main, line)
    assert deployed.stdout == f"Packaging the function of {table_bucket.rpartition('/')[2]}.\n"
    assert "pip found no wheel for" in deployed.stderr
    file.write_text(json.dumps({"api_endpoint": {"value": "https://api"}}))
    assert "in Terraform lake = true" in CliRunner(env=env).invoke(main, line).stderr


def test_a_function_fills_the_table_bucket(local_stack: LocalStack, table_bucket: str) -> None:
    """As `rdp lake deploy` makes it, under its own narrow role: each log once, however often it runs.

    The stack is told by Terraform's outputs: they have all that the function's stack needs.
    """
    tenant = "lake-function"
    place = local_stack.place
    on = from_terraform(place, _terraform_outputs(local_stack, table_bucket))
    name = lake_stack.name_of(on)
    bucket = code_bucket.default_name(place)
    code_bucket.ensure(place, bucket, owner=place.account)
    code = lake_stack.Code(bucket, lake_package.build_here())
    for first in (100, 200):
        post(local_stack, tenant, first)
        outputs = lake_stack.deploy(on, name, code, {"EveryMinutes": str(first)})
        grants.grant(place.iam, outputs["RoleName"])
        for _ in range(2):
            answer = place.lambda_.invoke(FunctionName=outputs["FunctionName"])
            assert "FunctionError" not in answer, answer["Payload"].read()
    expected = [f"log-{number}" for first in (100, 200) for number in range(first, first + _LOGS)]
    assert ids(local_stack, table_bucket, tenant) == expected
    place.cloudformation.delete_stack(StackName=name)


def _await_rows(folder: Path, tenant: str, rows: int, following: subprocess.Popen[bytes]) -> None:
    while following.poll() is None:
        if (folder / "lake.key").exists():
            catalog = in_folder(folder)
            if catalog.table_exists(name_of(raw=False)):
                scan = catalog.load_table(name_of(raw=False)).scan(row_filter=f"tenant_id = '{tenant}'")
                if scan.count() >= rows:
                    return
        time.sleep(0.2)
    raise AssertionError("the sync ended by itself")
