"""The comparison's tables: both systems at one rate, and each at its knee with the ratio to the baseline's."""

from bench.compare import Comparison, Knee, Row, as_markdown

ROW = Row(
    system="design",
    setting="no delay, no crashes, single logs",
    requests_per_minute=1_000,
    answer_p50_ms=16,
    answer_p99_ms=31,
    stored_logs_per_s=16.6,
    gb_s_per_million_logs=10_000,
    accepted=3_000,
    stored=2_990,
    healthy_logs_in_dlq=0,
    broken_promises="",
)


def knee(system: str, stored_logs_per_s: float) -> Knee:
    """Return a knee."""
    return Knee(
        system=system,
        unit="single logs",
        requests_per_minute=6_000,
        answer_p99_ms=400,
        lag_p90_ms=1_500,
        stored_logs_per_s=stored_logs_per_s,
    )


def test_the_ratio_is_to_the_baseline_at_its_own_knee() -> None:
    """Each system is measured at the most that it takes, not at a rate that suits one of them."""
    text = as_markdown(Comparison((ROW,), (knee("design", 1_050), knee("baseline", 100))))
    assert "| design | single logs | 6,000 | 400 | 1.50 | 1,050.0 | 10.5x |" in text
    assert "| baseline | single logs | 6,000 | 400 | 1.50 | 100.0 | 1.0x |" in text


def test_every_row_has_as_many_cells_as_its_head() -> None:
    """Both tables are whole Markdown tables."""
    text = as_markdown(Comparison((ROW,), (knee("baseline", 100),)))
    for table in text.split("\n\n"):
        assert len({line.count("|") for line in table.strip().splitlines()}) == 1
