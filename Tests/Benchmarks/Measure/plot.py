# SPDX-License-Identifier: Apache-2.0
"""One SVG for a group: its ratios as bars on a logarithmic scale, with the goal as a mark."""
import math
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 1180, 560, 170, 22, 64


def plot(group, figures):
    """The text of the picture; nil if no figure of the group has a ratio."""
    rows = [figure for figure in figures if figure["ratio"]]
    if not rows:
        return None
    marks = [figure["ratio"] for figure in rows] + [goal_of(figure) for figure in rows if goal_of(figure)] + [1.0]
    low = math.floor(math.log10(min(marks)) * 2) / 2 - 0.001
    high = math.ceil(math.log10(max(marks)) * 2) / 2 + 0.001

    def x(value):
        return LEFT + (math.log10(value) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    height = TOP + ROW * len(rows) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="16" y="26" font-size="17">{escape(group)}: ratio to the limit measured in the same run</text>',
        '<text x="16" y="45" fill="#555555">medians; the mark is the goal; green meets it, red does not, blue has none</text>',
    ]
    for exponent in range(math.floor(low), math.ceil(high) + 1):
        for step in (1, 2, 5):
            tick = step * 10.0**exponent
            if not low <= math.log10(tick) <= high:
                continue
            color, width = ("#888888", 1.5) if tick == 1 else ("#e2e2e2", 1)
            parts.append(line(x(tick), TOP - 6, x(tick), height - 34, color, width))
            parts.append(f'<text x="{x(tick):.1f}" y="{height - 18}" text-anchor="middle">{tick:g}</text>')
    for index, figure in enumerate(rows):
        parts += row(figure, TOP + ROW * index, x)
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def row(figure, y, x):
    name = figure["name"].split("/", 1)[1]
    color = {True: "#2e8b57", False: "#c0392b", None: "#4a78b5"}[figure.get("met")]
    start, end = sorted((x(1.0), x(figure["ratio"])))
    text = f'{figure["value"]:,.4g} {figure["unit"]}' if figure["value"] < 1000 else f'{figure["value"]:,.0f} {figure["unit"]}'
    parts = [
        f'<text x="{LEFT - 10}" y="{y + 14}" text-anchor="end">{escape(name)}</text>',
        f'<rect x="{start:.1f}" y="{y + 3}" width="{max(end - start, 1.5):.1f}" height="{ROW - 8}" fill="{color}"/>',
        f'<text x="{end + 6:.1f}" y="{y + 14}">{figure["ratio"]:g} <tspan fill="#777777">({escape(text)})</tspan></text>',
    ]
    goal = goal_of(figure)
    if goal:
        parts.append(line(x(goal), y, x(goal), y + ROW - 2, "#000000", 2))
    return parts


def goal_of(figure):
    return float(figure["goal"].split()[1]) if "goal" in figure and figure.get("ratio") else None


def line(x1, y1, x2, y2, color, width):
    return f'<line x1="{x1:.1f}" y1="{y1}" x2="{x2:.1f}" y2="{y2}" stroke="{color}" stroke-width="{width}"/>'
