from demo.answer import differences, expected, table


def test_the_expected_answer_counts_every_flight_of_january():
    rows = expected()
    assert sum(row["flights"] for row in rows) == 27004
    assert [row["arrival_delay"] for row in rows] == sorted((row["arrival_delay"] for row in rows), reverse=True)


def test_a_wrong_number_is_named():
    wanted = [{"airline": "Envoy Air", "flights": 2}]
    assert differences([{"airline": "Envoy Air", "flights": 3}], wanted) == ["Envoy Air: flights is 3 instead of 2"]


def test_a_missing_row_is_a_difference():
    assert differences([], [{"airline": "Envoy Air"}]) == ["0 rows instead of 1"]


def test_the_same_numbers_in_another_type_are_no_difference():
    assert differences([{"airline": "A", "delay": 1}], [{"airline": "A", "delay": 1.0}]) == []


def test_a_table_has_its_numbers_on_the_right():
    lines = table([{"airline": "A", "flights": 12345}, {"airline": "Long", "flights": 1}]).splitlines()
    assert lines == ["airline  flights", "-------  -------", "A         12,345", "Long           1"]
