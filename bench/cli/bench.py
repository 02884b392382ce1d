"""`rdp bench`: load a stack, then judge what it stored."""

import contextlib
import importlib.util
import signal
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from click.core import ParameterSource

from bench import deployed, run
from bench.cli.knobs import checked, given, options_of
from bench.cli.own_stack import own_stack
from bench.cost import usage
from bench.judge.judgement import as_text
from bench.load import plan as plans
from bench.load.plan import Plan
from bench.result import Result
from infra import stack
from infra.options.locator import Where, locate, where_options
from infra.options.parameters import parameters_option
from infra.terminal import exits
from infra.terminal import out as say  # `out` is the verb's option
from infra.terminal.examples import examples
from infra.terminal.signals import on_stop

_RESULTS: Final = Path("bench/results")
_EXTRA: Final = ("locust", "matplotlib", "jinja2", "fastapi", "mangum")
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


@click.command(
    "bench",
    epilog=examples(
        "rdp bench",
        "rdp bench --rate 6000 --duration 60 --param SecondsPerChar=0",
        "rdp bench --shape ramp --rate 11000 --name my-ramp",
        "rdp bench --stack rdp --rate 1000  # load a stack in AWS",
        "rdp bench --compare --duration 60",
    ),
)
@options_of(Plan, name="run and the time of its start", least_rate="--rate, for a ramp none")
@parameters_option
@click.option(
    "--consumers",
    type=click.IntRange(2),
    help="At most this many consumer invocations at once during the run.  [default: the stack's own; locally 5]",
)
@where_options
@click.option("--endpoint", help="Send to this base URL, such as a custom domain's, not to the stack's own.")
@click.option(
    "--out", type=_FOLDER, default=_RESULTS, show_default=True, help="Folder in which each run gets its own folder."
)
@click.option(
    "--count-calls",
    is_flag=True,
    help="Count the functions' AWS calls. Only on this machine, where it slows the engine.",
)
@click.option("--compare", is_flag=True, help="Also load the naive baseline, and print both results in one table.")
@click.option("--calls-only", is_flag=True, help="Only measure what `rdp cost` reads, in three minutes.")
@click.option(
    "--ramp-rate",
    type=float,
    callback=checked(Plan, "rate"),
    default=11000,
    show_default=True,
    help="With --compare: requests a minute at the end of the ramp of single logs.",
)
@click.option(
    "--batch-ramp-rate",
    type=float,
    callback=checked(Plan, "rate"),
    default=900,
    show_default=True,
    help="With --compare: requests a minute at the end of the ramp of batches.",
)
@click.option(
    "--keep-history",
    is_flag=True,
    help="Keep the record of what was sent, 0.4 KB a log. Without it, it is deleted if the run passed.",
)
def command(
    *,
    parameters: Mapping[str, str],
    consumers: int | None,
    where: Where,
    endpoint: str | None,
    out: Path,
    count_calls: bool,
    compare: bool,
    calls_only: bool,
    ramp_rate: float,
    batch_ramp_rate: float,
    keep_history: bool,
    **knobs: Any,
) -> None:
    """Load a stack at a fixed rate, wait until its queue is empty, and judge what it stored.

    Without --data-dir, --stack or --outputs it starts a stack of its own on this machine, and removes it at the end.
    The report is report.html in the run's folder.

    Exit status 4: the rate was not reached, an answer was not the expected one, or a promise was broken.
    """
    refuse_without_packages()
    runs = not where.is_local or _names_folder()
    if endpoint and not runs:
        raise click.UsageError(
            "--endpoint says where to send, but the judge must read the stack behind it: name it with --stack or "
            "--data-dir. Without that, `locust -f bench/locustfile.py --host URL` sends and does not judge."
        )
    if endpoint and not endpoint.startswith(("http://", "https://")):
        raise click.BadParameter(
            f"{endpoint!r} is not a base URL. Give one such as https://logs.example.com.", param_hint="endpoint"
        )
    if runs and parameters:
        raise click.UsageError(
            "--param sets parameters of a stack that the bench starts itself. A running stack keeps its own: "
            "leave --param out."
        )
    if not where.is_local and count_calls:
        raise click.UsageError(
            "--count-calls reads the engine's record of calls, so it works only on this machine. Leave it out."
        )
    plan = _plan(knobs)
    folder = _made(out / plan.name)
    # SIGTERM ends the run as Ctrl-C does: the stack that the bench started is taken down.
    with on_stop(lambda number: sys.exit(128 + number), (signal.SIGTERM,)):
        if compare or calls_only:
            _compare(plan, folder, None if calls_only else (ramp_rate, batch_ramp_rate))
            return
        running = contextlib.nullcontext(_at(locate(where), endpoint)) if runs else None
        with running or own_stack(parameters, partial(say.say, err=True)) as loaded:
            limited = deployed.limited_consumers(loaded, consumers) if consumers else contextlib.nullcontext()
            with limited:
                result = _run(plan, loaded, folder, count_calls=count_calls)
    if result.judgement.passed and not keep_history:
        for left in folder.glob("history.db*"):
            left.unlink()
    _say(result, folder)
    if not result.judgement.passed:
        raise click.exceptions.Exit(exits.BAD)


def refuse_without_packages(find: Callable[[str], object] = importlib.util.find_spec) -> None:
    """Raise UsageError when a package of the bench's extra is missing."""
    if missing := [name for name in _EXTRA if find(name) is None]:
        raise click.UsageError(
            f"The bench needs {', '.join(missing)}: pip install 'robust-data-processor[bench]', or `make setup`."
        )


def _plan(knobs: Mapping[str, Any]) -> Plan:
    try:
        plan = plans.make(**{"name": plans.fresh_name(time.time())} | given(Plan, knobs))
    except plans.PlanError as error:
        raise click.UsageError(str(error)) from error
    if plan.least_rate is None and plan.shape != "ramp":
        return msgspec.structs.replace(plan, least_rate=plan.rate)
    return plan


def _made(folder: Path) -> Path:
    """Return the folder, newly made; this comes before any sending, so that a bad folder ends the run at once."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.ClickException(
            f"The results cannot be written to {folder}: {error.strerror}. Choose another folder: --out."
        ) from error
    return folder


def _names_folder() -> bool:
    """Say whether --data-dir was typed: one from the environment is meant for the operator's verbs, not for a load."""
    return click.get_current_context().get_parameter_source("data_dir") is ParameterSource.COMMANDLINE


def _at(found: stack.Stack, endpoint: str | None) -> stack.Stack:
    return stack.Stack(found.place, endpoint.rstrip("/"), found.outputs) if endpoint else found


def _run(plan: Plan, loaded: stack.Stack, folder: Path, *, count_calls: bool) -> Result:
    from bench.report import files  # noqa: PLC0415 - it draws with matplotlib, which is an extra

    settings = deployed.settings(loaded)
    plan = msgspec.structs.replace(plan, seconds_per_char=float(settings.get("SECONDS_PER_CHAR", "0")))
    counter = usage.CallCounter(loaded.place) if count_calls else None
    with say.status("starting") as tell:
        try:
            result = run.run(plan, loaded, folder, parameters=settings, counter=counter, tell=tell)
        except RuntimeError as error:
            raise stack.StackError(str(error)) from error
        files.write(result, folder)
    return result


def _compare(plan: Plan, folder: Path, ramp_rates: tuple[float, float] | None) -> None:
    """Compare both systems; without the rates of their ramps, only measure what the cost model reads."""
    from bench.compare import as_markdown, compare, count_calls  # noqa: PLC0415 - as above

    if ramp_rates is None:
        with say.status("starting") as tell:
            count_calls(folder, tell)
        say.say(f"priced by   rdp cost --runs {folder}")
        return
    ramp_rate, batch_ramp_rate = ramp_rates
    with say.status("starting") as tell:
        comparison = compare(
            folder,
            duration_s=plan.duration_s,
            rate=plan.rate,
            ramp_rate=ramp_rate,
            batch_ramp_rate=batch_ramp_rate,
            tell=tell,
        )
    (folder / "comparison.json").write_bytes(msgspec.json.format(msgspec.json.encode(comparison)) + b"\n")
    (folder / "comparison.md").write_text(as_markdown(comparison))
    say.say_lines(as_markdown(comparison))


def _say(result: Result, folder: Path) -> None:
    from bench.report import files  # noqa: PLC0415 - as above

    say.say_lines(files.summary(result))
    say.say_lines(as_text(result.judgement))
    say.say(f"report    {folder / 'report.html'}")
