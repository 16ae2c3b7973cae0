"""Pictures: what is unknown is a gap, what is read is exact text, and nothing in them runs or asks a network."""

from __future__ import annotations

import re
from decimal import Decimal
from xml.etree import ElementTree as Xml

from support.hostile_page import BILLED, DAY, HOSTILE, LONG, NAME, amounts, days, hostile
from tallystick.core.document import Chart, Section
from tallystick.core.question import Heading, Kind, Table
from tallystick.formats.picture import BARS, NAME as POINTS, WIDTH, Picture, picture

SVG = "{http://www.w3.org/2000/svg}"
_BAR = re.compile(r"M([-\d.]+),([-\d.]+)h([-\d.]+)v([-\d.]+)h")


def drawn(section: Section) -> Picture:
    """Its picture, which it has."""
    image = picture(section)
    assert image
    return image


def bars(made: Picture) -> list[tuple[float, ...]]:
    """Left, top, width and height of each bar; the squares of the names above are around their own nothing."""
    tree = Xml.fromstring(made.svg)  # noqa: S314 - our own
    paths = [path.get("d", "") for path in tree.iter(f"{SVG}path") if path.get("fill", "").startswith("#")]
    return [tuple(map(float, bar.groups())) for bar in map(_BAR.match, paths) if bar and not bar[1].startswith("-")]


def texts(made: Picture) -> list[str]:
    """Every text in it."""
    return [label.text or "" for label in Xml.fromstring(made.svg).iter(f"{SVG}text")]  # noqa: S314 - our own


def test_an_unknown_day_is_a_gap_not_a_column_of_nothing() -> None:
    """A day that is unknown, absent from the ledger or without a row has its place along time, and no column in it."""
    made = drawn(
        days(
            ("2026-10-01", "4"), ("2026-10-02", None), ("2026-10-03", "4"), ("2026-10-06", "4"), absent=("2026-10-04",)
        )
    )
    lefts = [start for start, *_ in bars(made)]
    assert len(lefts) == 3
    step = (lefts[2] - lefts[0]) / 5
    assert abs(lefts[1] - lefts[0] - 2 * step) < 0.01
    assert texts(made).count("?") == 2
    assert "unknown, not zero" in made.caption
    assert "2026-10-02 unknown" in made.description
    assert "2026-10-04 unknown" in made.description


def test_a_day_of_nothing_is_zero_and_says_so() -> None:
    """A known zero is labelled 0.00 and is no unknown."""
    made = drawn(days(("2026-10-01", "4"), ("2026-10-02", "0")))
    assert "0.00" in texts(made)
    assert "?" not in texts(made)
    assert "unknown" not in made.caption


def test_days_stand_in_the_order_of_time() -> None:
    """Rows that are sorted by amount still stand along time."""
    made = drawn(days(("2026-10-02", "8"), ("2026-10-01", "4")))
    assert [text for text in texts(made) if text.startswith("2026")] == ["2026-10-01", "2026-10-02"]
    assert [round(height) for *_, height in sorted(bars(made))] == sorted(round(height) for *_, height in bars(made))


def test_a_credit_lies_on_the_other_side_of_nothing() -> None:
    """A negative amount's column begins where the positive ones begin, and goes the other way."""
    made = drawn(days(("2026-10-01", "4"), ("2026-10-02", "-2")))
    (_, top, _, height), (_, below, _, depth) = sorted(bars(made))
    assert abs(top + height - below) < 0.01
    assert abs(height - 2 * depth) < 0.01
    assert {"4.00", "-2.00"} <= set(texts(made))


def test_all_credits_can_be_drawn() -> None:
    """A month of credits alone has its picture."""
    table = Table(None, (NAME, BILLED), [("a", Decimal(-4)), ("b", Decimal(-2))], {})
    for kind in ("bars", "columns"):
        assert {"-4.00", "-2.00"} <= set(texts(drawn(Section("", table, (), Chart(kind, "key_name", ("billed",))))))


def test_labels_come_from_exact_amounts() -> None:
    """An amount that no float holds is written to the cent as in the table."""
    table = Table(None, (NAME, BILLED), [("a", Decimal("9007199254740993.015"))], {})
    assert "9,007,199,254,740,993.02" in texts(drawn(Section("", table, (), Chart("bars", "key_name", ("billed",)))))


def test_long_names_are_shortened_in_the_picture_alone() -> None:
    """A name of 300 letters is cut with an ellipsis in the picture, and whole in its description."""
    made = drawn(hostile().sections[0])
    assert max(map(len, texts(made))) <= WIDTH // POINTS
    assert LONG in made.description


def test_names_do_nothing_in_a_picture() -> None:
    """Hostile names are texts of well-formed XML without scripts, references or handlers."""
    made = drawn(hostile().sections[0])
    tree = Xml.fromstring(made.svg)  # noqa: S314 - our own
    assert {element.tag.removeprefix(SVG) for element in tree.iter()} <= {"svg", "g", "path", "rect", "line", "text"}
    assert not [
        name for element in tree.iter() for name in element.attrib if name.startswith("on") or name.endswith("href")
    ]
    assert [name for name in HOSTILE[:3] if name not in texts(made)] == []


def test_several_amounts_stand_beside_each_other_under_their_names() -> None:
    """Two amounts of a month are two columns of two shades, named above."""
    priced = Heading("priced", Kind.MONEY, "USD")
    table = Table(None, (Heading("month", Kind.DIMENSION), BILLED, priced), [("2026-09", Decimal(4), Decimal(3))], {})
    made = drawn(Section("", table, (), Chart("columns", "month", ("billed", "priced"))))
    assert len(bars(made)) == 2
    assert {"billed", "priced", "4.00", "3.00"} <= set(texts(made))


def test_what_cannot_be_drawn_is_no_picture() -> None:
    """Nothing known, no rows, no chart or too many bars make no picture: the table stands in its place."""
    chart = Chart("bars", "key_name", ("billed",), alone=True)
    many = tuple(f"key {number}" for number in range(BARS + 1))
    assert picture(Section("", Table(None, (NAME, BILLED), amounts(many), {}), (), chart)) is None
    assert picture(Section("", Table(None, (NAME, BILLED), [("a", None)], {}), (), chart)) is None
    assert picture(Section("", Table(None, (NAME, BILLED), [], {}), (), chart)) is None
    assert picture(Section("", Table(None, (DAY, BILLED), [("2026-10-01", Decimal(1))], {}))) is None


def test_the_same_answer_is_the_same_picture() -> None:
    """Drawn twice, it is the same text."""
    section = hostile().sections[0]
    assert drawn(section) == drawn(section)
