"""The table read by people: a tenant's logs by time, by word, and as they come. Never a Scan.

A read is `ask` (what is wanted) -> `ranges` (which keys that is) -> `page` (the ranges merged, filtered, cut at a
limit), and a `cursor` to go on. `follow` waits for what comes. `table` makes the calls.
"""
