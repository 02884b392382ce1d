"""A tenant's logs, or one log, forgotten: tombstones first, then every place, then a search, and last a certificate.

`run` says the order. `table`, `letters` and `lakes` are the places; `certificate` is what is handed out.
"""
