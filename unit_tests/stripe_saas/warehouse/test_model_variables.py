"""One block of settings serves connector and models."""

from stripe_saas.warehouse.model_variables import variables_from


def test_the_models_are_told_their_own_options_only():
    block = {"churn_at": "request", "fx_mode": "constant", "reporting_timezone": "Asia/Tokyo"}
    assert variables_from({"mrr": block}) == {
        "fx_mode": "constant",
        "reporting_timezone": "Asia/Tokyo",
    }


def test_what_is_chosen_goes_before_a_preset():
    assert variables_from({"mrr": {"preset": "chartmogul"}}) == {"switch_window_hours": 1}
    chosen = {"preset": "chartmogul", "switch_window_hours": 0}
    assert variables_from({"mrr": chosen}) == {"switch_window_hours": 0}


def test_without_a_block_the_project_s_defaults_count():
    assert variables_from({}) == {}
    assert variables_from({"mrr": {"preset": "stripe"}}) == {}
