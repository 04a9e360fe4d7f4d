"""A figure: a measured value and its goal."""

from typing import NamedTuple


class Figure(NamedTuple):
    """A measured value. Without a value it could not be measured. Without a goal it is only informative."""

    name: str
    value: float | None
    unit: str
    goal: float | None = None
    at_least: bool = False  # whether the goal is a minimum; otherwise it is a maximum
    reason: str = ""  # a sentence of explanation

    @property
    def met(self) -> bool:
        if self.value is None:
            return False
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def shown(self) -> str:
        """The value with its significant digits."""
        if self.value is None:
            return "–"
        return f"{self.value:.0f}" if abs(self.value) >= 100 else f"{self.value:.4g}"

    @property
    def aim(self) -> str:
        return "" if self.goal is None else f"{'≥' if self.at_least else '≤'} {self.goal:g}"

    @property
    def verdict(self) -> str:
        return "" if self.met else f"MISSED: {self.aim}".rstrip(": ")

    @property
    def line(self) -> str:
        """The line that the terminal shows."""
        return f"{self.name:<70} {self.shown:>7} {self.unit:<11}{self.verdict}".rstrip()
