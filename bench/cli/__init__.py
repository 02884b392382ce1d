"""The bench's verbs of `rdp`, each in its own file."""
