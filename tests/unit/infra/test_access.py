"""API keys: made, listed, revoked."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner
from moto import mock_aws

from infra import access
from infra.cli import keys as keys_command
from infra.options.locator import Locator
from infra.stack import Place, Stack, StackError
from ingest.access.keys import access_id


@pytest.fixture
def stack() -> Iterator[Stack]:
    """Give a stack whose access table is moto's."""
    with mock_aws():
        place = Place(region="us-east-1", access_key_id="testing", secret_access_key="testing")
        place.dynamodb.create_table(
            TableName="access",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Stack(place=place, endpoint="http://x", outputs={"AccessTableName": "access"})
        place.dynamodb.close()


def test_key_is_found_by_its_hash_and_stands_nowhere(stack: Stack) -> None:
    """The table finds a key's tenant by the key's hash, and does not hold the key."""
    key, text = access.create(stack, "acme", "shipper")
    item = stack.place.dynamodb.get_item(TableName="access", Key={"id": {"S": access_id(text)}})["Item"]
    assert item["tenant_id"] == {"S": "acme"}
    assert item["key_id"] == {"S": key.key_id}
    assert text.split("_", 2)[2] not in str(item)


def test_scopes_are_kept_and_listed(stack: Stack) -> None:
    """A key writes, reads or both; one from before there were scopes writes."""
    assert access.create(stack, "acme", "")[0].scopes == ("write",)
    assert access.create(stack, "acme", "", {"read"})[0].scopes == ("read",)
    both, text = access.create(stack, "acme", "", {"write", "read"})
    assert both.scopes == ("read", "write")
    item = stack.place.dynamodb.get_item(TableName="access", Key={"id": {"S": access_id(text)}})["Item"]
    assert set(item["scopes"]["SS"]) == {"read", "write"}
    del item["scopes"]
    stack.place.dynamodb.put_item(TableName="access", Item=item | {"key_id": {"S": "old"}})
    (old,) = [key for key in access.keys(stack) if key.key_id == "old"]
    assert old.scopes == ("write",)


def test_keys_are_listed_by_tenant(stack: Stack) -> None:
    """All keys, or one tenant's; counters in the same table are not keys."""
    acme, _ = access.create(stack, "acme", "a")
    other, _ = access.create(stack, "other", "b")
    stack.place.dynamodb.put_item(TableName="access", Item={"id": {"S": "quota#acme#1"}, "logs": {"N": "3"}})
    assert sorted(access.keys(stack)) == sorted([acme, other])
    assert access.keys(stack, "other") == [other]


def test_revoked_key_is_gone(stack: Stack) -> None:
    """Revoking deletes that key and no other."""
    gone, text = access.create(stack, "acme", "")
    kept, _ = access.create(stack, "acme", "")
    assert access.revoke(stack, gone.key_id) == gone
    assert access.keys(stack) == [kept]
    assert "Item" not in stack.place.dynamodb.get_item(TableName="access", Key={"id": {"S": access_id(text)}})


def test_unknown_key_is_named(stack: Stack) -> None:
    """Revoking what is not there says so."""
    with pytest.raises(StackError, match="'nope'"):
        access.revoke(stack, "nope")


def test_invalid_tenant_is_refused(stack: Stack) -> None:
    """No key is made for what is no tenant id."""
    with pytest.raises(StackError, match="not a tenant id"):
        access.create(stack, "a b", "")
    assert access.keys(stack) == []


def test_stack_without_keys_says_how_to_get_them(stack: Stack) -> None:
    """A public stack of an older version names no table of keys."""
    public = Stack(place=stack.place, endpoint="http://x", outputs={})
    with pytest.raises(StackError, match="Deploy it again"):
        access.create(public, "acme", "")


@pytest.mark.parametrize(
    ("authentication", "told", "creates", "source"),
    [
        ("jwt", "deployed with Authentication=jwt", False, "a token of your issuer"),
        ("none", "Give everybody the keys first", True, ""),
        ("api_key", "", True, "from `rdp keys create --tenant acme`"),
        (None, "", True, ""),
    ],
)
def test_a_key_that_opens_nothing_now_is_told(
    stack: Stack, *, authentication: str | None, told: str, creates: bool, source: str
) -> None:
    """With an issuer's tokens no key is created. While the stack asks for none, keys are made ahead, and that is said.

    If the function's settings cannot be read, nothing is said.
    """
    old, _ = access.create(stack, "acme", "")
    named = replace(stack, outputs={**stack.outputs, "IngestFunctionName": "ingest"})
    run = partial(CliRunner().invoke, keys_command.command, obj=Locator(lambda _where: named))
    vars(named.place)["lambda_"] = _Ingest(authentication)
    created = run(["create", "--tenant", "blue"])
    assert (created.exception is None) is creates
    assert len(access.keys(stack, "blue")) == creates
    listed = run(["list", "--tenant", "acme"])
    assert old.key_id in listed.stdout
    for result in (f"{created.stderr} {created.exception}", listed.stderr):
        assert ("open nothing" in result, told in result) == (bool(told), True)
    assert access.source_of_a_key(named) == source
    assert run(["revoke", old.key_id]).exit_code == 0


class _Ingest:
    def __init__(self, authentication: str | None) -> None:
        self._authentication = authentication

    def get_function_configuration(self, **_: Any) -> dict[str, Any]:
        if self._authentication is None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "GetFunctionConfiguration")
        return {"Environment": {"Variables": {"AUTHENTICATION": self._authentication}}}


def test_no_keys_are_said_to_be_none(stack: Stack) -> None:
    """On standard error, with the tenant that was asked for; there is no empty table."""
    run = partial(CliRunner().invoke, keys_command.command, obj=Locator(lambda _where: stack))
    none, nobody = run(["list"]), run(["list", "--tenant", "nobody"])
    assert [(one.exit_code, one.stdout) for one in (none, nobody)] == [(0, ""), (0, "")]
    assert none.stderr.splitlines()[0] == "No keys."
    assert nobody.stderr.splitlines()[0] == "No keys of tenant 'nobody'."


def test_commands(stack: Stack) -> None:
    """`rdp keys create` prints the key alone on standard output, `list` shows it, `revoke` takes its id."""
    run = partial(CliRunner().invoke, keys_command.command, obj=Locator(lambda _where: stack))
    created = run(["create", "--tenant", "acme", "--note", "\x1b[31mred"])
    assert created.exit_code == 0
    text = created.stdout.strip()
    key_id = text.split("_")[1]
    assert "to write" in created.stderr
    listed = run(["list"])
    assert key_id in listed.stdout
    assert "write" in listed.stdout
    both = run(["create", "--tenant", "acme", "--scope", "read", "--scope", "write"])
    assert "to read and write" in both.stderr
    assert "read, write" in run(["list"]).stdout
    access.revoke(stack, both.stdout.split("_")[1])
    assert run(["create", "--tenant", "acme", "--scope", "delete"]).exit_code == 2
    assert "\x1b[31m" not in listed.stdout
    revoked = run(["revoke", key_id])
    assert revoked.exit_code == 0
    assert access.keys(stack) == []
