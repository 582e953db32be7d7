import json
import re

import pytest

from stripe_saas.report import library
from stripe_saas.report.page import SCRIPTS, page_of
from stripe_saas.report.sections import Models


def page(**data):
    return page_of({"account": "Acme", **data})


def test_the_page_asks_for_nothing_from_outside():
    markup = re.sub(r"(<script[^>]*>).*?(</script>)", r"\1\2", page(), flags=re.S)
    assert not re.findall(r"(?:src|href|action|poster|data)\s*=\s*[\"'][^\"']+", markup)
    assert "@import" not in markup
    assert "url(" not in markup


def test_no_content_ends_the_script_that_it_is_in():
    evil = "</script><script>alert(1)</script><!-- {{script}} {{library}}"
    text = page(name=evil)
    block = re.search(r'id="data">(.*?)</script>', text, re.S)[1]
    assert json.loads(block)["name"] == evil
    assert text.count("<script>") == 2
    assert "alert(1)</script>" not in text


def test_only_one_file_of_the_page_writes_markup():
    files = {path.name: path.read_text() for path in (library.ASSETS / "page").glob("*.js")}
    assert sorted(files) == sorted(SCRIPTS)
    writers = ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write")
    found = [name for name, text in files.items() if any(each in text for each in writers)]
    assert found == ["html.js"]


def test_the_title_holds_no_markup():
    assert "<title>&lt;b&gt;: recurring revenue</title>" in page_of({"account": "<b>"})


def test_the_library_is_the_one_that_was_noted():
    note = library.library_note()
    assert (note["name"], note["licence"]) == ("echarts", "Apache-2.0")
    assert f'version="{note["version"]}"' in library.library_script().replace("'", '"')
    assert library.LIBRARY.stat().st_size < 1_048_576
    assert "Apache License" in (library.ASSETS / "LICENSE-echarts.txt").read_text()


def test_another_library_than_the_noted_one_is_refused(monkeypatch, tmp_path):
    note = tmp_path / "echarts.json"
    note.write_text(json.dumps({**library.library_note(), "sha256": "0" * 64}))
    monkeypatch.setattr(library, "NOTE", note)
    with pytest.raises(ValueError, match="is not the file"):
        library.library_script()


class NoTables:
    """A database without any table."""

    def has_table(self, schema, table):
        return False


def test_a_model_that_is_not_there_gives_no_rows():
    assert Models(NoTables()).rows("select 1 from {mrr_daily}", "mrr_daily") == []
