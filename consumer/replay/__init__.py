"""Reads the stream back: in order, from a checkpoint, to files or to the queue.

A replay is `merge` (shards, each read by `readers` and `read`) -> `deaggregate` -> `select` -> `sinks`, and after each
of the sink's commits a `checkpoint`: `replay` ties them together. `infra.audit` compares the stream with the table and
the DLQ.
"""
