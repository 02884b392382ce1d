"""CPU and wall-time comparisons, printed as ratios; both sides are measured in the same run."""
