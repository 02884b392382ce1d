"""CPU and wall-time comparisons, each printed as ratios measured side by side in one run."""
