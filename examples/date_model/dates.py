"""Dates in the many ways that people spell them, and back: the task of the date model, as data."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import date, timedelta
from string import Formatter
from typing import Final, Literal, NamedTuple

Part = Literal["year", "month", "day"]
Span = tuple[int, int]

MONTHS: Final = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)
WEEKDAYS: Final = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()  # noqa: SIM905

FIRST: Final = date(1583, 1, 1)
"""The first whole year of the Gregorian calendar. So early that no digit of the year can be guessed from the others:
the model has to look at each."""

LAST: Final = date(2999, 12, 31)

SPELLINGS: Final = (
    "{month_name} {day}, {year}",
    "{month_name} {day} {year}",
    "{month_short} {day}, {year}",
    "{day} {month_name} {year}",
    "{day} {month_short} {year}",
    "{day_ordinal} {month_name} {year}",
    "{day_ordinal} of {month_name}, {year}",
    "the {day_ordinal} of {month_name} {year}",
    "{month_name} {day_ordinal}, {year}",
    "{month_name} the {day_ordinal}, {year}",
    "{weekday}, {month_name} {day}, {year}",
    "{weekday}, {day} {month_short} {year}",
    "{weekday} the {day_ordinal} of {month_name} {year}",
    "{year}, {month_name} {day}",
    "{year} {month_short} {day}",
    "{day}.{month}.{year}",
    "{day_padded}.{month_padded}.{year}",
    "{month}/{day}/{year}",
    "{month_padded}/{day_padded}/{year}",
    "{year}/{month_padded}/{day_padded}",
)
"""Dots put the day first, as in Germany; slashes put the month first, as in America, unless the year leads."""


def ordinal(day: int) -> str:
    """Return `day` as an English ordinal: 1st, 2nd, 3rd, 4th, ..."""
    ending = "th" if 11 <= day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


FIELDS: Final[dict[str, Callable[[date], str]]] = {
    "year": lambda when: f"{when.year:04}",
    "month": lambda when: str(when.month),
    "month_padded": lambda when: f"{when.month:02}",
    "month_name": lambda when: MONTHS[when.month - 1],
    "month_short": lambda when: MONTHS[when.month - 1][:3],
    "day": lambda when: str(when.day),
    "day_padded": lambda when: f"{when.day:02}",
    "day_ordinal": lambda when: ordinal(when.day),
    "weekday": lambda when: WEEKDAYS[when.weekday()],
}


class Spelled(NamedTuple):
    """A date in one spelling, and the characters in which each of its parts stands, as `[start, stop)`."""

    text: str
    spans: dict[Part, Span]


def spell(when: date, spelling: str) -> Spelled:
    """Write `when` in one of `SPELLINGS`."""
    text, spans = "", {}
    for literal, field, _, _ in Formatter().parse(spelling):
        text += literal
        if field is not None:
            start = len(text)
            text += FIELDS[field](when)
            spans[field.partition("_")[0]] = (start, len(text))
    return Spelled(text, {part: spans[part] for part in ("year", "month", "day")})


def parse(text: str) -> date:
    """Read a date in any of `SPELLINGS`.

    Written apart from `spell`, so that each checks the other.

    Raises
    ------
    ValueError
        If `text` holds no year, month and day, or names a day that no calendar has.
    """
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    years = [number for number in numbers if number >= 1000]
    short = [number for number in numbers if number < 1000]
    named = [index for index, month in enumerate(MONTHS, 1) if re.search(rf"\b{month[:3]}", text)]
    if len(years) != 1 or len(short) + len(named) != 2 or len(named) > 1:
        raise ValueError(f"{text!r} is not a date in a known spelling; one that is: 'March 5, 1998'.")
    if named:
        return date(years[0], named[0], short[0])
    day, month = short if "." in text else reversed(short)
    return date(years[0], month, day)


def all_days() -> list[date]:
    """Return every day that the model knows, in order."""
    return [FIRST + timedelta(days=days) for days in range((LAST - FIRST).days + 1)]


def split_days(seed: int = 0, held_out: int = 4000) -> tuple[list[date], list[date]]:
    """Shuffle all days and return `(days to train on, days the model never sees in training)`."""
    days = all_days()
    random.Random(seed).shuffle(days)
    return days[held_out:], days[:held_out]
