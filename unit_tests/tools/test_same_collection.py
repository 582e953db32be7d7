"""Every process collects the same tests, or pytest-xdist would run none of them."""

import pytest

from tools.same_collection import collected, differences

pytestmark = pytest.mark.slow  # each collects by processes of its own


def test_two_processes_collect_the_same_tests_more_than_a_second_apart():
    assert differences(2) == []


@pytest.mark.parametrize(
    "changing",
    ["str(time.time_ns())", "str(hash('x'))"],
    ids=["the time", "a hash"],
)
def test_ids_that_change_are_found(tmp_path, changing):
    path = tmp_path / "test_it.py"
    path.write_text(
        "import time, pytest\n"
        f"@pytest.mark.parametrize('value', [{changing}])\n"
        "def test_it(value): pass\n"
    )
    assert len(collected(str(path))) == 1
    assert len(differences(2, str(path))) == 2
