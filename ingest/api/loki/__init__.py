"""Loki's push request as records: what both encodings share, and a reader for each."""
