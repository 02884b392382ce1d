"""Whether the consumer takes logs from the queue: its event source mapping found, and turned on and off."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from infra.stack import Stack, StackError

_POLL_S: Final = 1.0
_LIMIT_S: Final = 300.0
"""AWS names no time for a mapping's change; it is seconds, up to a minute or so as seen."""


class Mapping(NamedTuple):
    """The queue's event source mapping: `state` in Lambda's words (Enabled, Disabled, Enabling, ...)."""

    id: str
    state: str


def find(stack: Stack) -> Mapping:
    """Return the mapping from the queue to the consumer, by the names of both.

    Raises:
        StackError: there is none.
    """
    name = stack.outputs["ConsumerFunctionName"]
    found = stack.place.lambda_.list_event_source_mappings(FunctionName=name, EventSourceArn=stack.outputs["QueueArn"])[
        "EventSourceMappings"
    ]
    if not found:
        raise StackError(f"Nothing maps the queue to {name}: deploy the stack again.")
    return Mapping(found[0]["UUID"], found[0]["State"])


def turn(
    stack: Stack,
    to: Literal["Enabled", "Disabled"],
    *,
    monotonic: Callable[[], float],
    sleep: Callable[[float], None],
) -> Mapping:
    """Bring the mapping to that state and return it once it is there.

    Raises:
        StackError: there is no mapping, or it does not get there within five minutes.
    """
    mapping = find(stack)
    if mapping.state != to:
        stack.place.lambda_.update_event_source_mapping(UUID=mapping.id, Enabled=to == "Enabled")
    deadline_s = monotonic() + _LIMIT_S
    while (mapping := find(stack)).state != to:
        if monotonic() > deadline_s:
            raise StackError(f"The mapping {mapping.id} is {mapping.state} after {_LIMIT_S:.0f} s. Run it again.")
        sleep(_POLL_S)
    return mapping
