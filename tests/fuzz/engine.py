"""One target under atheris (libFuzzer): instrumented imports, seeds on disk, and libFuzzer's own command line.

    python -m tests.fuzz.fuzz_parse -runs=50000 -seed=1 CORPUS

CORPUS is a folder: the seeds are written into it, and inputs that reach new code are kept there. Findings are in the
folder `CORPUS.found`; `python -m tests.fuzz.fuzz_parse FINDING` runs one again. The option `--planted` plants a bug.
"""

import contextlib
import hashlib
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, NoReturn

import atheris

from tests.fuzz import json_mutation
from tests.fuzz.seeds import MAX_SEED_BYTES

_PLANTED: Final = "--planted"
_KINDS: Final = 512  # More than there are kinds; two kinds with one place only guide the fuzzer less.


def instrumented() -> contextlib.AbstractContextManager[Any]:
    """Return the context in which a target imports the modules under test, so that they report their branches."""
    context: contextlib.AbstractContextManager[Any] = atheris.instrument_imports(include=["ingest", "consumer"])
    return context


def is_planted(bug: Callable[..., Any]) -> bool:
    """Whether the target runs with its planted bug, which then reports its branches like the project's modules."""
    if _PLANTED not in sys.argv:
        return False
    atheris.instrument_func(bug)
    return True


def fuzz(check: Callable[[bytes], Iterable[str]], seeds: Iterable[bytes], words: Iterable[str]) -> NoReturn:
    """Fuzz until libFuzzer's flags on the command line end it, and exit the process.

    `check` returns kinds of outcome: an input with a new kind is kept like one that reached new code, because the
    parsers in C (msgspec's, protobuf's) report no branches.
    Its exit code: 0 nothing found, 77 an exception, 70 a timeout, 71 too much memory, 1 no CORPUS given.
    """
    arguments = [argument for argument in sys.argv[1:] if argument != _PLANTED]
    paths = [Path(argument) for argument in arguments if not argument.startswith("-")]
    if not paths:
        sys.exit(f"usage: {sys.argv[0]} [-libFuzzer=flags] CORPUS")
    if not paths[0].is_file():
        arguments = [*_prepared(paths[0], seeds, words), *arguments]

    kinds = [_branch() for _ in range(_KINDS)]

    def one(data: bytes) -> None:
        for kind in check(data):
            kinds[zlib.crc32(kind.encode()) % _KINDS]()

    def mutate(data: bytes, max_bytes: int, seed: int) -> bytes:
        random = Random(seed)
        mutated = None
        if random.random() < 0.5:
            mutated = json_mutation.mutated(data, random, lambda text: bytes(atheris.Mutate(text, len(text) + 16)))
        if mutated is None or len(mutated) > max_bytes:
            mutated = bytes(atheris.Mutate(data, max_bytes))
        return mutated

    atheris.Setup([sys.argv[0], *arguments], one, custom_mutator=mutate)
    atheris.Fuzz()
    raise AssertionError("libFuzzer leaves the process")


def _branch() -> Callable[[], None]:
    """Return a function without any effect, which counts as code of its own."""

    def reached() -> None:
        pass

    branch: Callable[[], None] = atheris.instrument_func(reached)
    return branch


def _prepared(corpus: Path, seeds: Iterable[bytes], words: Iterable[str]) -> Sequence[str]:
    """Write the seeds, and return libFuzzer's flags for the files beside them; flags given later override these."""
    corpus.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (corpus / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    found = corpus.with_name(f"{corpus.name}.found")
    found.mkdir(exist_ok=True)
    dictionary = corpus.with_name(f"{corpus.name}.dict")
    dictionary.write_text("".join(f'"{_escaped(word)}"\n' for word in words))
    return [f"-max_len={MAX_SEED_BYTES}", f"-artifact_prefix={found}/", f"-dict={dictionary}"]


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())
