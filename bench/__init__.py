"""Load shapes, the judgement of what was stored, the baseline and the cost model."""
