"""`rdp logs` over a table in memory: which logs, in which order, and what it tells beside them."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result
from msgspec.structs import replace

from consumer.item import Item, attributes
from consumer.timestamps import rfc3339
from infra import cli
from infra.options.locator import Locator
from infra.stack import Place, Stack
from tests.unit.consumer.query.memory_table import log

_NOW_MS = 1_795_833_985_000


class _Client:
    """A DynamoDB that holds these items; `error` is what its next calls raise. It denies the tenant `refused`."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.error: Exception | None = None
        self.refused: str | None = None

    def query(self, **request: Any) -> dict[str, Any]:
        """Answer a Query of the table; the indexes are empty."""
        if self.error is not None:
            raise self.error
        values = {name: value["S"] for name, value in request["ExpressionAttributeValues"].items()}
        if values[":tenant_id"] == self.refused:
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Query")
        found = sorted(
            (item for item in self.items if item.tenant_id == values[":tenant_id"] and "IndexName" not in request),
            key=lambda item: item.log_id,
            reverse=not request.get("ScanIndexForward", True),
        )
        within = [item for item in found if values[":low"] <= item.log_id <= values[":high"]]
        return {"Items": [attributes(item) for item in within]}

    def batch_get_item(self, **_: Any) -> dict[str, Any]:
        """Answer with nothing."""
        return {"Responses": {}}


class _Place(Place):
    """A place whose table is the client."""

    def __init__(self, client: _Client) -> None:
        super().__init__()
        vars(self)["dynamodb"] = client


Logs = Callable[..., Result]


@pytest.fixture
def client() -> _Client:
    """Ten logs of `a` and ten of `b`, in turn."""
    items = [
        replace(
            log(_NOW_MS + number, 0, f"{number}", tenant_id="ab"[number % 2]), received_at=rfc3339(_NOW_MS + number)
        )
        for number in range(20)
    ]
    return _Client(items)


@pytest.fixture
def logs(client: _Client) -> Logs:
    """Run `rdp logs` over it."""
    stack = Stack(_Place(client), "http://127.0.0.1:1", {"TableName": "logs"})

    def run(*options: str) -> Result:
        return CliRunner().invoke(cli.main, ["logs", *options], obj=Locator(lambda _where: stack))

    return run


def _texts(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [json.loads(line)["text"] for line in result.stdout.splitlines()]


def test_several_tenants_are_read_in_one_order(logs: Logs) -> None:
    """The newest of all of them, the oldest, or all; one that is named twice counts once, and lines name theirs."""
    both = ("--tenant", "a", "--tenant", "b", "--tenant", "a", "--json")
    assert _texts(logs(*both, "--all")) == [str(number) for number in range(20)]
    assert _texts(logs(*both, "--newest", "3")) == ["17", "18", "19"]
    assert _texts(logs(*both, "--oldest", "3")) == ["0", "1", "2"]
    lines = logs("--tenant", "a", "--tenant", "b", "--newest", "2").stdout.splitlines()
    assert [line.split()[-2:] for line in lines] == [["a", "18"], ["b", "19"]]
    assert "a  18" not in logs("--tenant", "a", "--newest", "1").stdout


def test_a_tenant_may_be_named_as_rdp_log_names_it(logs: Logs) -> None:
    """Without the option, and beside it; with no tenant at all the message shows a command."""
    assert _texts(logs("a", "--newest", "2", "--json")) == ["16", "18"]
    assert _texts(logs("a", "--tenant", "b", "--newest", "2", "--json")) == ["18", "19"]
    told = logs("a", "b", "nobody", "--newest", "1").stderr
    assert "Tenant 'nobody' has no stored logs." in told
    assert told.count("Tenant") == 1  # The logs of "a" are only older than that one.
    result = logs("--newest", "2")
    assert result.exit_code == 2
    assert "rdp logs --tenant acme" in result.stderr


@pytest.mark.parametrize("options", [(), ("--all",), ("--contains", "9", "--oldest", "2")])
def test_a_tenant_without_logs_is_told_apart_from_a_search_that_finds_none(
    logs: Logs, options: tuple[str, ...]
) -> None:
    """A misspelt tenant matches nothing whatever the search says."""
    told = logs("--tenant", "nobody", "--tenant", "a", "--contains", "no such word", *options).stderr
    assert "Tenant 'nobody' has no stored logs." in told
    assert "No logs of tenant 'a' match." in told


def test_a_tenant_in_upper_case_is_guessed(logs: Logs, client: _Client) -> None:
    """Only if the one in lower case has logs, and its rows may be read."""
    assert "Tenant 'A' has no stored logs. Did you mean 'a'?" in logs("A", "--contains", "no such word").stderr
    assert "`rdp audit` lists every tenant" in logs("X").stderr
    client.refused = "a"
    refused = logs("A")
    assert refused.exit_code == 0
    assert "`rdp audit` lists every tenant" in refused.stderr


def test_a_severity_that_is_none_is_told_with_what_is_taken(logs: Logs) -> None:
    """The loggers' words and numbers, too."""
    told = " ".join(logs("a", "--severity", "loud").stderr.split())
    assert "or what a logger calls it, such as WARNING or 40." in told
    assert [logs("a", "--severity", taken).exit_code for taken in ("WARNING", "40")] == [0, 0]


def test_one_log_is_this_one(logs: Logs) -> None:
    """It is no plural."""
    assert "There may be older logs than this one." in logs("--tenant", "a", "--newest", "1").stderr


@pytest.mark.parametrize("field", ["status>=404", "status<=1", "name!=bob"])
def test_a_field_that_is_compared_otherwise_is_refused(logs: Logs, client: _Client, field: str) -> None:
    """It would be searched as a field of that name, and nothing would match."""
    client.error = AssertionError("asked")
    result = logs("--tenant", "a", "--field", field)
    assert result.exit_code == 2
    assert "--not-field" in result.stderr
    assert "rdp lake query" in result.stderr


@pytest.mark.parametrize(("option", "word"), [("--newest", "older"), ("--oldest", "newer")])
def test_that_there_is_more_is_told_with_the_option_that_was_given(logs: Logs, option: str, word: str) -> None:
    """Not with the other one, which shows other logs."""
    told = logs("--tenant", "a", option, "3").stderr
    assert word in told
    assert f"give {option} a larger number" in told
    assert logs("--tenant", "a", option, "11").stderr == ""


def test_words_that_must_not_be_there(logs: Logs) -> None:
    """None of them."""
    assert _texts(logs("--tenant", "a", "--not-contains", "1", "--not-contains", "4", "--json")) == [*"0268"]


def test_fields_that_must_not_be_there(logs: Logs, client: _Client) -> None:
    """None of them; what is no field of that form is told."""
    client.items = [replace(item, fields={"n": number}) for number, item in enumerate(client.items)]
    assert _texts(logs("--tenant", "a", "--not-field", "n=0", "--not-field", "n=4", "--json")) == [
        *"268",
        "10",
        "12",
        "14",
        "16",
        "18",
    ]
    assert logs("--tenant", "a", "--not-field", "n").exit_code == 2


@pytest.mark.parametrize("tenant", ["", "a b", "-a", "a" * 65, "\x1b"])
def test_what_can_be_no_tenant_is_told_before_anything_is_asked(logs: Logs, client: _Client, tenant: str) -> None:
    """In a sentence, and not as DynamoDB's error of an empty key."""
    client.error = AssertionError("asked")
    for line in (["logs", "--tenant", tenant], ["log", "--", tenant, "l-1"]):
        result = CliRunner().invoke(cli.main, line, obj=Locator(lambda _where: Stack(_Place(client), "", {})))
        assert result.exit_code == 2
        assert "letter or digit" in result.stderr
    assert logs("--tenant", "a", "--severity", "loud").exit_code == 2


def test_a_search_that_begins_in_the_future_is_told_beside_the_logs(logs: Logs) -> None:
    """On standard error: it is an answer all the same."""
    result = logs("--tenant", "a", "--since", "9999-01-01", "--json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "in the future" in result.stderr
