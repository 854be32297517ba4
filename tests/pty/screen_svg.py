# SPDX-License-Identifier: Apache-2.0
"""Draw screens of a terminal as one SVG that plays them one after the other; the text stays text."""

import re
from html import escape

SGR = re.compile(r"\x1b\[([0-9;]*)m")
FOREGROUND = {"30": "#111", "31": "#f66", "32": "#5d5", "33": "#dd5", "35": "#e8e", "36": "#5dd", "37": "#fff"}
BACKGROUND = {"41": "#b00", "43": "#d90"}
WIDTH, HEIGHT, FONT = 8.4, 18, 14


def runs(screen):
    """Cuts a screen into (row, column, text, colour, background); colours last over the ends of lines."""
    colour, back = "#ddd", None
    for row, line in enumerate(screen.rstrip().split("\n")):
        column = at = 0
        for match in [*SGR.finditer(line), None]:
            text = line[at : match.start() if match else None]
            if text:
                yield row, column, text, colour, back
            column += len(text)
            if match is None:
                break
            at = match.end()
            for code in match[1].split(";"):
                if code in ("", "0"):
                    colour, back = "#ddd", None
                colour, back = FOREGROUND.get(code, "#ddd" if code == "39" else colour), BACKGROUND.get(code, back)
                back = None if code == "49" else back


def draw(screens, *, columns, seconds=4):
    """Draws the screens, each a text with SGR colours."""
    rows = max(screen.rstrip().count("\n") + 1 for screen in screens)
    whole, frames, rules = len(screens) * seconds, [], []
    for number, screen in enumerate(screens):
        drawn = []
        for row, column, text, colour, back in runs(screen):
            x, y = 10 + column * WIDTH, 10 + row * HEIGHT
            if back:
                size = f'width="{len(text) * WIDTH:.0f}" height="{HEIGHT}"'
                drawn.append(f'<rect x="{x:.0f}" y="{y}" {size} fill="{back}"/>')
            if text.strip():
                left = x + (len(text) - len(text.lstrip())) * WIDTH
                drawn.append(f'<text x="{left:.0f}" y="{y + 13}" fill="{colour}">{escape(text.strip())}</text>')
        last = number == len(screens) - 1
        hidden = "" if last else ' opacity="0"'
        frames.append(f'<g class="f{number}"{hidden}>')
        frames.append("".join(drawn) + "</g>")
        start, end = 100 * number / len(screens), 100 * (number + 1) / len(screens)
        before = f"0%,{start:.2f}%{{opacity:{int(not number)}}}"
        during = f"{start + 0.01:.2f}%,{end:.2f}%{{opacity:1}}"
        after = "" if last else f"{end + 0.01:.2f}%,100%{{opacity:0}}"
        play = f"animation:k{number} {whole}s infinite step-end"
        rules.append(f"@keyframes k{number}{{{before}{during}{after}}}.f{number}{{{play}}}")
    width, height = columns * WIDTH + 20, rows * HEIGHT + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
        f'font-family="Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="{FONT}">'
        f"<title>A receiving shift with trace scan</title><style>text{{white-space:pre}}{''.join(rules)}</style>"
        f'<rect width="100%" height="100%" rx="8" fill="#1b1d22"/>{"".join(frames)}</svg>\n'
    )
