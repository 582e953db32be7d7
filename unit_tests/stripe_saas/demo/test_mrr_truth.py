from stripe_saas.demo.mrr_line import amount_text, mrr_lines
from stripe_saas.demo.mrr_truth import compare_mrr, shown

MAY = {"currency": "usd", "month": "2026-05", "opening": 0, "new": 900, "closing": 900}
MOVE = {
    "customer": "cus_1",
    "currency": "usd",
    "day": "2026-05-03",
    "movement": "new",
    "amount_minor": 900,
}


def test_the_same_months_and_movements_match():
    found = compare_mrr([MAY], [MOVE], [dict(MAY)], [dict(MOVE)])
    assert (found.months, found.movements, found.problems) == (1, 1, [])
    assert found.verdict.startswith("All 1 months and all 1 movements equal")


def test_a_figure_that_differs_is_named_with_both_values():
    found = compare_mrr([{**MAY, "new": 901}], [MOVE], [MAY], [MOVE])
    assert found.problems == ["USD 2026-05: new is 901, and 900 in the books"]
    assert found.verdict.startswith("MISMATCH: 1 difference")


def test_a_month_that_only_one_side_has_counts_as_zeros_on_the_other():
    idle = {"currency": "usd", "month": "2026-06", "opening": 0, "closing": 0}
    assert compare_mrr([MAY, idle], [MOVE], [MAY], [MOVE]).problems == []
    assert len(compare_mrr([], [MOVE], [MAY], [MOVE]).problems) == 2


def test_every_movement_is_compared_as_often_as_it_occurs():
    found = compare_mrr([MAY], [MOVE], [MAY], [MOVE, MOVE])
    assert found.problems == ["missing movement: cus_1 2026-05-03 new 900 usd"]
    found = compare_mrr([MAY], [MOVE, {**MOVE, "movement": "expansion"}], [MAY], [MOVE])
    assert found.problems == ["extra movement: cus_1 2026-05-03 expansion 900 usd"]


def test_many_problems_are_counted():
    assert shown([str(n) for n in range(8)]) == ["0", "1", "2", "3", "4", "and 3 more"]


def test_amounts_stand_in_their_currencys_own_unit():
    assert amount_text(1234567, 2) == "12,345.67"
    assert amount_text(1234567, 0) == "1,234,567"
    assert amount_text(1234567, 3) == "1,234.567"
    assert amount_text(5, 3) == "0.005"


def test_a_line_of_bars_ends_with_the_present():
    rows = [
        {"currency": "usd", "exponent": 2, "closing": closing, "customers": 2}
        for closing in (0, 450, 900)
    ]
    other = {"currency": "jpy", "exponent": 0, "closing": 0, "customers": 5}
    assert mrr_lines([*rows, other]) == [
        "MRR JPY  ▁               0  5 customers",
        "MRR USD  ▁▅█            9.00  2 customers",
    ]
