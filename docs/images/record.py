# ruff: noqa: INP001 - a script beside the picture that it makes
"""Makes demo.svg, the recording in the README: `reconciler demo` at a terminal, at the pace of a reader.

    python docs/images/record.py            demo.svg beside this file
    python docs/images/record.py FOLDER     pictures of it there, at several moments, on a light and on a dark page

What it shows is what the program writes to a terminal now; only the pace is decided here. rich draws the letters, and
a style sheet lifts a curtain from them line by line: GitHub runs no script in a picture. FOLDER needs Chromium, which
CHROMIUM names where it is not /usr/bin/chromium.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.browser.chromium import browser  # noqa: E402 - the path comes first
from tests.cli.program import ESCAPES  # noqa: E402 - the same
from tests.docs.recording import (  # noqa: E402 - the same
    COLUMNS,
    FONT_HEIGHT,
    LETTER_WIDTH,
    LINE_HEIGHT,
    PICTURE,
    PROMPT,
    ROWS,
    painted,
    session,
)

# GitHub's colours for a dark page. On either page the window stands out by its frame.
DARK, LIGHT, FRAME = "#161b22", "#e6edf3", "#6e7681"
THEME = TerminalTheme(
    (22, 27, 34),
    (230, 237, 243),
    [
        (110, 118, 129),  # black
        (255, 123, 114),  # red
        (126, 231, 135),  # green
        (227, 179, 65),  # yellow
        (121, 192, 255),  # blue
        (210, 168, 255),  # magenta
        (118, 227, 234),  # cyan
        (230, 237, 243),  # white
    ],
)
FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono','DejaVu Sans Mono',monospace"
EDGE, BAR = 20.0, 44.0
INNER_WIDTH, INNER_HEIGHT = COLUMNS * LETTER_WIDTH, ROWS * LINE_HEIGHT
WIDTH, HEIGHT = INNER_WIDTH + 2 * EDGE, INNER_HEIGHT + BAR + EDGE
HANG, MARGIN = 1.5, 8.0
"""How far letters hang below their line, and what is drawn beside the lines: no edge cuts a letter, or spares a bit."""
SHOWN_WIDTH = 860
"""How wide a page shows it that does not say otherwise."""

# The pace is a guess at what can be followed: a letter typed, a line answered, a record written; and a screen read.
LETTER_S, LINE_S, RECORD_S, ANSWER_S = 0.022, 0.02, 0.07, 0.3
READING_S, LEAST_READING_S, LONGEST_READING_S, LAST_S = 0.14, 1.1, 2.3, 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """When a line is first seen, and how long it takes to be typed."""

    at_s: float
    typed_s: float = 0.0


def paced(lines: Sequence[str]) -> tuple[list[Step], float]:
    """Give each line its time, and say how long all of it takes."""
    steps, now_s, unread = list[Step](), 0.2, 0
    for line in lines:
        typed_s = 0.0
        if re.match(r"\[\d/\d\] ", line):
            now_s += min(max(LEAST_READING_S, READING_S * unread), LONGEST_READING_S)
            unread = 0
        elif line.startswith(PROMPT):
            now_s += ANSWER_S
            typed_s = LETTER_S * (len(line) - len(PROMPT))
        steps.append(Step(at_s=now_s, typed_s=typed_s))
        now_s += typed_s + (ANSWER_S if typed_s else RECORD_S if "[id=" in line else LINE_S)
        unread += 1
    return steps, now_s + LAST_S


def drawn(lines: Sequence[str]) -> tuple[str, str]:
    """Have rich draw the lines; give the style sheet of the letters, and these."""
    console = Console(file=io.StringIO(), record=True, width=COLUMNS, force_terminal=True, color_system="truecolor")
    for line in lines:
        console.print(Text.from_ansi(line), no_wrap=True, crop=False)
    drawing = console.export_svg(
        theme=THEME,
        code_format="{styles}\f{matrix}",
        unique_id="t",
        font_aspect_ratio=LETTER_WIDTH / FONT_HEIGHT,
    )
    styles, _, letters = drawing.partition("\f")
    # Ends of lines are drawn too, and each piece would be cut to its line by a path of its own.
    letters = re.sub(r"<text [^>]*>\s</text>", "", letters)
    return re.sub(r"\s+", " ", styles), re.sub(r' clip-path="[^"]*"', "", letters)


def moving(name: str, frames: Sequence[tuple[float, str]], length_s: float) -> str:
    """Give the rule that puts an element where these moments want it."""
    told = "".join(f"{100 * at_s / length_s:.6g}%{{{what}}}" for at_s, what in frames)
    return f"@keyframes {name}{{{told}}}.{name}{{animation:{name} {length_s:.6g}s step-end infinite}}"


def animated(lines: Sequence[str]) -> tuple[str, str]:
    """Give the style sheet of the pace, and what covers the lines that are being typed."""
    steps, length_s = paced(lines)
    film, curtain = [(0.0, "transform:none")], [(0.0, "transform:none")]
    rules, covers = list[str](), list[str]()
    for row, (line, step) in enumerate(zip(lines, steps, strict=True)):
        if row < ROWS:
            curtain.append((step.at_s, down(row + 1)))
        else:
            film.append((step.at_s, down(ROWS - row - 1)))
        if step.typed_s:
            name, letters = f"c{row}", len(line) - len(PROMPT)
            begun = f"visibility:visible;transform:none;animation-timing-function:steps({letters})"
            ended = f"visibility:visible;transform:translateX({letters * LETTER_WIDTH:.6g}px)"
            typed_s = step.at_s + step.typed_s
            frames = [(0.0, begun), (step.at_s, begun), (typed_s, ended), (typed_s + ANSWER_S, "visibility:hidden")]
            rules.append(moving(name, frames, length_s))
            covers.append(f'<g class="cover {name}">{cursor(row)}</g>')
    rules += [moving("film", film, length_s), moving("curtain", curtain, length_s)]
    return "\n".join(rules), "\n".join(covers)


def down(rows: int) -> str:
    """Give the style that puts an element so many lines further down."""
    return f"transform:translateY({rows * LINE_HEIGHT:.6g}px)"


def cursor(row: int) -> str:
    """Give a cursor that stands after the prompt, and the dark in which the rest of the line lies."""
    x, y = len(PROMPT) * LETTER_WIDTH, row * LINE_HEIGHT + HANG
    return (
        f'<rect x="{x:.6g}" y="{y:.6g}" width="{INNER_WIDTH:.6g}" height="{LINE_HEIGHT:.6g}" fill="{DARK}"/>'
        f'<rect x="{x:.6g}" y="{y + 2:.6g}" width="{LETTER_WIDTH:.6g}" height="{FONT_HEIGHT:.6g}" fill="{LIGHT}"/>'
    )


def picture(lines: Sequence[str]) -> str:
    """Give the recording. Where nothing may move it is the last screen."""
    styles, letters = drawn(lines)
    pace, covers = animated([ESCAPES.sub("", line) for line in lines])
    wide = INNER_WIDTH + 2 * MARGIN
    window = f'width="{wide:.6g}" height="{INNER_HEIGHT:.6g}"'
    dots = "".join(f'<circle cx="{EDGE + 6 + 22 * number:.6g}" cy="24" r="6"/>' for number in range(3))
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {WIDTH:.6g} {HEIGHT:.6g}" width="{SHOWN_WIDTH}">
<title>reconciler demo: check, plan, apply, plan again, and the plan of one edit</title>
<!-- made by docs/images/record.py -->
<style>
text{{font:{FONT_HEIGHT:.6g}px {FONTS}}}
{styles}
.film{{{down(ROWS - len(lines))}}}
.curtain{{{down(ROWS)}}}
.cover{{visibility:hidden}}
@media (prefers-reduced-motion:no-preference){{
{pace}
}}
</style>
<rect x=".5" y=".5" width="{WIDTH - 1:.6g}" height="{HEIGHT - 1:.6g}" rx="10" fill="{DARK}" stroke="{FRAME}"/>
<g fill="{FRAME}">{dots}</g>
<svg x="{EDGE - MARGIN:.6g}" y="{BAR:.6g}" {window} viewBox="{-MARGIN:.6g} {HANG:.6g} {wide:.6g} {INNER_HEIGHT:.6g}">
<g class="film">
{letters}
{cursor(len(lines) - 1)}
{covers}
</g>
<rect class="curtain" x="{-MARGIN:.6g}" y="{HANG:.6g}" {window} fill="{DARK}"/>
</svg>
</svg>
"""


def moments(folder: Path) -> None:
    """Make pictures of the recording as a page shows it, by stopping its animations."""
    folder.mkdir(parents=True, exist_ok=True)
    with browser() as opened:
        for name, ground in (("light", "#ffffff"), ("dark", "#0d1117")):
            page = opened.new_page(viewport={"width": 960, "height": 640})
            page.set_content(f'<body style="background:{ground}">{PICTURE.read_text(encoding="utf-8")}</body>')
            length_s = page.evaluate("document.getAnimations()[0].effect.getTiming().duration") / 1000
            for part in range(12):
                at_s = length_s * (part + 0.5) / 12
                page.evaluate(
                    "at => document.getAnimations().forEach(one => { one.pause(); one.currentTime = at })", 1000 * at_s
                )
                page.screenshot(path=folder / f"demo-{name}-{at_s:04.1f}.png")


def main() -> None:
    """Make the recording, or pictures of the one that is there."""
    if len(sys.argv) > 1:
        moments(Path(sys.argv[1]))
    else:
        PICTURE.write_text(picture(session(painted())), encoding="utf-8")


if __name__ == "__main__":
    main()
