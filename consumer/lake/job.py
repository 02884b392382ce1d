"""One sync as an operator asks for it: it turns the options into a stream, a table and a loop."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from typing import NamedTuple

from pyiceberg.catalog import Catalog

from consumer.lake.catalog import ensure, name_of
from consumer.lake.replaced import replaced_shards
from consumer.lake.sync import COMMIT_EVERY_S, Counters, Policy, Stream, Sync
from consumer.lake.table import LakeTable
from consumer.redact import Redactor
from consumer.replay.checkpoint import ShardPosition
from consumer.replay.job import Outside
from consumer.replay.merge import Merge
from consumer.replay.whole_stream import read_stream


class Options(NamedTuple):
    """The operator's options."""

    raw: bool = False
    follow: bool = False
    every_s: float = COMMIT_EVERY_S


def run(
    options: Options,
    outside: Outside,
    catalog: Catalog,
    redactor: Redactor | None,
    key: bytes,
    *,
    stopped: Callable[[], bool] = lambda: False,
    show: Callable[[Counters], None] = lambda _: None,
    policy: Policy = Policy(),  # noqa: B008 - immutable
) -> Counters:
    """Bring the stream into the lake, up to its tip or until `stopped()`; return the counters.

    Raises:
        WrongLakeError, LakeUnreachableError, StreamUnreadableError: the sync cannot begin or go on.
    """
    name = name_of(raw=options.raw)
    ensure(catalog, name, key)
    counters = Counters()
    show(counters)
    described = outside.kinesis.describe_stream_summary(StreamName=outside.stream_name)["StreamDescriptionSummary"]

    def opened(positions: Mapping[str, ShardPosition]) -> AbstractContextManager[Merge]:
        return read_stream(
            outside.kinesis,
            outside.stream_name,
            positions=positions,
            since=None,
            follow=options.follow,
            stopped=stopped,
            time=outside.clock.time,
            readers=outside.readers,
        )

    def replaced(positions: Mapping[str, ShardPosition]) -> list[str]:
        return replaced_shards(outside.kinesis, outside.stream_name, positions, time=outside.clock.time)

    return Sync(
        load=partial(LakeTable, catalog, name),
        erasures=outside.erasures,
        stream=Stream(
            outside.stream_name, int(described["StreamCreationTimestamp"].timestamp() * 1000), opened, replaced
        ),
        redactor=redactor,
        key=key,
        time=outside.clock.time,
        counters=counters,
        policy=policy._replace(every_s=options.every_s),
    ).run()
