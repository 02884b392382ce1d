"""The exit statuses, the same for all verbs. infra/RUNBOOK.md has the table for people."""

from typing import Final

FAILED: Final = 1
"""The verb could not do its work: there is no such stack, AWS refused, a file could not be written, or it has a bug."""

WRONG_COMMAND_LINE: Final = 2
"""Click's own status: nothing was begun."""

UNDECIDED: Final = 3
"""The verb did its work, but the answer is not certain yet: run it again later."""

BAD: Final = 4
"""The verb did its work and found something wrong: logs are missing, lines were refused, a guarantee does not hold."""

INTERRUPTED: Final = 130
"""Ctrl-C ended the verb before its work was done (128 plus the signal's number, as in shells)."""
