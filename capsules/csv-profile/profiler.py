"""Describes the columns of a CSV table. Python standard library only."""

import csv
import io
import math
import re
from collections import Counter
from datetime import date, datetime

DELIMITERS = (",", ";", "\t", "|")
DEFAULT_NULLS = ("", "NA", "N/A", "NULL", "null", "None")
QUANTILES = (("p5", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95))

_INTEGER = re.compile(r"[+-]?\d{1,18}\Z")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z")
_LEADING_ZERO = re.compile(r"[+-]?0\d")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}")
# Squares of larger ones overflow a double.
_LARGEST = 1e150
_BOOLEANS = frozenset(("true", "false", "yes", "no"))


class InvalidTable(ValueError):
    """The text is no table that can be described; the message says why."""


def find_delimiter(text):
    """The delimiter that splits the first rows into the most columns of equal number; a comma where nothing splits them."""
    head = text[:20_000]
    best, best_score = ",", 0.0
    for candidate in DELIMITERS:
        widths = [len(row) for row in csv.reader(io.StringIO(head), delimiter=candidate) if row][:50]
        if not widths:
            continue
        common, times = Counter(widths).most_common(1)[0]
        score = (common - 1) * times / len(widths)
        if score > best_score:
            best, best_score = candidate, score
    return best


def profile(text, delimiter=None, null_values=DEFAULT_NULLS, top_values=5, on_progress=lambda fraction, rows: None):
    """Reads the whole table once, then describes one column after the other, telling `on_progress` how far it is."""
    text = text.removeprefix("\ufeff")
    delimiter = delimiter or find_delimiter(text)
    header, columns, warnings = _read(text, delimiter)
    rows = len(columns[0]) if columns else 0
    nulls = frozenset(null_values)
    described = []
    for position, (name, cells) in enumerate(zip(header, columns), start=1):
        described.append(describe(name, cells, nulls, top_values))
        on_progress(position / len(header), rows)
    return {"rows": rows, "delimiter": delimiter, "columns": described, "warnings": warnings}


def _read(text, delimiter):
    try:
        records = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True) if row]
    except csv.Error as error:
        raise InvalidTable(f"not well-formed CSV: {error}") from error
    if not records:
        raise InvalidTable("the table has no rows, not even a header")
    header, body = records[0], records[1:]
    warnings = [f"column {name!r} occurs {times} times" for name, times in Counter(header).items() if times > 1]
    warnings += [f"column {place} has no name" for place, name in enumerate(header, start=1) if not name.strip()]
    columns = [[] for _ in header]
    ragged = []
    for number, row in enumerate(body, start=2):
        if len(row) != len(header):
            ragged.append(number)
        for place, cells in enumerate(columns):
            cells.append(row[place] if place < len(row) else "")
    if ragged:
        shown = ", ".join(map(str, ragged[:5])) + (", …" if len(ragged) > 5 else "")
        warnings.append(f"{len(ragged)} rows do not have {len(header)} cells: {shown}")
    return header, columns, warnings


def describe(name, cells, nulls, top_values):
    values = [cell for cell in cells if cell not in nulls]
    counts = Counter(values)
    kind = kind_of(values)
    column = {
        "name": name,
        "type": kind,
        "nulls": len(cells) - len(values),
        "distinct": len(counts),
        # Ties are in the order of the text, so that the same table gives the same answer.
        "top": [
            {"value": value, "count": count}
            for value, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:top_values]
        ],
    }
    if kind in ("integer", "number"):
        column |= describe_numbers([int(value) if kind == "integer" else float(value) for value in values])
    elif kind in ("date", "datetime"):
        column |= {"minimum": min(values), "maximum": max(values)}
    elif kind == "text":
        lengths = [len(value) for value in values]
        column |= {"shortest": min(lengths), "longest": max(lengths)}
    column["warnings"] = warnings_of(cells, values, counts, kind)
    return column


def kind_of(values):
    """The narrowest type every value has. Digits that start with a zero are text: they are codes, not amounts."""
    if not values:
        return "empty"
    if not any(_LEADING_ZERO.match(value) and "." not in value for value in values):
        if all(_INTEGER.match(value) for value in values):
            return "integer"
        if all(_NUMBER.match(value) and abs(float(value)) < _LARGEST for value in values):
            return "number"
    if all(value.lower() in _BOOLEANS for value in values):
        return "boolean"
    if all(_DATE.match(value) and _parses(date, value) for value in values):
        return "date"
    if all(_DATETIME.match(value) and _parses(datetime, value) for value in values):
        return "datetime"
    return "text"


def _parses(kind, text):
    try:
        kind.fromisoformat(text)
    except ValueError:
        return False
    return True


def describe_numbers(numbers):
    """`fsum` rounds once, so that no order of rows changes mean or deviation."""
    count = len(numbers)
    total = sum(numbers) if isinstance(numbers[0], int) else math.fsum(numbers)
    mean = total // count if total % count == 0 else total / count
    variance = math.fsum((number - mean) ** 2 for number in numbers) / (count - 1) if count > 1 else 0.0
    ordered = sorted(numbers)
    return {
        "minimum": ordered[0],
        "maximum": ordered[-1],
        "mean": mean,
        "standardDeviation": math.sqrt(variance),
        "quantiles": {label: quantile(ordered, share) for label, share in QUANTILES},
    }


def quantile(ordered, share):
    """Linear interpolation between the two nearest ranks (Hyndman and Fan's type 7, what R and NumPy do by default)."""
    place = (len(ordered) - 1) * share
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def warnings_of(cells, values, counts, kind):
    warnings = []
    if not cells:
        return warnings
    if kind == "empty":
        return ["every value is missing"]
    missing = (len(cells) - len(values)) / len(cells)
    if missing > 0.5:
        warnings.append(f"{missing:.0%} of the values are missing")
    if len(counts) == 1 and len(values) > 1:
        warnings.append("every value is the same")
    if any(value != value.strip() for value in counts):
        warnings.append("some values begin or end with white space")
    if kind == "text":
        numeric = sum(count for value, count in counts.items() if _NUMBER.match(value))
        if 0.5 <= numeric / len(values) < 1:
            warnings.append(f"{len(values) - numeric} of {len(values)} values are not numbers, the others are")
        folded = Counter(value.strip().casefold() for value in counts)
        if len(folded) < len(counts):
            warnings.append("some values differ only in case or white space")
    return warnings
