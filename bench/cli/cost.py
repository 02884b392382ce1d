"""`rdp cost`: dollars per million logs, from list prices and measured runs."""

from pathlib import Path
from typing import Any

import click
import msgspec

from bench.cli.knobs import given, options_of
from bench.cost import measured
from bench.cost.model import SERVICES, Measured, Prices, Setting, per_million
from bench.result import ResultError
from infra.terminal import out
from infra.terminal.examples import examples


@click.command("cost", epilog=examples("rdp cost", "rdp cost --log-bytes 1000 --logs-per-request 500 --plot cost.png"))
@options_of(Setting)
@click.option(
    "--runs",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the measured runs.  [default: bench/results/kept]",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the cost over the logs in a request, as a PNG in FILE.",
)
def command(*, runs: Path | None, plot: Path | None, **knobs: Any) -> None:
    """Show what a million logs cost, by service, with this design and with the naive baseline.

    Prices are from the dated list bench/cost/prices.json, for us-east-1, without free tiers, storage and the transfer
    of answers. Calls, log volume and the functions' CPU time were measured in the runs of --runs; `rdp bench
    --calls-only` makes new runs. How long a call to AWS takes is not measured: --call-ms says it.
    """
    folder = runs or measured.KEPT
    try:
        design, baseline = measured.design(folder), measured.baseline(folder)
    except ResultError as error:
        raise click.ClickException(f"{error}. `rdp bench --calls-only` makes such runs.") from error
    setting = msgspec.convert(given(Setting, knobs), Setting)
    prices = measured.prices()
    _show(setting, design, baseline, prices)
    out.say(prices.vintage)
    if plot is not None:
        _save(setting, design, baseline, prices, plot)
        out.say(f"plot      {plot}")


def _save(setting: Setting, design: Measured, baseline: Measured, prices: Prices, plot: Path) -> None:
    from bench.report import charts  # noqa: PLC0415 - it draws with matplotlib, which is an extra

    try:
        charts.save_png(charts.cost(setting, design, baseline, prices), plot)
    except OSError as error:
        raise click.ClickException(
            f"The picture cannot be written to {plot}: {error.strerror}. Choose another file: --plot."
        ) from error


def _show(setting: Setting, design: Measured, baseline: Measured, prices: Prices) -> None:
    single = msgspec.structs.replace(setting, logs_per_request=1, tenants_per_request=1)
    columns = {
        f"design, {setting.logs_per_request} a request": per_million(setting, design, prices),
        "design, 1 a request": per_million(single, design, prices),
        "baseline": per_million(single, baseline, prices),
    }
    rows = [(service, *(f"{column[service]:,.3f}" for column in columns.values())) for service in SERVICES]
    rows.append(("sum", *(f"{sum(column.values()):,.3f}" for column in columns.values())))
    title = f"US dollars per million logs of {setting.log_bytes} bytes"
    out.say_table(("service", *columns), rows, title=title, right=columns)
