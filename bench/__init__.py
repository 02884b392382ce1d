"""Load shapes, the judgement over what was stored, the baseline and the cost model."""
