"""Whether every promise was kept: what was sent held against what is stored."""
