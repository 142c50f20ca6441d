#!/usr/bin/env python3
"""Draws a captured `lowsky demo --watch` as the picture of the README.

    script -qfc 'env LANG=C.UTF-8 target/debug/lowsky demo --watch' capture.txt     # Ctrl-C after a minute
    tools/readme/terminal_svg.py capture.txt > tools/readme/demo.svg

The greeting and the alert lines are kept as they were; the list of what will happen is left out, and long lines
wrap as a terminal of that width wraps them.
"""
import html
import re
import sys
import unicodedata

COLUMNS, ROWS = 124, 34
CELL_W, LINE_H, MARGIN, SIZE = 7.22, 17, 14, 12
INK, GROUND = "#d6dbe1", "#12161c"
COLOURS = {
    "1;97;41": ("#ffffff", "#b3261e", True),
    "1;31": ("#ff7b72", None, True),
    "33": ("#e3b341", None, False),
    "36": ("#56d4dd", None, False),
    "32": ("#56d364", None, False),
    "2": ("#8b949e", None, False),
}
ALERT = re.compile(r"^\d\d:\d\d:\d\dZ ")


def cells(line):
    """(character, style, width) of each character of a line with ANSI colours."""
    style = ""
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        if part.startswith("\x1b["):
            style = part[2:-1]
            continue
        for letter in part:
            yield letter, style, 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def rows_of(line):
    """The line as terminal rows of at most COLUMNS cells: lists of (column, character, style, width)."""
    row, column = [], 0
    for letter, style, width in cells(line):
        if COLUMNS < column + width:
            yield row
            row, column = [], 0
        row.append((column, letter, style, width))
        column += width
    yield row


def runs(row):
    """Neighbours of one style and width, drawn as one text."""
    run = None
    for column, letter, style, width in row:
        if run and run[2] == style and run[3] == width:
            run[1] += letter
        else:
            if run:
                yield run
            run = [column, letter, style, width]
    if run:
        yield run


def kept(capture):
    greeting = True
    yield "$ lowsky demo --watch"
    started = False
    for line in capture.splitlines():
        line = line.rstrip()
        started = started or line.startswith("lowsky demo")
        if started and greeting:
            if line.startswith("What will happen"):
                greeting = False
                continue
            yield line
        elif ALERT.match(line):
            yield line


def main():
    capture = open(sys.argv[1], encoding="utf-8", newline="").read().replace("\r\n", "\n")
    rows = [row for line in kept(capture) for row in rows_of(line)][:ROWS]
    width, height = COLUMNS * CELL_W + 2 * MARGIN, len(rows) * LINE_H + 2 * MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" width="{width:.0f}" '
        f'height="{height}" font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', '
        f'\'Noto Sans Mono CJK SC\', monospace" font-size="{SIZE}" role="img">',
        "<title>A terminal with lowsky demo: alerts are raised, escalated and cleared</title>",
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>',
    ]
    for number, row in enumerate(rows):
        base = MARGIN + number * LINE_H
        for column, text, style, cell in runs(row):
            ink, ground, bold = COLOURS.get(style, (INK, None, False))
            x, wide = MARGIN + column * CELL_W, len(text) * cell * CELL_W
            if ground:
                out.append(f'<rect x="{x:.1f}" y="{base:.1f}" width="{wide:.1f}" height="{LINE_H}" fill="{ground}"/>')
            if text.strip():
                weight = ' font-weight="bold"' if bold else ""
                out.append(
                    f'<text x="{x:.1f}" y="{base + 12.5:.1f}" fill="{ink}"{weight} textLength="{wide:.1f}" '
                    f'xml:space="preserve">{html.escape(text, quote=False)}</text>'
                )
    print("\n".join(out + ["</svg>"]))


if __name__ == "__main__":
    main()
