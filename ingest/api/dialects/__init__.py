"""One file a dialect: how a client speaks, and how it is answered."""
