"""The worlds that are explored: small ones exhaustively, large ones by random schedules."""

from typing import Final

from tests.interleavings.run import Scenario, Text

FIRST: Final = Text("acme", "one", "first: call 415-555-0199")
SECOND: Final = Text("acme", "one", "second: another text under one log_id")
THIRD: Final = Text("acme", "one", "third: and one more")
OTHER: Final = Text("acme", "two", "a log of its own")
STRANGER: Final = Text("globex", "one", "another tenant's log of the same id")
LONG: Final = Text("acme", "long", "long " * 300)

SMALL: Final = (
    Scenario("one log sent twice", senders=((FIRST,), (FIRST,)), batch_size=2),
    Scenario("two texts under one log_id", senders=((FIRST,), (SECOND,)), batch_size=2),
    Scenario("a log delivered again", senders=((FIRST,),), deliveries=2, batch_size=1, again=2),
    Scenario("a conflict delivered again", senders=((FIRST, SECOND),), deliveries=2, batch_size=2, again=1),
    Scenario("killed anywhere", senders=((FIRST,), (OTHER,)), consumers=2, deliveries=1, kills=1, retries=1),
    Scenario("an answer lost or a call refused", senders=((FIRST, OTHER),), consumers=1, deliveries=2, faults=1),
    Scenario("visibility runs out", senders=((FIRST,), (SECOND,)), consumers=2, deliveries=1, ticks=2),
    Scenario("a redrive beside deliveries", senders=((FIRST,),), dead=(OTHER,), deliveries=1, redrive=True, kills=1),
    Scenario("a redrive of both texts", dead=(FIRST, SECOND), consumers=2, deliveries=1, redrive=True, ticks=1),
    Scenario("a rebuild beside deliveries", senders=((FIRST,),), consumers=1, deliveries=1, rebuild=True, kills=1),
    Scenario("a rebuild of a conflict", senders=((SECOND,),), dead=(FIRST,), consumers=2, deliveries=1, rebuild=True),
    Scenario(
        "logs that share a message",
        senders=((FIRST, OTHER), (SECOND, OTHER)),
        deliveries=2,
        batch_size=2,
        again=1,
        logs_per_message=2,
    ),
    Scenario(
        "one of them crashes",
        senders=((FIRST, OTHER),),
        deliveries=2,
        kills=1,
        faults=1,
        ticks=1,
        logs_per_message=2,
        crash_probability=0.1,
        crash_seed="58",  # Crashes the first log at its first receive, and nothing else.
    ),
    Scenario("poison among healthy logs", senders=((FIRST,), (STRANGER,)), poison=1, deliveries=1, faults=1),
)
"""Explored exhaustively; each has a few thousand states."""

WHOLE: Final = Scenario(
    "two ingests, two consumers, a redrive and a rebuild",
    senders=((FIRST, OTHER), (FIRST, SECOND)),
    dead=(STRANGER,),
    consumers=2,
    deliveries=3,
    redrive=True,
    rebuild=True,
)

LARGE: Final = (
    WHOLE,
    Scenario(
        "everything at once",
        senders=((FIRST, OTHER), (FIRST, SECOND), (THIRD, STRANGER), (LONG,)),
        dead=(Text("acme", "three", "dead-lettered in an outage"), SECOND),
        poison=1,
        consumers=3,
        deliveries=5,
        redrive=True,
        rebuild=True,
        retries=1,
        shards=2,
        kills=2,
        faults=3,
        again=2,
        ticks=4,
        seconds_per_char=0.05,
        crash_probability=0.05,
    ),
)
"""Too large for that; explored by random schedules."""
