"""`rdp package`, `deploy` and `destroy` as an operator types them, against the engine in AWS's place."""

import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from infra import package, stack
from infra.local import grants

if TYPE_CHECKING:
    from tests.e2e.conftest import Eventually, LocalStack

_ROOT: Final = Path(__file__).parents[2]
_NAME: Final = "deployed"
# What the engine can't do: TLS, and a mapping's limit that comes through CloudFormation. And no simulated crash, whose
# log would come back after 300 s only.
_QUIET: Final = ("--param", "CrashProbability=0", "--param", "SecondsPerChar=0")
_ENGINE: Final = ("--param", "RequireTls=false", "--param", "MaximumConcurrency=0", *_QUIET)

_PROTECTED: Final = ("--param", "DeletionProtection=true")
_UNPROTECTED: Final = ("--param", "DeletionProtection=false")

Rdp = Callable[..., str]


@pytest.fixture
def rdp(local_stack: "LocalStack") -> Rdp:
    """Return `rdp(*arguments, expect=0)`: the command's output, with the engine in AWS's place."""
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": local_stack.state.region,
        "AWS_ENDPOINT_URL": local_stack.state.aws_endpoint_url,
    }

    def run(*arguments: str | Path, expect: int = 0, stdin: str = "") -> str:
        finished = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", "from infra.cli import main; main()", *map(str, arguments)],
            cwd=_ROOT,
            env=environment,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        output = finished.stdout + finished.stderr
        assert finished.returncode == expect, output
        assert "Traceback" not in output
        return output

    return run


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of this interpreter's packages, which say that they are for the template's default runtime.

    The engine runs functions under its own interpreter, whatever `Runtime` says; AWS would not take these.
    """
    folder = tmp_path_factory.mktemp("packages")
    for function in package.HANDLERS:
        with (
            zipfile.ZipFile(io.BytesIO(package.build_here(function))) as built,
            zipfile.ZipFile(folder / f"{function}.zip", "w", zipfile.ZIP_DEFLATED) as renamed,
        ):
            for name in built.namelist():
                content = built.read(name)
                if name.endswith("/WHEEL"):
                    content = re.sub(rb"(?m)^Tag: cp.*$", b"Tag: cp313-cp313-manylinux2014_aarch64", content)
                renamed.writestr(re.sub(r"\.cpython-.*\.so$", ".abi3.so", name), content)
    return folder


@pytest.fixture
def no_stack_left(local_stack: "LocalStack") -> Iterator[None]:
    """No stack but the session's own is left behind."""
    yield
    described = local_stack.place.cloudformation.describe_stacks()["Stacks"]
    assert [s["StackName"] for s in described if s["StackStatus"] != "DELETE_COMPLETE"] == [stack.STACK_NAME]


@pytest.mark.usefixtures("no_stack_left")
def test_a_stacks_life(rdp: Rdp, packages: Path, local_stack: "LocalStack", eventually: "Eventually") -> None:
    """Shown, deployed, used, changed, found unchanged, and removed."""
    shown = rdp("deploy", "--stack", _NAME, "--packages", packages, "--dry-run", *_ENGINE)
    assert "Add" in shown
    assert "the stack was not changed" in shown

    deployed = rdp("deploy", "--stack", _NAME, "--packages", packages, *_ENGINE)
    assert "CREATE_COMPLETE" in deployed
    outputs = stack.read_outputs(local_stack.place, _NAME)
    for output, value in outputs.items():
        assert output in deployed
        assert value in deployed

    for role in ("IngestRoleName", "ConsumerRoleName"):
        grants.grant(local_stack.place.iam, outputs[role])
    endpoint = f"{local_stack.state.aws_endpoint_url}/_aws/execute-api/{outputs['ApiId']}"
    state = msgspec.structs.replace(local_stack.state, endpoint=endpoint, outputs=outputs)
    used = type(local_stack)(local_stack.data_dir, state)
    assert used.post_text("deployed", "Call 555-0199", "one").status == 202
    assert eventually(lambda: used.row("deployed", "one"))["modified_data"] == {"S": "Call [REDACTED]"}

    changed = rdp("deploy", "--stack", _NAME, "--packages", packages, *_PROTECTED, "--param", "RetentionDays=7")
    assert "UPDATE_COMPLETE" in changed
    assert "is protected from termination" in changed
    variables = local_stack.place.lambda_.get_function_configuration(FunctionName=f"{_NAME}-consumer")["Environment"][
        "Variables"
    ]
    assert (variables["RETENTION_DAYS"], variables["SECONDS_PER_CHAR"]) == ("7", "0")  # The other one is kept.
    assert "is up to date" in rdp("deploy", "--stack", _NAME, "--packages", packages)

    assert "is protected" in rdp("destroy", "--stack", _NAME, "--yes", expect=1)
    freed = rdp("deploy", "--stack", _NAME, "--packages", packages, *_UNPROTECTED)
    assert "UPDATE_COMPLETE" in freed
    assert "not protected any more" in freed
    local_stack.place.cloudformation.update_termination_protection(StackName=_NAME, EnableTerminationProtection=True)
    assert "protected from termination" in rdp("destroy", "--stack", _NAME, "--yes", expect=1)  # Set by hand.
    assert "not protected any more" in rdp("deploy", "--stack", _NAME, "--packages", packages, *_UNPROTECTED)
    assert "Aborted" in rdp("destroy", "--stack", _NAME, stdin="n\n", expect=1)
    assert "is gone" in rdp("destroy", "--stack", _NAME, "--yes")
    assert "There is no stack" in rdp("destroy", "--stack", _NAME, "--yes", expect=1)


@pytest.mark.usefixtures("no_stack_left")
def test_a_failed_deployment_names_the_resource_and_the_reason(
    rdp: Rdp, packages: Path, local_stack: "LocalStack"
) -> None:
    """It rolls back, ends with 1, and the next deployment starts from nothing."""
    # CloudFormation takes any number; Kinesis only a whole one.
    failed = rdp(
        *(
            "deploy",
            "--stack",
            "failing",
            "--packages",
            packages,
            *_ENGINE,
            "--param",
            "StreamRetentionHours=168.5",
        ),
        expect=1,
    )
    assert "Stack 'failing' is ROLLBACK_COMPLETE" in failed
    assert "Stream CREATE_FAILED" in failed
    assert "168.5" in failed  # The engine's reason, in its own words.

    assert "CREATE_COMPLETE" in rdp("deploy", "--stack", "failing", "--packages", packages, *_ENGINE)
    rdp("destroy", "--stack", "failing", "--yes")
    names = [bucket["Name"] for bucket in local_stack.place.s3.list_buckets()["Buckets"]]
    assert f"rdp-code-000000000000-{local_stack.state.region}" in names


def test_packages_of_another_runtime_are_refused(rdp: Rdp, local_stack: "LocalStack", tmp_path: Path) -> None:
    """What runs here does not start on Lambda: one line, and neither bucket nor stack is made."""
    built = rdp("package", "--here", "--out", tmp_path)
    assert "ingest.zip" in built.replace("\n", "")
    assert " ms" in built
    runtime = "python3.12" if sys.version_info[:2] == (3, 13) else "python3.13"
    there = ("--packages", tmp_path, "--bucket", "unmade", "--param", f"Runtime={runtime}")
    told = rdp("deploy", "--stack", "other", *there, *_ENGINE, expect=1)
    assert "ingest.zip holds " in told
    assert f"for Python {sys.version_info.major}.{sys.version_info.minor} on " in told
    assert f"Runtime={runtime} and Architecture=arm64 are asked for" in told
    assert "unmade" not in [bucket["Name"] for bucket in local_stack.place.s3.list_buckets()["Buckets"]]
    stacks = local_stack.place.cloudformation.describe_stacks()["Stacks"]
    assert "other" not in [described["StackName"] for described in stacks]


def test_mistakes_are_told_before_anything_is_made(rdp: Rdp, local_stack: "LocalStack") -> None:
    """Unknown parameters, and numbers that do not fit each other."""
    assert "needs the stack's name: --stack" in rdp("deploy", expect=2)
    assert "needs the stack's name: --stack" in rdp("destroy", "--yes", expect=2)
    unsaid = rdp("deploy", "--stack", "wrong", "--param", "SecondsPerChar=0", expect=2)
    assert "(CrashProbability)" in unsaid
    assert "--simulate" in unsaid
    wrong = ("deploy", "--stack", "wrong", "--simulate", "--param")
    told = rdp(*wrong, "Nope=1", expect=2)
    assert "stack wrong of account 000000000000" in told
    assert "no parameter Nope" in told
    assert "600 or more" in rdp(*wrong, "ConsumerTimeoutSeconds=100", expect=2)
    assert "is not a regular expression" in rdp(*wrong, 'RedactionPatterns=["("]', expect=2)
    assert "must be a number" in rdp(*wrong, "BatchSize=abc", expect=2)
    stacks = local_stack.place.cloudformation.describe_stacks()["Stacks"]
    assert "wrong" not in [described["StackName"] for described in stacks]
