"""What a run sends, when, and which answers are right."""
