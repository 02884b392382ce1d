"""Loki's push request as records: a reader for each encoding, and what both share."""
