"""Whether every log is accounted for: `run` reads the places, `ledger` compares them."""
