"""The one way out to the terminal."""

import io
import json
import os
import pty
import subprocess
import sys

import click
import pytest

from infra.terminal import out

HOSTILE = "[/x][red]a[/red][link=http://evil]b[/link]:smile:\x1b[31m\x9b31m\x7f\u202e\r\n"
SHOWN = r"[/x][red]a[/red][link=http://evil]b[/link]:smile:\x1b[31m\x9b31m\x7f\u202e\r\n"


def test_a_line_is_one_line_of_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it holds: no markup, no control, no second line."""
    out.say(HOSTILE)
    out.say(HOSTILE, err=True)
    shown = capsys.readouterr()
    assert shown.out == shown.err == f"{SHOWN}\n"


def test_a_table_shows_its_cells_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    """Title, heads and cells; nothing is cut in a pipe; only our own line ends end lines."""
    out.say_table([HOSTILE], [[HOSTILE * 9], ["a\nb"]], title=HOSTILE, right=[HOSTILE], style=lambda _: "bold")
    shown = capsys.readouterr().out
    assert SHOWN in shown
    assert not set(shown) & set("\x1b\x9b\x7f\u202e\r")
    assert "[red]a[/red]" in shown


def test_a_table_folds_no_id_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    """An id that is longer than any terminal is wide stands on one line."""
    out.say_table(["id", "other"], [["i" * 500, "o" * 500]])
    assert "i" * 500 in capsys.readouterr().out


def test_json_stays_json_of_the_same_value(capsys: pytest.CaptureFixture[str]) -> None:
    """Readable letters stay; what could command is escaped as JSON does it."""
    value = {"text": f"Zoë 日本 🙂{HOSTILE}\U000e0001"}
    out.say_json(json.dumps(value, ensure_ascii=False))
    shown = capsys.readouterr().out
    assert json.loads(shown) == value
    assert "Zoë 日本 🙂" in shown
    assert not set(shown) & set("\x1b\x9b\x7f\u202e\r\U000e0001")


def test_lines_of_json_are_escaped_on_a_terminal() -> None:
    """C1, DEL and bidirectional overrides of a log do not reach it; the value is the same."""
    value = "Zoë\x9b31m\x7f\u202e"
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stdout:
        lines = out.JsonLines(stdout)
        lines.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
        lines.flush()
        shown = os.read(ours, 1000).decode()
    os.close(ours)
    assert json.loads(shown) == value
    assert not set(shown) & set("\x9b\x7f\u202e")


def test_lines_of_json_are_as_given_in_a_pipe() -> None:
    """Byte for byte."""
    pipe = io.BytesIO()
    lines = out.JsonLines(io.TextIOWrapper(pipe))
    content = b'"Zo\xc3\xab\x7f\xc2\x9b"\n\xff\n'
    lines.write(content)
    lines.flush()
    assert pipe.getvalue() == content


def test_data_goes_to_a_pipe_alone(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    """Bytes go out as they are; on a terminal, which they could command, the verb ends with what to do."""
    out.data().write(b"\x1b[31m\xff")
    assert capsysbinary.readouterr().out == b"\x1b[31m\xff"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    with pytest.raises(click.ClickException, match="> FILE"):
        out.data()


def _printing(code: str) -> list[str]:
    return [sys.executable, "-c", f"import re\nfrom infra.terminal import out\nout.fail_at_no_character()\n{code}"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_terminal_of_another_encoding_ends_nothing(encoding: str) -> None:
    """What it lacks is shown escaped, and JSON stays JSON of the same value."""
    value = "Zoë 日本 🙂"
    as_json = json.dumps(value, ensure_ascii=False)
    finished = subprocess.run(  # noqa: S603 - our own code
        _printing(f"out.say({value!r})\nout.say({value!r}, err=True)\nout.say_json({as_json!r})"),
        capture_output=True,
        check=True,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    plain, shown_json = finished.stdout.decode(encoding).splitlines()
    assert plain == finished.stderr.decode(encoding).rstrip() == r"Zoë \u65e5\u672c \U0001f642"
    assert json.loads(shown_json) == value


def test_words_are_marked_in_the_line_s_colour() -> None:
    """Reversed on a terminal; a pipe gets the text as it is."""
    code = _printing("out.say('a BB c b', colour='red', marked=re.compile('b+', re.IGNORECASE))")
    assert subprocess.check_output(code) == b"a BB c b\n"  # noqa: S603 - our own code
    ours, theirs = pty.openpty()
    subprocess.run(code, stdout=theirs, check=True)  # noqa: S603 - our own code
    shown = os.read(ours, 1000).decode().rstrip()
    os.close(ours)
    os.close(theirs)
    assert click.unstyle(shown) == "a BB c b"
    assert shown.count(click.style("BB", fg="red", reverse=True)) == 1
    assert shown.count(click.style("b", fg="red", reverse=True)) == 1
