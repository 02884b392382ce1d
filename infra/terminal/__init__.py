"""What a person at a terminal sees and does: text that cannot command it, progress, failures, signals to stop."""
