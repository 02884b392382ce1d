"""`rdp bench`: load a stack, then judge what it stored."""

import contextlib
import importlib.util
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from rich.console import Console

from infra import stack
from infra.local import lifecycle

if TYPE_CHECKING:
    from bench.run import Plan, Result

# A crashed log comes back after the visibility timeout: 30 s, so that a run of minutes sees its retries. The
# consumer's timeout is a sixth of it; a log that is not ready within half of that is hidden by SQS until it is.
_LOCAL_PARAMETERS: Final = {"ConsumerTimeoutSeconds": "5", "VisibilityTimeoutSeconds": "30"}
_RESULTS: Final = Path("bench/results")
_EXTRA: Final = ("locust", "matplotlib", "fastapi", "mangum")


def _read_parameters(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"{value!r} is not Name=Value, as in SecondsPerChar=0.")
    return {name: content for name, _, content in (value.partition("=") for value in values)}


@click.command("bench")
@click.option("--shape", type=click.Choice(["steady", "burst", "ramp", "noisy", "soak"]), default="steady")
@click.option("--rate", type=float, default=1000, show_default=True, help="Requests a minute.")
@click.option("--duration", type=float, default=180, show_default=True, help="Seconds of load.")
@click.option("--warm-up", type=float, default=10, show_default=True, help="Seconds of rise before, not measured.")
@click.option("--mix", default="json=60,text=40", show_default=True, help="Shares of json, text and batch requests.")
@click.option("--batch-logs", type=click.IntRange(1, 5000), default=100, show_default=True, help="Logs in a batch.")
@click.option("--max-chars", type=click.IntRange(160), default=1000, show_default=True, help="Longest log.")
@click.option("--tenants", type=click.IntRange(1), default=40, show_default=True, help="Number of tenants.")
@click.option("--users", type=click.IntRange(1), default=12, show_default=True, help="Requests in flight at most.")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed sends the same requests.")
@click.option("--least-rate", type=float, help="Fail under this many requests a minute.  [default: --rate; ramp: none]")
@click.option("--drain-timeout", type=float, default=120, show_default=True, help="Seconds until the queue is empty.")
@click.option("--param", "parameters", multiple=True, metavar="NAME=VALUE", callback=_read_parameters)
@click.option("--consumers", type=click.IntRange(2), help="Consumers at once at most.  [default: the engine's 5]")
@click.option("--data-dir", type=click.Path(file_okay=False, path_type=Path), help="Load the stack that runs there.")
@click.option("--stack", "stack_name", metavar="NAME", help="Load a CloudFormation stack in AWS.")
@click.option("--endpoint", help="Send to this base URL (a custom domain) in place of the stack's own.")
@click.option("--name", default=lambda: f"run{int(time.time()):x}", help="Name of the run, prefix of its tenants.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=_RESULTS, show_default=True)
@click.option("--count-calls", is_flag=True, help="Count the functions' AWS calls (engine only, slows it).")
@click.option("--compare", is_flag=True, help="Run the naive baseline beside it, and print the table of both.")
@click.option("--ramp-rate", type=float, default=11000, show_default=True, help="--compare: ramp of single logs up to.")
@click.option("--batch-ramp-rate", type=float, default=900, show_default=True, help="--compare: ramp of batches up to.")
@click.option("--keep-history", is_flag=True, help="Keep the ledger of what was sent (0.4 KB a log).")
def command(**options: Any) -> None:
    """Load a stack at a fixed rate, wait until its queue is empty, and judge what it stored.

    Without --data-dir and --stack it starts a stack of its own on this machine and takes it down at the end. Exit code
    1: under the asked rate, an answer that was not expected, or a broken promise.
    """
    if missing := [name for name in _EXTRA if importlib.util.find_spec(name) is None]:
        raise click.UsageError(
            f"The bench needs {', '.join(missing)}: pip install 'robust-data-processor[bench]', or `make setup`."
        )
    if options["endpoint"] and not (options["stack_name"] or options["data_dir"]):
        raise click.UsageError(
            "--endpoint says where to send, but the judge must read the stack behind it: name it with --stack or "
            "--data-dir. Without that, `locust -f bench/locustfile.py --host URL` sends and does not judge."
        )
    console = Console(stderr=True)
    with _stop_on_sigterm():
        if options["compare"]:
            _compare(options, console)
            return
        with _target(options, console) as target:
            if options["consumers"]:
                _limit(target, options["consumers"])
            result = _run(_plan(options, target), target, options, console)
    folder = options["out"] / result.plan.name
    if result.verdict.passed and not options["keep_history"]:
        for left in folder.glob("history.db*"):
            left.unlink()
    _say(result, folder)
    if not result.verdict.passed:
        raise SystemExit(1)


@contextlib.contextmanager
def _stop_on_sigterm() -> Iterator[None]:
    """Within the block SIGTERM ends the run as Ctrl-C does: a stack of its own is taken down."""
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _target(options: Mapping[str, Any], console: Console) -> Iterator[stack.Stack]:
    """Give the stack to load; one of our own ends with the block."""
    if options["stack_name"]:
        found = stack.from_cloudformation(stack.Place(), options["stack_name"])
        yield _at(found, options["endpoint"])
        return
    if options["data_dir"]:
        yield _at(lifecycle.find(options["data_dir"]).stack, options["endpoint"])
        return
    data_dir = Path(tempfile.mkdtemp(prefix="rdp-bench-"))
    try:
        parameters = _LOCAL_PARAMETERS | options["parameters"]
        yield lifecycle.up(data_dir, port=0, parameters=parameters, tell=console.print).stack
    finally:
        lifecycle.down(data_dir)
        shutil.rmtree(data_dir, ignore_errors=True)


def _at(found: stack.Stack, endpoint: str | None) -> stack.Stack:
    return stack.Stack(found.place, endpoint.rstrip("/"), found.outputs) if endpoint else found


def _plan(options: Mapping[str, Any], target: stack.Stack) -> "Plan":
    from bench import deployed  # noqa: PLC0415 - the bench's packages are an extra
    from bench.run import Plan  # noqa: PLC0415 - as above

    least_rate = options["least_rate"] or (None if options["shape"] == "ramp" else options["rate"])
    return Plan(
        name=options["name"],
        shape=options["shape"],
        rate=options["rate"],
        duration_s=options["duration"],
        warm_up_s=options["warm_up"],
        mix=options["mix"],
        seed=options["seed"],
        tenants=options["tenants"],
        max_chars=options["max_chars"],
        batch_logs=options["batch_logs"],
        users=options["users"],
        seconds_per_char=float(deployed.settings(target).get("SECONDS_PER_CHAR", "0")),
        least_rate=least_rate,
        drain_timeout_s=options["drain_timeout"],
    )


def _limit(target: stack.Stack, consumers: int) -> None:
    from bench import deployed  # noqa: PLC0415 - the bench's packages are an extra

    deployed.limit_consumers(target, consumers)


def _run(plan: "Plan", target: stack.Stack, options: Mapping[str, Any], console: Console) -> "Result":
    from bench import deployed, run  # noqa: PLC0415 - the bench's packages are an extra
    from bench.cost import usage  # noqa: PLC0415 - the bench's packages are an extra
    from bench.report import results  # noqa: PLC0415 - the bench's packages are an extra

    folder = options["out"] / plan.name
    counter = usage.CallCounter(target.place) if options["count_calls"] else None
    with console.status("starting") as status:
        try:
            result = run.run(
                plan, target, folder, parameters=deployed.settings(target), counter=counter, tell=status.update
            )
        except RuntimeError as error:
            raise stack.StackError(str(error)) from error
        results.write(result, folder)
    return result


def _compare(options: Mapping[str, Any], console: Console) -> None:
    import msgspec  # noqa: PLC0415 - the bench's packages are an extra

    from bench.compare import as_markdown, compare  # noqa: PLC0415 - as above

    folder: Path = options["out"] / options["name"]
    with console.status("starting") as status:
        comparison = compare(
            folder,
            duration_s=options["duration"],
            rate=options["rate"],
            ramp_rate=options["ramp_rate"],
            batch_ramp_rate=options["batch_ramp_rate"],
            tell=status.update,
        )
    (folder / "comparison.json").write_bytes(msgspec.json.format(msgspec.json.encode(comparison)) + b"\n")
    (folder / "comparison.md").write_text(as_markdown(comparison))
    click.echo(as_markdown(comparison))


def _say(result: "Result", folder: Path) -> None:
    from bench.judge.verdict import as_text  # noqa: PLC0415 - as above
    from bench.report import results  # noqa: PLC0415 - the bench's packages are an extra

    click.echo(results.summary(result))
    click.echo(as_text(result.verdict))
    click.echo(f"report    {folder / 'report.html'}")
