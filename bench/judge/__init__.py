"""Compares what was sent with what is stored, to judge whether every promise was kept."""
