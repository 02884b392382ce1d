"""A Kinesis record: `python -m tests.fuzz.fuzz_kpl -runs=50000 -seed=1 CORPUS` (see `engine`)."""

from tests.fuzz import engine, seeds

with engine.instrumented():
    from tests.fuzz import kpl_oracle as oracle
    from tests.fuzz.planted import RECORD, descend


def check(data: bytes) -> set[str]:
    """Return the kinds of what these bytes are read as."""
    return oracle.kinds(oracle.check(data))


def check_planted(data: bytes) -> set[str]:
    """Return the same with a reader that has a planted bug."""
    return oracle.kinds(oracle.check(data, RECORD))


if __name__ == "__main__":
    engine.fuzz(check_planted if engine.is_planted(descend) else check, seeds.records(), seeds.RECORD_WORDS)
