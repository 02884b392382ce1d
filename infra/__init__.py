"""Where the system runs: the templates, the embedded engine, the packages and the operator's command."""
