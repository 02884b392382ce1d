"""What a planted bug is, and the tests that notice most of them."""

from typing import Final, NamedTuple

FAULTS: Final = "tests/faults/test_faults.py::test_a_fault_breaks_no_promise"
CRASHES: Final = "tests/faults/test_crashes.py::test_a_kill_at_any_step_breaks_no_promise"
CONFLICTS: Final = (
    "tests/faults/test_conflicts.py::test_a_rebuild_gives_every_text_of_one_log_id_whatever_came_first[fst]"
)
ORDERS: Final = "tests/interleavings/test_interleavings.py::test_no_order_breaks_a_promise"


class Mutation(NamedTuple):
    """Each (`old`, `new`) of `changes` is replaced once in `path`; then `test` must fail and print `says`.

    `says` is the broken promise if the test is of the whole system, or the name of the narrowest test of a part.
    """

    name: str
    path: str
    changes: tuple[tuple[str, str], ...]
    test: str
    says: str
