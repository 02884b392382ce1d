"""Reads the table for people: a tenant's logs by time, by word, and as they arrive. It never makes a Scan.

A read is `ask` (which logs are wanted) -> `ranges` (which keys they have) -> `page` (the ranges merged, filtered, cut
at a limit), and a `cursor` to go on. `follow` waits for new logs. `table` makes the calls.
"""
