"""`rdp cost`: dollars per million logs, from list prices and measured runs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bench.cost.model import Measured, Prices, Setting


@click.command("cost")
@click.option(
    "--log-bytes", type=click.IntRange(1, 170_000), default=300, show_default=True, help="Mean size of a log."
)
@click.option("--logs-per-request", type=click.IntRange(1, 5_000), default=100, show_default=True, help="Logs a POST.")
@click.option("--tenants-per-request", type=click.IntRange(1), default=1, show_default=True, help="Tenants in a POST.")
@click.option("--batch-size", type=click.IntRange(1, 10_000), default=5, show_default=True, help="BatchSize.")
@click.option("--seconds-per-char", type=float, default=0.0, show_default=True, help="The simulated work.")
@click.option("--consumer-timeout", type=float, default=50, show_default=True, help="ConsumerTimeoutSeconds.")
@click.option("--logs-per-second", type=float, default=1_000, show_default=True, help="What hourly prices spread over.")
@click.option("--stream", type=click.Choice(["on_demand", "provisioned", "none"]), default="on_demand")
@click.option("--architecture", type=click.Choice(["arm64", "x86_64"]), default="arm64", show_default=True)
@click.option("--runs", type=click.Path(file_okay=False, path_type=Path), help="Folder of the measured runs.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write the cost against logs a request.")
def command(
    *,
    log_bytes: int,
    logs_per_request: int,
    tenants_per_request: int,
    batch_size: int,
    seconds_per_char: float,
    consumer_timeout: float,
    logs_per_second: float,
    stream: str,
    architecture: str,
    runs: Path | None,
    plot: Path | None,
) -> None:
    """Say what a million logs cost with this design and with the naive baseline, by service.

    Prices are the dated list of bench/cost/prices.json, in us-east-1, without free tiers and storage. Calls,
    Lambda time and log volume come from measured runs (`rdp bench --compare --count-calls` makes new ones).
    """
    import msgspec  # noqa: PLC0415 - the bench's packages are an extra

    from bench.cost import measured  # noqa: PLC0415 - as above
    from bench.cost.model import Setting  # noqa: PLC0415 - as above

    folder = runs or measured.KEPT
    try:
        design, baseline = measured.design(folder), measured.baseline(folder)
    except FileNotFoundError as error:
        raise click.ClickException(f"{error.filename} is missing. Make it with `rdp bench --count-calls`.") from error
    setting = msgspec.convert(
        {
            "log_bytes": log_bytes,
            "logs_per_request": logs_per_request,
            "tenants_per_request": tenants_per_request,
            "batch_size": batch_size,
            "seconds_per_char": seconds_per_char,
            "consumer_timeout_s": consumer_timeout,
            "logs_per_s": logs_per_second,
            "stream": stream,
            "architecture": architecture,
        },
        Setting,
    )
    prices = measured.prices()
    Console().print(_table(setting, design, baseline, prices))
    click.echo(prices.vintage)
    if plot is not None:
        from bench.report import charts  # noqa: PLC0415 - as above

        charts.save_png(charts.cost(setting, design, baseline, prices), plot)
        click.echo(f"plot      {plot}")


def _table(setting: "Setting", design: "Measured", baseline: "Measured", prices: "Prices") -> Table:
    import msgspec  # noqa: PLC0415 - the bench's packages are an extra

    from bench.cost.model import SERVICES, per_million  # noqa: PLC0415 - as above

    single = msgspec.structs.replace(setting, logs_per_request=1, tenants_per_request=1)
    columns = {
        f"design, {setting.logs_per_request} a request": per_million(setting, design, prices),
        "design, 1 a request": per_million(single, design, prices),
        "baseline": per_million(single, baseline, prices),
    }
    table = Table(title=f"US dollars per million logs of {setting.log_bytes} bytes", title_justify="left")
    table.add_column("service")
    for name in columns:
        table.add_column(name, justify="right")
    for service in SERVICES:
        table.add_row(service, *(f"{column[service]:,.3f}" for column in columns.values()))
    table.add_section()
    table.add_row("sum", *(f"{sum(column.values()):,.3f}" for column in columns.values()))
    return table
