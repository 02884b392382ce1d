"""The examples at the end of a help text."""


def examples(*lines: str) -> str:
    """Return click's `epilog` that shows each line as it is: a command, and after `  # ` what it does."""
    commands = [line.partition("  # ") for line in lines]
    width = max((len(command) for command, _, does in commands if does), default=0)
    shown = (f"  {command:<{width}}  {'# ' + does if does else ''}".rstrip() for command, _, does in commands)
    return "\n".join(("\b", "Examples:", *shown))  # After `\b` click wraps nothing.
