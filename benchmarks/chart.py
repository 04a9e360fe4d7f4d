"""The figures as an SVG: each value as a multiple of its goal. It supports light and dark colour schemes."""

from collections.abc import Sequence
from html import escape

from benchmarks.figures import Figure

# In pixels.
ROW = 22
NAMES = 430
BARS = 300  # length of the longest bar
VALUES = 210
TOP = 34

MAX_MULTIPLE = 2.0  # of the goal; longer bars are cut

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
    """One bar for each figure with a goal. The vertical line marks the goal."""
    rows = [figure for figure in figures if figure.goal is not None]
    width, height = NAMES + BARS + VALUES, TOP + ROW * len(rows) + 8
    goal = NAMES + BARS / MAX_MULTIPLE
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
            ' role="img" aria-label="Figures and their goals">',
            f"<style>{STYLE}</style>",
            f'<text x="{goal}" y="16" text-anchor="middle">goal</text>',
            *(_bar(figure, TOP + ROW * number) for number, figure in enumerate(rows)),
            f'<line class="axis" x1="{goal}" x2="{goal}" y1="22" y2="{height - 4}"/>',
            "</svg>",
            "",
        ]
    )


def _bar(figure: Figure, y: int) -> str:
    length = round(BARS * min(_multiple(figure), MAX_MULTIPLE) / MAX_MULTIPLE, 1)
    colour = "met" if figure.met else "missed"
    value = f"{figure.shown} {figure.unit} ({figure.aim})" if figure.unit else f"{figure.shown} ({figure.aim})"
    return (
        f'<text x="{NAMES - 8}" y="{y + 11}" text-anchor="end">{escape(figure.name)}</text>'
        f'<rect class="{colour}" x="{NAMES}" y="{y}" width="{length}" height="14"/>'
        f'<text x="{NAMES + BARS + 8}" y="{y + 11}">{escape(value)}</text>'
    )


def _multiple(figure: Figure) -> float:
    """The value as a multiple of the goal. With a goal of 0, any other value gives the longest bar."""
    if figure.value is None:
        return 0
    return figure.value / figure.goal if figure.goal else MAX_MULTIPLE * bool(figure.value)
