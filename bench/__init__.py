"""Load shapes, the verdict over what was stored, the baseline and the cost model."""
