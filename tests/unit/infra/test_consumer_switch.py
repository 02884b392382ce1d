"""The consumer's switch: found by names, turned, and waited for."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra import consumer_switch
from infra.consumer_switch import Mapping
from infra.stack import Place, Stack, StackError


class Lambda:
    """One mapping that takes some looks to get where it was sent, or never does."""

    def __init__(self, state: str, *, looks: int = 0) -> None:
        self.state = state
        self.looks = looks
        self.updates: list[dict[str, Any]] = []

    def list_event_source_mappings(self, **request: Any) -> dict[str, Any]:
        """The mapping of queue and function, if these are asked for."""
        if request != {"FunctionName": "consumer", "EventSourceArn": "arn:queue"}:
            return {"EventSourceMappings": []}
        if self.looks:
            self.looks -= 1
        elif self.updates:
            self.state = "Enabled" if self.updates[-1]["Enabled"] else "Disabled"
        return {"EventSourceMappings": [{"UUID": "an-id", "State": self.state}]}

    def update_event_source_mapping(self, **request: Any) -> None:
        """Begin to turn."""
        self.updates.append(request)
        self.state = "Enabling" if request["Enabled"] else "Disabling"


def stack_of(client: Lambda, function: str = "consumer") -> Stack:
    """A stack with that Lambda."""
    place = cast("Place", SimpleNamespace(lambda_=client))
    return Stack(place, "http://127.0.0.1", {"ConsumerFunctionName": function, "QueueArn": "arn:queue"})


def turn(client: Lambda, to: Any, clock: list[float]) -> Mapping:
    """Turn, on a clock that sleeping moves."""
    return consumer_switch.turn(
        stack_of(client), to, monotonic=lambda: clock[0], sleep=lambda s: clock.__setitem__(0, clock[0] + s)
    )


def test_it_returns_when_the_state_is_reached() -> None:
    """Not already when AWS has accepted the call."""
    client, clock = Lambda("Enabled", looks=3), [0.0]
    assert turn(client, "Disabled", clock) == Mapping("an-id", "Disabled")
    assert client.updates == [{"UUID": "an-id", "Enabled": False}]
    assert clock[0] > 0
    assert turn(client, "Enabled", clock) == Mapping("an-id", "Enabled")


def test_what_is_there_already_is_not_ordered() -> None:
    """An update would be a change that nobody made."""
    client = Lambda("Disabled")
    assert turn(client, "Disabled", [0.0]).state == "Disabled"
    assert client.updates == []


def test_a_change_under_way_is_waited_for() -> None:
    """Lambda refuses a second change while one is made, as after a stop that was interrupted."""

    class Changing(Lambda):
        def list_event_source_mappings(self, **request: Any) -> dict[str, Any]:
            found = super().list_event_source_mappings(**request)
            if not self.looks and not self.updates:
                self.state = "Disabled"
            return found

        def update_event_source_mapping(self, **request: Any) -> None:
            assert self.state in {"Enabled", "Disabled"}, "ResourceInUseException"
            super().update_event_source_mapping(**request)

    client = Changing("Disabling", looks=2)
    assert turn(client, "Enabled", [0.0]) == Mapping("an-id", "Enabled")
    assert client.updates == [{"UUID": "an-id", "Enabled": True}]


def test_a_state_that_does_not_come_is_told() -> None:
    """With the id, and the state that it is in."""
    with pytest.raises(StackError, match="an-id is still Disabling after 300 s"):
        turn(Lambda("Enabled", looks=10**6), "Disabled", [0.0])


def test_no_mapping_is_told() -> None:
    """A stack that was half made or half removed."""
    with pytest.raises(StackError, match="No event source mapping leads from the queue to other"):
        consumer_switch.find(stack_of(Lambda("Enabled"), "other"))
