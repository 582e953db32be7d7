"""The page about the API is what the routes say, and says something of each."""

from stripe_saas_service.access.policy import POLICY
from tools.generate_api_docs import PAGE, page


def test_the_page_is_current():
    assert PAGE.read_text(encoding="utf-8") == page(), "run make api-docs"


def test_every_route_for_programs_is_on_it():
    text = PAGE.read_text(encoding="utf-8")
    hidden = {"GET /api/openapi.json", "GET /api/docs"}
    wanted = {name for name in POLICY if name.split()[1].startswith("/api/")} - hidden
    lines = set(text.splitlines())
    assert {f"## {name}" for name in wanted} <= lines
    assert "…" not in [line.strip().strip('",') for line in text.splitlines()], "without an example"
