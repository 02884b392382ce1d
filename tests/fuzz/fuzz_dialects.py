"""A body in any dialect: `python -m tests.fuzz.fuzz_dialects -runs=50000 -seed=1 CORPUS` (see `engine`)."""

from collections.abc import Iterable

from tests.fuzz import engine, seeds

with engine.instrumented():
    from tests.fuzz import dialect_oracle as oracle
    from tests.fuzz.planted import DIALECT, descend


def check_planted(data: bytes) -> Iterable[str]:
    """Return the kinds of what these bytes are read as, by a reader with a bug."""
    return oracle.check(data, DIALECT)


if __name__ == "__main__":
    engine.fuzz(
        check_planted if engine.is_planted(descend) else oracle.check, seeds.dialect_bodies(), seeds.DIALECT_WORDS
    )
