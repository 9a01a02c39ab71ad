import json

import pytest

from bench.figures import Figure, Part, added, amount, at_least, at_most, median, ratio, spread, table


@pytest.mark.parametrize(
    ("aim", "value", "verdict"),
    [
        (at_most(60), 60, "held"),
        (at_most(60), 60.1, "MISSED"),
        (at_least(0.6), 0.6, "held"),
        (at_least(0.6), 0.59, "MISSED"),
        (None, 1000, ""),
    ],
)
def test_a_figure_is_judged_by_its_aim(aim, value, verdict):
    assert Figure("a figure", value, "ms", aim).verdict == verdict


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1234.56, "ms", "1,234.6 ms"),
        (60, "ms", "60 ms"),
        (100, "MB", "100 MB"),
        (0.6, "x", "0.60 x"),
        (12.345, "x", "12.35 x"),
        (9.876, "s", "9.88 s"),
        (0, "", "0"),
        (200, "runs/s", "200 runs/s"),
    ],
)
def test_an_amount_has_the_digits_it_is_worth(value, unit, shown):
    assert amount(value, unit) == shown


def test_a_median_says_how_many_samples_it_stands_for_and_how_far_apart_they_are():
    figure = median("one run", [30, 10, 20], "ms", at_most(60))
    assert (figure.value, figure.how) == (20, "median of 3, 10 ms to 30 ms")
    assert spread([5], "ms") == "one sample"


def test_what_the_hub_adds_is_the_difference_of_the_medians():
    figure = added("added", [50, 70, 60], [20, 10, 15], at_most(60))
    assert figure.value == 45
    assert "60 ms through the hub, 15 ms bare" in figure.how


def test_a_ratio_compares_each_sample_with_its_neighbour():
    slowing_machine = [10.0, 20.0, 40.0]
    figure = ratio("ratio", [11.0, 22.0, 44.0], slowing_machine, "s", at_most(1.05))
    assert figure.value == pytest.approx(1.1)
    assert figure.verdict == "MISSED"


def test_samples_without_a_neighbour_are_refused():
    with pytest.raises(ValueError):
        ratio("ratio", [1.0, 2.0], [1.0], "s")


def test_the_table_aligns_all_parts_and_shows_what_broke_off():
    held = Part("One part", (Figure("short", 1, "ms", at_most(2), "one sample"),))
    broken = Part("Another", (Figure("a longer name", 1234, "runs/s"),), "n8n did not start")
    lines = table([held, broken]).splitlines()
    short, longer = (next(line for line in lines if name in line) for name in ("short", "a longer name"))
    assert short.index(" ms") + len(" ms") == longer.index(" runs/s") + len(" runs/s")
    assert "at most 2 ms" in short and short.endswith("held  one sample")
    assert lines[-1] == "  could not be measured: n8n did not start"


def test_a_part_that_broke_off_holds_nothing():
    figure = Figure("short", 1, "ms", at_most(2))
    assert Part("whole", (figure,)).is_held
    assert not Part("broken", (figure,), "why").is_held
    assert not Part("missed", (Figure("short", 3, "ms", at_most(2)),)).is_held


def test_a_part_can_be_read_by_programs():
    written = json.loads(json.dumps(Part("One part", (Figure("short", 1, "ms", at_most(2)),)).as_json()))
    aim = {"bound": "at most", "limit": 2}
    expected = {"name": "short", "value": 1, "unit": "ms", "aim": aim, "is_held": True, "how": ""}
    assert written == {"title": "One part", "figures": [expected], "error": ""}
