"""What a verb's exit status means: the same in all of them. infra/RUNBOOK.md has the table for people."""

from typing import Final

FAILED: Final = 1
"""The verb could not do its work: the place is not there, AWS refuses, a file cannot be written; or a defect."""

WRONG_COMMAND_LINE: Final = 2
"""Click's: nothing was begun."""

UNDECIDED: Final = 3
"""The verb did its work and cannot say yet: ask again later."""

BAD: Final = 4
"""The verb did its work, and what it looked at is not as it must be: logs missing, lines refused, a promise broken."""

INTERRUPTED: Final = 130
"""Ctrl-C ended it before its work was done (128 and the signal's number, as shells say it)."""
