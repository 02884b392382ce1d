"""Up and down of a whole local stack: engine, packages, template, state file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from infra import deployment, package, stack
from infra.local import engine, grants, state
from infra.local.state import State

_REGION: Final = "us-east-1"
_CODE_BUCKET: Final = "rdp-code"

# MiniStack 1.5.33 speaks plain HTTP, and its mapping stops at a limit that CloudFormation handed it as text.
_PARAMETERS: Final[dict[str, str]] = {"RequireTls": "false", "MaximumConcurrency": "0"}


def up(
    data_dir: Path,
    *,
    port: int | None = None,
    parameters: Mapping[str, str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> State:
    """Start the engine of `data_dir` unless it runs, deploy the template into it, and return the written state.

    `port` None takes the folder's own, or the default; 0 picks a free one. `tell` gets a line about each step.

    Raises:
        StackError: whatever keeps the stack from running, told to a person.
    """
    current = _current(data_dir, port)
    was_running = engine.is_running(current)
    if was_running:
        tell(f"Engine already runs (process {current.pid}).")
        started = current
    else:
        tell(f"Starting the engine on 127.0.0.1:{current.port}.")
        started = msgspec.structs.replace(current, pid=engine.start(data_dir, current))
    try:
        # Before the deployment: whatever happens from here, `rdp down` finds the engine.
        state.write(data_dir, started)
        tell("Packaging the functions.")
        packages = {name: package.build_here(name) for name in package.HANDLERS}
        tell("Deploying the template.")
        deployed = _deploy(started, packages, parameters or {})
        state.write(data_dir, deployed)
    except BaseException:
        if not was_running:
            down(data_dir)
        raise
    return deployed


def down(data_dir: Path) -> State | None:
    """Stop the engine of `data_dir` in order, so that it saves its state; return None when none runs.

    Raises:
        StackError: the engine does not stop.
    """
    current = state.read(data_dir)
    if current is None or not engine.is_running(current):
        return None
    engine.stop(current)
    stopped = msgspec.structs.replace(current, pid=None)
    state.write(data_dir, stopped)
    return stopped


def find(data_dir: Path) -> State:
    """Return the state of the running engine of `data_dir`.

    Raises:
        StackError: none runs there, or nothing is deployed in it.
    """
    current = state.read(data_dir)
    if current is None or not engine.is_running(current):
        raise stack.StackError(
            f"No engine runs for {data_dir}. Start it with `rdp up`, or name its folder: --data-dir."
        )
    if not current.outputs:
        raise stack.StackError("The engine runs and nothing is deployed in it. Run `rdp up` again.")
    return current


def _current(data_dir: Path, port: int | None) -> State:
    known = state.read(data_dir)
    if known is not None:
        # The engine identifies a queue by its URL, port and all: on another port the mapping finds no queue.
        if port not in {None, known.port}:
            raise stack.StackError(
                f"{data_dir} was started on port {known.port}, which its queues are bound to. "
                f"Leave --port out, or start another folder: --data-dir D."
            )
        return known
    chosen = engine.DEFAULT_PORT if port is None else port or engine.pick_free_port()
    return State(port=chosen, pid=None, region=_REGION, access_key_id="test", secret_access_key="test")  # noqa: S106 - the engine's documented root key; it listens on 127.0.0.1 only


def _deploy(started: State, packages: Mapping[package.Function, bytes], parameters: Mapping[str, str]) -> State:
    place = started.place
    place.s3.create_bucket(Bucket=_CODE_BUCKET)
    code = deployment.upload(place, _CODE_BUCKET, packages)
    parameters = code | _PARAMETERS | dict(parameters)
    deployment.deploy(place, stack.STACK_NAME, parameters, timeout_s=120, poll_s=0.05)
    outputs = stack.read_outputs(place, stack.STACK_NAME)
    for role in ("IngestRoleName", "ConsumerRoleName", "TenantReaderRoleName"):
        grants.grant(place.iam, outputs[role])
    # The path form needs no name resolution of *.localhost and no Host header.
    endpoint = f"{started.aws_endpoint_url}/_aws/execute-api/{outputs['ApiId']}"
    return msgspec.structs.replace(started, endpoint=endpoint, outputs=outputs)
