"""How well the redaction finds what it names, on planted lines: `recall.py`."""
