"""Seven bugs that such systems are known for, each as a textual change, and the tests that must see it."""

from typing import Final, NamedTuple

_FAULTS: Final = "tests/faults/test_faults.py::test_a_fault_breaks_no_promise"
_CRASHES: Final = "tests/faults/test_crashes.py::test_a_kill_at_any_step_breaks_no_promise"


_SAVED: Final = "                    shards=self._positions,\n                ),\n            )\n"


class Mutation(NamedTuple):
    """Each (`old`, `new`) of `changes` is made once in `path`; then `test` must fail and name `promise`."""

    name: str
    path: str
    changes: tuple[tuple[str, str], ...]
    test: str
    promise: str


MUTATIONS: Final = (
    Mutation(
        "swallowed_put_records_failure",
        "ingest/sinks/stream.py",
        (
            (
                "    return [None if code is None else Refusal(code,",
                "    return [None if True else Refusal(code,",
            ),
        ),
        f"{_FAULTS}[ingest.kinesis.put_records-partial]",
        "I5",
    ),
    Mutation(
        "return_none_after_an_exception",
        "consumer/invocation.py",
        (
            (
                "    verdicts = _defer(plan.deferrals, outside)\n",
                """\
    try:
        verdicts = _defer(plan.deferrals, outside)
    except Exception:
        return None
""",
            ),
        ),
        f"{_FAULTS}[consumer.sqs.change_message_visibility_batch-garbled]",
        "I12",
    ),
    Mutation(
        "overwrite_instead_of_insert",
        "consumer/store.py",
        (
            (
                '            responses = self._client.batch_execute_statement(Statements=statements)["Responses"]\n',
                """\
            from consumer.item import attributes
            puts = [{"PutRequest": {"Item": attributes(item)}} for item in items]
            self._client.batch_write_item(RequestItems={self._name: puts})
            responses = [{} for _ in statements]
""",
            ),
        ),
        f"{_FAULTS}[ingest.kinesis.put_records-slow]",
        "I6",
    ),
    Mutation(
        "whole_batch_raised",
        "consumer/invocation.py",
        (
            (
                "    isolation = bisect(plan.ready, work)\n",
                """\
    isolation = bisect(plan.ready, work)
    if isolation.failed:
        raise isolation.failed[0].error
""",
            ),
        ),
        f"{_FAULTS}[ingest.kinesis.put_records-slow]",
        "I7",
    ),
    Mutation(
        "suspects_trusted",
        "consumer/invocation.py",
        (("    return log.delivery.receive_count > 1\n", "    return log.delivery.receive_count > 9\n"),),
        "tests/faults/test_neighbours.py::test_logs_that_end_the_process_dead_letter_no_healthy_one",
        "I7",
    ),
    Mutation(
        "checkpoint_before_flush",
        "consumer/replay/replay.py",
        (
            ("        output = self._sink.commit()\n", "        output = self._start.output\n"),
            (_SAVED, f"{_SAVED}        self._sink.commit()\n"),
        ),
        f"{_CRASHES}[replay-before]",
        "I",
    ),
    Mutation(
        "output_not_flushed",  # Only a real kill shows it: a program that is unwound closes its files.
        "consumer/replay/lines.py",
        (("        self._file.flush()\n        os.fsync", "        pass\n        os.fsync"),),
        f"{_CRASHES}[replay-before]",
        "I",
    ),
)
