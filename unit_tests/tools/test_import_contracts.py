"""The two import contracts of our own, on graphs made by hand."""

from grimp import ImportGraph

from tools.import_contracts import NoCircles, OnlyExternal


def a_graph(*imports):
    graph = ImportGraph()
    for importer, imported in imports:
        graph.add_module(importer.split(".")[0])
        graph.add_import(importer=importer, imported=imported)
    return graph


def broken(kind, graph, **options):
    contract = kind(name="", session_options={}, contract_options=options)
    check = contract.check(graph, verbose=False)
    assert check.kept is not bool(check.metadata["broken"])
    return check.metadata["broken"]


def test_only_what_is_named_and_the_standard_library_may_be_imported():
    graph = a_graph(
        ("box.server", "starlette"),
        ("box.server", "json"),
        ("box.server", "box.store"),
        ("box.store", "connector.api"),
        ("box.store", "boxer"),
        ("connector.api", "requests"),
    )
    assert broken(OnlyExternal, graph, packages=["box"], allowed=["starlette"]) == [
        "box.store imports boxer",
        "box.store imports connector.api",
    ]


def test_without_an_allow_list_only_the_standard_library_is_left():
    graph = a_graph(("rules.price", "decimal"), ("rules.price", "msgspec"))
    assert broken(OnlyExternal, graph, packages=["rules"]) == ["rules.price imports msgspec"]


def test_a_circle_is_found_however_long_it_is():
    graph = a_graph(("p.a", "p.b"), ("p.b", "p.c"), ("p.c", "p.a"), ("p.d", "p.a"), ("p.a", "p.e"))
    assert broken(NoCircles, graph, packages=["p"]) == ["p.a <-> p.b <-> p.c"]


def test_two_circles_that_do_not_meet_are_two():
    graph = a_graph(("p.a", "p.b"), ("p.b", "p.a"), ("p.b", "p.c"), ("p.c", "p.d"), ("p.d", "p.c"))
    assert broken(NoCircles, graph, packages=["p"]) == ["p.a <-> p.b", "p.c <-> p.d"]


def test_a_circle_that_is_named_is_let_through():
    graph = a_graph(("p.a", "p.b"), ("p.b", "p.a"))
    assert broken(NoCircles, graph, packages=["p"], ignore_imports=["p.b -> p.a"]) == []
