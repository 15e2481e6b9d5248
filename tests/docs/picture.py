"""
The README's picture of a terminal, made of what the commands really print.

    python -m tests.docs.picture       writes docs/pictures/*.svg
"""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from tests.docs.pages import ROOT

COLUMNS, LINES = 88, 40
SHOWN = ["ops up --once", "ops attention"]
THEMES = {
    "light": TerminalTheme(
        (246, 248, 250), (36, 41, 47),
        [(36, 41, 47), (179, 29, 40), (17, 99, 41), (149, 98, 0), (9, 105, 218), (130, 80, 223), (27, 124, 131),
         (110, 119, 129)],
    ),
    "dark": TerminalTheme(
        (13, 17, 23), (230, 237, 243),
        [(72, 79, 88), (255, 123, 114), (63, 185, 80), (210, 153, 34), (88, 166, 255), (188, 140, 255),
         (57, 197, 207), (177, 186, 196)],
    ),
}  # fmt: skip
FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def printed(command: str, environment: dict[str, str]) -> str:
    """What a command prints on a terminal of our width."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "masterops", *command.split()[1:]],
        stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.DEVNULL, env=environment, cwd="/",
    )  # fmt: skip
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        said += part
    os.close(ours)
    process.wait()
    return final_screen(said.decode())


def final_screen(text: str) -> str:
    """What is left of a live screen: its last picture."""
    text = re.sub(r"\x1b\[\?25[hl]", "", text).replace("\r\n", "\n")
    cleared = re.split(r"(?:\x1b\[\d*A|\x1b\[2K|\r)+", text)
    return cleared[-1] if len(cleared) > 1 else text


def drawn(shots: list[tuple[str, str]], theme: TerminalTheme) -> str:
    """The commands and what they printed, as one SVG that asks nobody for a font."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for number, (command, said) in enumerate(shots):
        console.print(Text(("\n" if number else "") + "$ " + command, style="bold"))
        console.print(Text.from_ansi(said.strip("\n")), soft_wrap=True)
    svg = console.export_svg(title="", theme=theme, unique_id="ops", font_aspect_ratio=0.6)
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.S)
    svg = re.sub(r"font-family: [^;]*;", f"font-family: {FONT};", svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def main() -> None:
    """Make a home, break one twin, look, draw."""
    with tempfile.TemporaryDirectory(prefix="picture-") as folder:
        Path(folder).chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MASTEROPS_")}
        environment = {**kept, "MASTEROPS_HOME": f"{folder}/home", "TERM": "xterm-256color", "TZ": "UTC"}
        printed("ops up --once", environment)
        printed("ops sandbox fault hubspot/teelixir --status 500", environment)
        shots = [(command, printed(command, environment)) for command in SHOWN]
    for name, theme in THEMES.items():
        target = ROOT / "docs" / "pictures" / f"attention-{name}.svg"
        target.write_text(drawn(shots, theme), "utf-8")
        print(f"{target.relative_to(ROOT)}  {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
