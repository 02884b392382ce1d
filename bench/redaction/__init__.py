"""Measures how well the redaction finds planted personal data and secrets: `recall.py`."""
