"""`rdp console`: a page on this machine that shows what the system does, and finds logs.

`server` is the composition root: it listens, and hands each view what it may touch. `door` says who may come in.
Each view has a pure part (`search`, `histogram`, `flow`) and an edge that answers requests (`logs`, `flow_page`,
`letters`, `life_page`, `reports`). `pages` renders the templates; `assets` are the files that the browser gets.
"""
