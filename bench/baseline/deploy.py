"""Deploys the baseline beside the real stack, into the same engine."""

import io
import time
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from infra import stack
from infra.local.state import State

_FOLDER: Final = Path(__file__).parent
_STACK_NAME: Final = "baseline"
_BUCKET: Final = "rdp-baseline-code"
_TIMEOUT_S: Final = 60


def deploy(state: State, parameters: Mapping[str, str]) -> stack.Stack:
    """Return the baseline, newly deployed into a running engine.

    The package holds its two modules only: the engine runs functions in this project's own environment, which has
    FastAPI, Mangum and Pydantic.

    Raises:
        StackError: it does not deploy.
    """
    place = state.place
    place.s3.create_bucket(Bucket=_BUCKET)
    place.s3.put_object(Bucket=_BUCKET, Key="code.zip", Body=_package())
    code = {"CodeBucket": _BUCKET, "CodeKey": "code.zip"}
    place.cloudformation.create_stack(
        StackName=_STACK_NAME,
        TemplateBody=(_FOLDER / "template.yaml").read_text(),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in (code | dict(parameters)).items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    deadline_s = time.monotonic() + _TIMEOUT_S
    while (status := _status(place)).endswith("_IN_PROGRESS"):
        if time.monotonic() > deadline_s:
            raise stack.StackError(f"The baseline is still {status} after {_TIMEOUT_S} s.")
        time.sleep(0.1)
    if status != "CREATE_COMPLETE":
        raise stack.StackError(f"The baseline is {status}.")
    outputs = stack.read_outputs(place, _STACK_NAME)
    return stack.Stack(place, f"{state.aws_endpoint_url}/_aws/execute-api/{outputs['ApiId']}", outputs)


def _status(place: stack.Place) -> str:
    return place.cloudformation.describe_stacks(StackName=_STACK_NAME)["Stacks"][0]["StackStatus"]


def _package() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("ingest_app.py", "worker.py"):
            archive.write(_FOLDER / name, name)
    return buffer.getvalue()
