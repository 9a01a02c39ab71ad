import pytest

from bench.figures import Figure, median, percentile, table


@pytest.mark.parametrize(
    ("value", "aim", "verdict"),
    [(60, "<= 60", "held"), (61, "<= 60", "missed"), (0.8, ">= 0.8", "held"), (1, "= 0", "missed"), (5, "", "")],
)
def test_a_figure_is_judged_by_its_aim(value: float, aim: str, verdict: str) -> None:
    assert Figure("part", "name", value, aim=aim).verdict == verdict


def test_percentiles_are_values_that_were_seen() -> None:
    assert percentile([5, 1, 4, 2, 3], 0.5) == 3
    assert percentile([5, 1, 4, 2, 3], 0.95) == 5
    assert percentile([7], 0.01) == 7
    assert median([1, 2, 10]) == 2


def test_the_table_shows_each_figure_beside_its_aim() -> None:
    page = table([Figure("fake", "one run", 24.41, "ms", "<= 60"), Figure("n8n", "bare", 1234.5, "ms")])

    assert "24.4 ms" in page and "<= 60" in page and "held" in page
    assert "1234 ms" in page
