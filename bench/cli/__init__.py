"""The bench's verbs of `rdp`, one a file."""
