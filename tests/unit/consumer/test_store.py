"""The table of logs: which rows are written by which calls, and what each answer means."""

from collections.abc import Callable
from itertools import permutations
from typing import Any, cast

import pytest
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, NoCredentialsError, ReadTimeoutError

from consumer.item import Item, beside, key_attributes
from consumer.store import Table
from consumer.verdict import DUPLICATE, ERASED, STORED, Verdict, conflict, not_taken, quarantined, retried
from ingest.contract.errors import Poison
from tests.clock import Clock
from tests.messages import RECEIVED_MS
from tests.unit.consumer.fakes import FakeDynamoDB, client_error, item

PASSING_STATEMENT_CODES = [
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
    "RequestLimitExceeded",
    "InternalServerError",
    "TransactionConflict",
]


class Setup:
    """A table over a fake DynamoDB, on a clock of its own."""

    def __init__(self, dynamodb: FakeDynamoDB | None = None, jitter: Callable[[], float] = lambda: 1.0) -> None:
        self.dynamodb = dynamodb or FakeDynamoDB()
        self.clock = Clock()
        self.table = Table(
            cast("Any", self.dynamodb),
            "logs",
            time=self.clock.time(jitter),
            now_ms=lambda: RECEIVED_MS + int(self.clock.elapsed_s * 1000),
        )

    def insert(self, *items: Item, within_s: float = 10) -> list[Verdict]:
        """Return the items' verdicts, in the items' order."""
        answers = dict(self.table.insert(items, give_up_at_s=self.clock.monotonic() + within_s))
        return [answers[position] for position in range(len(items))]


def failing(*codes: str | None) -> Callable[[object], str | None]:
    """Return a fault that gives these codes in turn, and then none."""
    left = list(codes)
    return lambda _key: left.pop(0) if left else None


def raising(*errors: Exception | None) -> Callable[[], Exception | None]:
    """Return a fault that raises these errors in turn, and then none."""
    left = list(errors)
    return lambda: left.pop(0) if left else None


def test_a_row_is_stored_with_every_attribute() -> None:
    """A row is stored with all its attributes, as attribute values."""
    setup = Setup()
    assert setup.insert(item(fields={"a": 1}, expires_at=7)) == [STORED]
    assert setup.dynamodb.items["acme", "log-1"] == {
        "tenant_id": {"S": "acme"},
        "log_id": {"S": "log-1"},
        "source": {"S": "json_upload"},
        "original_text": {"S": "hello"},
        "modified_data": {"S": "hello"},
        "received_at": {"S": "2025-11-24T15:59:00.000Z"},
        "processed_at": {"S": "2025-11-24T16:00:00.000Z"},
        "redaction_version": {"S": "upper-1"},
        "fields": {"M": {"a": {"N": "1"}}},
        "expires_at": {"N": "7"},
    }


def test_twenty_five_rows_are_one_call() -> None:
    """Twenty-five rows are written by one call."""
    setup = Setup()
    assert setup.insert(*(item(f"log-{n}") for n in range(50))) == [STORED] * 50
    assert [len(call) for call in setup.dynamodb.calls] == [25, 25]


@pytest.mark.parametrize("character", ["\x01", "\u00e9", "\u260e", "\U0001f600", '"', "x"])
def test_no_call_is_larger_than_dynamodb_takes(character: str) -> None:
    """A call with 25 of the largest texts, in the characters with the longest encoding, fits DynamoDB's limit."""
    text = character * (170_000 // len(character.encode()))
    setup = Setup()
    rows = [item(str(n), text, fields={"n": [1] * 8_000}) for n in range(25)]
    assert setup.insert(*rows) == [STORED] * 25


def test_the_same_text_again_is_a_duplicate_and_writes_nothing() -> None:
    """The same text under the same id is a duplicate, whatever its source and fields."""
    setup = Setup()
    setup.insert(item(source="json_upload"))
    before = dict(setup.dynamodb.items)
    assert setup.insert(item(source="text_upload", fields={"a": 1})) == [DUPLICATE]
    assert setup.dynamodb.items == before


def test_another_text_under_the_key_is_an_item_beside_the_first() -> None:
    """Another text under a log id is stored once as its own item that names the id."""
    setup = Setup()
    setup.insert(item(text="first"))
    for _ in range(2):
        assert setup.insert(item(text="second"), item("log-2"))[0] == conflict("first")
    second = beside(item(text="second"))
    assert setup.dynamodb.texts() == {
        ("acme", "log-1"): "first",
        ("acme", "log-2"): "hello",
        second.key: "second",
    }
    assert setup.dynamodb.items[second.key]["conflict_of"] == {"S": "log-1"}


def test_any_number_of_texts_stand_under_one_log_id_in_whatever_order_they_came() -> None:
    """Several texts under one log id are each stored once, in whatever order they come."""
    for texts in permutations(("a", "b", "c")):
        setup = Setup()
        for text in (*texts, *texts):
            setup.insert(item(text=text))
        assert sorted(setup.dynamodb.texts().values()) == ["a", "b", "c"]


def test_a_conflict_that_the_table_does_not_take_comes_back() -> None:
    """A conflict that the table does not take is retried, and the next delivery makes the same key for it."""
    beside_key = beside(item(text="second")).key
    busy = [beside_key]
    setup = Setup(FakeDynamoDB(statement_error=lambda key: "ThrottlingError" if key in busy else None))
    setup.insert(item(text="first"))
    assert setup.insert(item(text="second")) == [not_taken("ThrottlingError")]
    busy.clear()
    assert setup.insert(item(text="second")) == [conflict("first")]
    assert sorted(setup.dynamodb.texts()) == [("acme", "log-1"), beside_key]


def test_a_place_beside_that_holds_another_text_is_nothing_of_ours() -> None:
    """If a conflict's own key holds another text, written by hand, nothing is overwritten and the log is retried."""
    setup = Setup()
    setup.insert(item(text="first"), item(beside(item(text="second")).log_id, text="by hand"))
    assert setup.insert(item(text="second")) == [retried("KeyTaken")]


def test_duplicates_of_a_call_are_compared_in_one_read() -> None:
    """All duplicates of a call are compared by one read."""
    setup = Setup()
    rows = [item(f"log-{n}") for n in range(25)]
    setup.insert(*rows)
    assert setup.insert(*rows) == [DUPLICATE] * 25
    assert [len(read) for read in setup.dynamodb.reads] == [25]


def test_two_copies_in_a_batch_are_one_write() -> None:
    """Two copies in a batch are written once, because AWS refuses a call that names a key twice."""
    setup = Setup()
    assert setup.insert(item(), item(), item(text="other")) == [STORED, DUPLICATE, conflict("hello")]
    assert setup.dynamodb.calls == [[("acme", "log-1")], [beside(item(text="other")).key]]


def test_copies_of_a_conflicting_row_are_measured_by_what_is_stored() -> None:
    """Copies in a batch are compared with the table's text, not with the batch's first."""
    setup = Setup()
    setup.insert(item(text="stored"))
    assert setup.insert(item(text="other"), item(text="stored"), item(text="third")) == [
        conflict("stored"),
        DUPLICATE,
        conflict("stored"),
    ]


def test_a_copy_of_a_refused_row_is_refused_and_another_text_comes_back() -> None:
    """If the table refuses a row, its copy is refused too, and another text under the id is retried."""
    setup = Setup(FakeDynamoDB(statement_error=lambda _key: "ValidationError"))
    assert setup.insert(item(), item(), item(text="other")) == [
        quarantined("refused_by_table", "ValidationError"),
        quarantined("refused_by_table", "ValidationError"),
        retried("TwinNotStored"),
    ]


def test_another_text_under_an_id_that_an_outage_kept_out_has_no_fault_either() -> None:
    """If AWS does not take a row, another text under its id comes back as after an outage, and not as a failed log."""
    setup = Setup(FakeDynamoDB(statement_error=lambda _key: "ThrottlingError"))
    assert setup.insert(item(), item(text="other")) == [not_taken("ThrottlingError"), not_taken("TwinNotStored")]


@pytest.mark.parametrize("code", PASSING_STATEMENT_CODES)
def test_a_throttled_statement_alone_is_tried_again(code: str) -> None:
    """If one statement of a call is throttled, only its row is sent again, after a wait."""
    setup = Setup(FakeDynamoDB(statement_error=failing(None, code, None, code)))
    assert setup.insert(item("a"), item("b"), item("c")) == [STORED] * 3
    assert [[log_id for _, log_id in call] for call in setup.dynamodb.calls] == [["a", "b", "c"], ["b"], ["b"]]
    assert setup.clock.sleeps == [0.05, 0.1]


def test_waits_are_jittered_over_their_whole_length_and_bounded() -> None:
    """Waits are random between 0 and a limit that doubles up to two seconds."""
    setup = Setup(FakeDynamoDB(statement_error=failing(*["ThrottlingError"] * 8)), jitter=lambda: 0.5)
    assert setup.insert(item()) == [STORED]
    assert setup.clock.sleeps == [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]


@pytest.mark.parametrize("code", PASSING_STATEMENT_CODES)
def test_what_stays_throttled_comes_back(code: str) -> None:
    """A row that stays throttled is retried later, and no wait or call goes past the time left."""
    setup = Setup(FakeDynamoDB(statement_error=lambda key: code if key[1] == "b" else None))
    assert setup.insert(item("a"), item("b"), within_s=3) == [STORED, not_taken(code)]
    assert setup.clock.elapsed_s < 3


def test_no_call_starts_when_the_time_is_over() -> None:
    """When the time is over no call is made, and the rows are retried later."""
    setup = Setup()
    assert setup.insert(item(), within_s=0) == [not_taken("OutOfTime")]
    assert setup.dynamodb.calls == []


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_what_the_table_refuses_for_good_is_poison(code: str) -> None:
    """A row that the table refuses for good is poison, and its neighbours are stored."""
    setup = Setup(FakeDynamoDB(statement_error=lambda key: code if key[1] == "b" else None))
    assert setup.insert(item("a"), item("b")) == [STORED, quarantined("refused_by_table", code)]


@pytest.mark.parametrize("code", ["AccessDenied", "ResourceNotFound", "ConditionalCheckFailed", "SomethingNew"])
def test_what_is_not_the_logs_fault_comes_back_without_a_second_try(code: str) -> None:
    """A missing right or table keeps the log for a later delivery, without a second try now."""
    setup = Setup(FakeDynamoDB(statement_error=lambda _key: code))
    assert setup.insert(item()) == [not_taken(code)]
    assert len(setup.dynamodb.calls) == 1


@pytest.mark.parametrize(
    "error",
    [
        client_error("ThrottlingException"),
        client_error("ProvisionedThroughputExceededException"),
        client_error("RequestLimitExceeded"),
        client_error("InternalServerError", 500),
        client_error("Whatever", 503),
        ReadTimeoutError(endpoint_url="http://aws"),
        ConnectTimeoutError(endpoint_url="http://aws"),
        EndpointConnectionError(endpoint_url="http://aws"),
    ],
    ids=repr,
)
def test_a_call_that_fails_as_a_whole_for_a_while_is_tried_again(error: Exception) -> None:
    """A call is repeated after a throttle, a 5xx or a network time-out."""
    setup = Setup(FakeDynamoDB(call_error=raising(error, error)))
    assert setup.insert(item("a"), item("b")) == [STORED, STORED]
    assert len(setup.dynamodb.calls) == 3


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (client_error("AccessDeniedException"), "AccessDenied"),
        (client_error("ResourceNotFoundException"), "ResourceNotFound"),
        (NoCredentialsError(), "NoCredentialsError"),
    ],
)
def test_a_call_that_fails_as_a_whole_for_good_blames_no_log(error: Exception, cause: str) -> None:
    """If a whole call fails for good, all its logs are retried later without splitting the batch."""
    setup = Setup(FakeDynamoDB(call_error=lambda: error))
    assert setup.insert(item("a"), item("b")) == [not_taken(cause)] * 2
    assert len(setup.dynamodb.calls) == 1


@pytest.mark.parametrize("code", ["ValidationException", "SerializationException"])
def test_a_call_that_is_refused_as_a_whole_raises(code: str) -> None:
    """If the table refuses a whole call for one of its rows, the error is raised, and bisect finds the row."""
    setup = Setup(FakeDynamoDB(call_error=lambda: client_error(code)))
    with pytest.raises(Poison) as refused:
        setup.insert(item("a"), item("b"))
    assert refused.value.reason == "refused_by_table"


def test_verdicts_before_a_refused_call_stand() -> None:
    """Outcomes of earlier calls are kept when a later call is refused."""
    setup = Setup(FakeDynamoDB(call_error=raising(None, client_error("ValidationException"))))
    answers = setup.table.insert([item(f"log-{n}") for n in range(26)], give_up_at_s=setup.clock.monotonic() + 1)
    assert [next(answers) for _ in range(25)] == [(n, STORED) for n in range(25)]
    with pytest.raises(Poison):
        next(answers)


def test_a_hidden_success_is_a_duplicate_and_not_a_conflict() -> None:
    """A call that timed out after AWS had stored its row gives a duplicate, and no conflict."""
    dynamodb = FakeDynamoDB()
    setup = Setup(dynamodb)
    setup.insert(item())
    dynamodb.call_error = raising(ReadTimeoutError(endpoint_url="http://aws"))
    assert setup.insert(item()) == [DUPLICATE]


def test_keys_that_a_read_left_out_are_read_again() -> None:
    """Keys in BatchGetItem's UnprocessedKeys are read again."""
    reads = iter([True, False])
    dynamodb = FakeDynamoDB(unprocessed=lambda key: key[1] == "b" and next(reads))
    setup = Setup(dynamodb)
    setup.insert(item("a"), item("b"))
    assert setup.insert(item("a"), item("b", text="other")) == [DUPLICATE, conflict("hello")]
    assert [len(read) for read in dynamodb.reads] == [2, 1]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (client_error("ThrottlingException"), "Throttling"),
        (client_error("ValidationException"), "Validation"),
        (client_error("AccessDeniedException"), "AccessDenied"),
    ],
)
def test_a_duplicate_that_can_not_be_compared_comes_back(error: Exception, cause: str) -> None:
    """A duplicate whose stored text cannot be read is retried, and neither acknowledged nor poison."""
    dynamodb = FakeDynamoDB()
    setup = Setup(dynamodb)
    setup.insert(item())
    dynamodb.call_error = lambda: error if len(dynamodb.calls) == 2 and dynamodb.reads else None
    assert setup.insert(item(), within_s=2) == [not_taken(cause)]


def test_an_item_that_went_between_insert_and_read_comes_back() -> None:
    """If the item disappears between insert and read, the log is retried, and the next delivery stores it."""
    dynamodb = FakeDynamoDB(statement_error=lambda _key: "DuplicateItem")
    assert Setup(dynamodb).insert(item()) == [retried("ItemGone")]


def test_an_answer_with_too_few_responses_stores_nothing_unseen() -> None:
    """A row without a response in AWS's answer does not count as stored."""
    dynamodb = FakeDynamoDB()
    whole = dynamodb.batch_execute_statement
    dynamodb.batch_execute_statement = lambda **kwargs: {"Responses": whole(**kwargs)["Responses"][:1]}  # type: ignore[method-assign] # the fault
    assert Setup(dynamodb).insert(item("a"), item("b")) == [STORED, not_taken("MissingResponse")]


def test_an_erased_logs_id_takes_no_text_again() -> None:
    """Every text under an erased log id is acknowledged, and none is stored, not even beside it."""
    setup = Setup()
    tombstone = {**key_attributes(item().key), "erased_at": {"S": "2026-11-28T12:00:00.000Z"}}
    setup.dynamodb.items[item().key] = tombstone
    texts = [item(original_text=text) for text in ("one", "two", "one")]
    assert setup.insert(*texts, item(log_id="other")) == [ERASED, ERASED, ERASED, STORED]
    assert setup.dynamodb.items[item().key] == tombstone
    assert len(setup.dynamodb.items) == 2
