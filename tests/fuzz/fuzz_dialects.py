"""A body in any dialect: `python -m tests.fuzz.fuzz_dialects -runs=50000 -seed=1 CORPUS` (see `engine`)."""

from tests.fuzz import engine, seeds

with engine.instrumented():
    from tests.fuzz import dialect_oracle as oracle


if __name__ == "__main__":
    engine.fuzz(oracle.check, seeds.dialect_bodies(), seeds.DIALECT_WORDS)
