"""Starts and stops a whole local stack: engine, packages, template, state file."""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import msgspec

from infra import changeset, code_bucket, deployment, function_start, package, stack
from infra.local import engine, grants, saved, state
from infra.local.state import State
from infra.stack import StackError, WrongParameterError

_REGION: Final = "us-east-1"
_CODE_BUCKET: Final = "rdp-code"
_CLOCKS_DIFFER_NS: Final = 10**9  # A file's time may lag behind the clock by a tick; 1 s covers that.
_POLL_S: Final = 0.02
_DEPLOY_TIMEOUT_S: Final = 120

PARAMETERS: Final[Mapping[str, str]] = {"RequireTls": "false", "MaximumConcurrency": "0"}
"""A new local stack's values instead of the template's defaults: MiniStack speaks plain HTTP and runs 5 consumers."""


def up(
    data_dir: Path,
    *,
    port: int | None = None,
    parameters: Mapping[str, str] | None = None,
    reset: bool = False,
    agree: Callable[[list[str]], bool] = lambda _: True,
    tell: Callable[[str], None] = lambda _: None,
    build: Callable[[package.Function], bytes] = package.build_here,
) -> State:
    """Start the engine of `data_dir` unless it runs, deploy the template into it, and return the written state.

    `port` None means the folder's own port, or the default; 0 picks a free one. A parameter that is not given keeps the
    stack's value, or with `reset` takes the default. `agree` is called before changes that delete data, with a sentence
    for each. `tell` gets a line about each step. `build` makes the functions' packages.

    Raises:
        StackError: the stack can't be brought to run; the message says why.
    """
    current = _current(data_dir, port)
    was_running = engine.is_running(current)
    started: State | None = None
    try:
        with ThreadPoolExecutor(1) as builder:  # In parallel, because the engine takes seconds to start.
            packages = builder.submit(lambda: {name: build(name) for name in package.HANDLERS})
            started = _found(current, tell) if was_running else _start(data_dir, current, tell)
            place = started.place  # One place for all calls: each place makes new clients, which is slow.
            aim, given = goal(place, parameters or {}, reset=reset, tell=tell)
            tell("Packaging the functions.")
        uploaded = packages.result()
        tell("Deploying the template.")
        deployed = _deploy(started, place, uploaded, aim, given, reset=reset, agree=agree, tell=tell)
        state.write(data_dir, deployed)
        running = stack.Stack(place, deployed.endpoint, deployed.outputs)
        _ = place.lambda_, place.iam  # boto3 makes its clients in one thread only.
        with ThreadPoolExecutor(1) as prober:  # A first start takes a second or more.
            checked = prober.submit(function_start.check, running)
            _suit_the_engine(running, aim.values)
        checked.result()
    except BaseException:
        if started is not None and not was_running:  # Otherwise the engine is that of another `rdp up`, if any.
            down(data_dir)
        raise
    return deployed


def _found(current: State, tell: Callable[[str], None]) -> State:
    tell(f"Engine already runs (process {current.pid}).")
    return current


def _start(data_dir: Path, current: State, tell: Callable[[str], None]) -> State:
    """Start the engine; write and return its state, so that `down` finds the engine after any later error."""
    saved.check_readable(data_dir)
    if current.pid is not None:
        at = saved.last_stop(data_dir)
        left = f"the state saved at {at.isoformat()}" if at else "nothing, because none was ever saved"
        tell(
            f"The engine (process {current.pid}) was not stopped by `rdp down`: what came since its last save is lost."
        )
        tell(f"Going on with {left}.")
    tell(f"Starting the engine on 127.0.0.1:{current.port}.")
    started = msgspec.structs.replace(current, pid=engine.start(data_dir, current))
    state.write(data_dir, started)
    return started


def down(data_dir: Path) -> State | None:
    """Stop the engine of `data_dir` in order, so that it saves its state; return None if no engine runs.

    Raises:
        StackError: the engine does not stop, or has stopped and could not save its state.
    """
    current = state.read(data_dir)
    if current is None or not engine.is_running(current):
        return None
    asked_ns = time.time_ns() - _CLOCKS_DIFFER_NS
    engine.stop(current)
    stopped = msgspec.structs.replace(current, pid=None)
    try:
        state.write(data_dir, stopped)
    finally:  # On a full disk both fail, and this error says what is lost.
        saved.check_written(data_dir, since_ns=asked_ns)
    return stopped


def find(data_dir: Path) -> State:
    """Return the state of the running engine of `data_dir`.

    Raises:
        StackError: no engine runs there, or nothing is deployed in it.
    """
    current = state.read(data_dir)
    around = state.read(data_dir.parent)
    if current is not None and around is not None and around.port == current.port:
        current = msgspec.structs.replace(current, pid=around.pid)  # A Terraform stack's folder is within its engine's.
    if current is None or not engine.is_running(current):
        raise StackError(f"No engine runs for {data_dir}. Start it with `rdp up`, or name its folder: --data-dir.")
    if not current.outputs:
        raise StackError("The engine runs, but nothing is deployed in it. Run `rdp up` again.")
    return current


def _current(data_dir: Path, port: int | None) -> State:
    known = state.read(data_dir)
    if known is not None:
        # The engine identifies a queue by its URL, which has the port: on another port the mapping finds no queue.
        if port not in {None, 0, known.port}:
            raise StackError(
                f"{data_dir} was started on port {known.port}, which its queues are bound to. "
                f"Leave --port out, or start another folder: --data-dir D."
            )
        return known
    chosen = engine.DEFAULT_PORT if port is None else port or engine.pick_free_port()
    return State(port=chosen, pid=None, region=_REGION, access_key_id="test", secret_access_key="test")  # noqa: S106 - the engine's documented root key; it listens on 127.0.0.1 only


def goal(
    place: stack.Place, parameters: Mapping[str, str], *, reset: bool, tell: Callable[[str], None]
) -> tuple[deployment.Target, Mapping[str, str]]:
    """Return the parameters as they will be, and those to give. `tell` gets what `rdp deploy` would refuse.

    Raises:
        WrongParameterError: a value is wrong.
    """
    aim = deployment.target(place, stack.STACK_NAME, parameters, reset=reset)
    if reset or aim.deployed is None:
        parameters = {**PARAMETERS, **parameters}
        aim = deployment.target(place, stack.STACK_NAME, parameters, reset=reset)
    if objections := changeset.objections(aim.values, given=parameters, declared=aim.declared):
        raise WrongParameterError("\n".join((*objections, "Nothing was deployed.")))
    for advice in changeset.advice(aim.values):
        tell(f"{advice} `rdp deploy` refuses this.")
    return aim, parameters


def _deploy(
    started: State,
    place: stack.Place,
    packages: Mapping[package.Function, bytes],
    aim: deployment.Target,
    parameters: Mapping[str, str],
    *,
    reset: bool,
    agree: Callable[[list[str]], bool],
    tell: Callable[[str], None],
) -> State:
    """Deploy; return the state with the endpoint and outputs of the stack."""
    place.s3.create_bucket(Bucket=_CODE_BUCKET)
    given = code_bucket.upload(place, _CODE_BUCKET, packages) | dict(parameters)
    template_url = code_bucket.upload_template(place, _CODE_BUCKET, deployment.TEMPLATE.read_text())
    proposal = deployment.propose(
        place, stack.STACK_NAME, given, aim, template_url=template_url, reset=reset, poll_s=_POLL_S
    )
    if proposal is not None:
        dangers = changeset.dangers(proposal.changes, deployed=aim.deployed, values=aim.values)
        if dangers and not agree(dangers):
            deployment.withdraw(place, proposal)
            raise StackError("Not deployed: the stack is as it was.")
        deployment.execute(place, proposal, tell=lambda _: None, timeout_s=_DEPLOY_TIMEOUT_S, poll_s=_POLL_S)
    for sentence in changeset.differences(aim.deployed or {}, aim.values, declared=aim.declared):
        tell(sentence)
    outputs = stack.read_outputs(place, stack.STACK_NAME)
    # The path form needs no name resolution of *.localhost and no Host header.
    endpoint = f"{started.aws_endpoint_url}/_aws/execute-api/{outputs['ApiId']}"
    return msgspec.structs.replace(started, endpoint=endpoint, outputs=outputs)


def _suit_the_engine(running: stack.Stack, values: Mapping[str, str]) -> None:
    """Configure what the engine needs and AWS does not, or needs in another form."""
    for role in grants.ROLES:
        if role in running.outputs:
            grants.grant(running.place.iam, running.outputs[role])
    most = int(float(values["MaximumConcurrency"]))
    _limit_consumers(running.place, running.outputs["QueueMappingId"], most)
    _allow_origin(running.place, running.outputs["ApiId"], values["CorsAllowOrigin"])


def _allow_origin(place: stack.Place, api_id: str, origin: str) -> None:
    """Set the API's CORS configuration by an API call: MiniStack 1.5.33 does not know CloudFormation's member names."""
    if origin:
        client = place.session.client("apigatewayv2", endpoint_url=place.aws_endpoint_url)
        client.update_api(
            ApiId=api_id,
            CorsConfiguration={
                "AllowOrigins": [origin],
                "AllowMethods": ["GET"],
                "AllowHeaders": ["authorization", "x-api-key"],
                "MaxAge": 3600,
            },
        )


def _limit_consumers(place: stack.Place, mapping_id: str, most: int) -> None:
    """Set the mapping's limit as a number: CloudFormation passes it as text, at which MiniStack 1.5.33 fails."""
    place.lambda_.update_event_source_mapping(
        UUID=mapping_id, ScalingConfig={"MaximumConcurrency": most} if most else {}
    )
