"""What a run sends and when, and which answers are right."""
