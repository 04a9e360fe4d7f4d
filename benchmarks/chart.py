"""The figures as an SVG: how far each one is from its goal. Readable on light and on dark ground."""

from collections.abc import Sequence
from html import escape

from benchmarks.figures import Figure

ROW = 22  # pixels, as all that follows
NAMES = 430
BARS = 300  # of twice the goal, where a bar ends at the latest
VALUES = 210
TOP = 34
MOST = 2.0  # times the goal

STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.axis { stroke: #24292f }
.met { fill: #2f7d4f }
.missed { fill: #c2410c }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .axis { stroke: #e6edf3 }
  .met { fill: #4fb477 }
  .missed { fill: #fb8b4c }
}
"""


def chart(figures: Sequence[Figure]) -> str:
    """A bar for each figure with a goal; the line is the goal."""
    rows = [figure for figure in figures if figure.goal is not None]
    width, height = NAMES + BARS + VALUES, TOP + ROW * len(rows) + 8
    goal = NAMES + BARS / MOST
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            ' role="img" aria-label="Figures beside their goals">',
            f"<style>{STYLE}</style>",
            f'<text x="{goal}" y="16" text-anchor="middle">goal</text>',
            *(_bar(figure, TOP + ROW * number) for number, figure in enumerate(rows)),
            f'<line class="axis" x1="{goal}" x2="{goal}" y1="22" y2="{height - 4}"/>',
            "</svg>",
            "",
        ]
    )


def _bar(figure: Figure, y: int) -> str:
    length = round(BARS * min(_share(figure), MOST) / MOST, 1)
    colour = "met" if figure.met else "missed"
    value = f"{figure.shown} {figure.unit} ({figure.aim})" if figure.unit else f"{figure.shown} ({figure.aim})"
    return (
        f'<text x="{NAMES - 8}" y="{y + 11}" text-anchor="end">{escape(figure.name)}</text>'
        f'<rect class="{colour}" x="{NAMES}" y="{y}" width="{length}" height="14"/>'
        f'<text x="{NAMES + BARS + 8}" y="{y + 11}">{escape(value)}</text>'
    )


def _share(figure: Figure) -> float:
    """The value in goals. Of a goal of nothing, what is there at all reaches the end."""
    if figure.value is None:
        return 0
    return figure.value / figure.goal if figure.goal else MOST * bool(figure.value)
