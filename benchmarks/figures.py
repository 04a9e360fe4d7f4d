"""A figure: what was measured, and what was aimed at."""

from typing import NamedTuple


class Figure(NamedTuple):
    """Without a value it could not be measured, without a goal it is only stated."""

    name: str
    value: float | None
    unit: str
    goal: float | None = None
    at_least: bool = False  # else the goal is the most that it may be
    reason: str = ""  # a sentence, above all for one that is missed

    @property
    def met(self) -> bool:
        if self.value is None:
            return False
        if self.goal is None:
            return True
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    @property
    def shown(self) -> str:
        """The value, with as many digits as mean something."""
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
        """A row of the table in the terminal."""
        return f"{self.name:<70} {self.shown:>7} {self.unit:<11}{self.verdict}".rstrip()
