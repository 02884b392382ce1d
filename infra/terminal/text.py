"""Text for a terminal: counts as a table, and text that cannot control the terminal."""

from rich.table import Table

from infra.counts import Counts


def counts_table(counts: Counts, *, caption: str | None = None) -> Table:
    """Return the table of the counts."""
    table = Table(title="logs", title_justify="left", caption=caption, caption_justify="left")
    for name in Counts._fields:
        table.add_column(name.replace("_", " "), justify="right", min_width=9)
    table.add_row(*(f"{count:,}" for count in counts))
    return table


def counted(count: int, one: str) -> str:
    """Return the number with its noun, such as "1 log" and "2,000 logs"."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"


def printable(text: str) -> str:
    r"""Return the text with control and invisible characters escaped (`\x1b`): a log must not control the terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def printable_json(text: str) -> str:
    r"""Return the JSON text, of one line or more, with the same characters as `\u001b`: the same JSON value."""
    return "".join(c if c.isprintable() or c == "\n" else _json_escape(c) for c in text)


def ascii_json(text: str) -> str:
    r"""Return the JSON text with every non-ASCII character as `\u2603`: the same JSON value in any encoding."""
    return "".join(c if c.isascii() else _json_escape(c) for c in text)


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
