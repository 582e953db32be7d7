import pytest

from stripe_saas.warehouse.columns import ColumnKind, kind_of_column, kinds_of_schema


def test_a_column_has_the_kind_of_its_field():
    properties = {
        "id": {"type": "string"},
        "amount": {"type": ["null", "integer"]},
        "rate": {"type": ["null", "number"]},
        "paid": {"type": ["boolean", "null"]},
        "lines": {"type": ["null", "array"]},
        "metadata": {"type": "object"},
        "customer": {"type": ["null", "string", "object"]},
        "anything": {},
    }
    assert list(kinds_of_schema({"properties": properties}).values()) == [
        ColumnKind.TEXT,
        ColumnKind.INTEGER,
        ColumnKind.NUMBER,
        ColumnKind.BOOLEAN,
        ColumnKind.JSON,
        ColumnKind.JSON,
        ColumnKind.JSON,
        ColumnKind.JSON,
    ]


@pytest.mark.parametrize(
    ("sql_type", "kind"),
    [
        ("BIGINT", ColumnKind.INTEGER),
        ("DECIMAL(38,9)", ColumnKind.NUMBER),
        ("numeric", ColumnKind.NUMBER),
        ("double precision", ColumnKind.NUMBER),
        ("jsonb", ColumnKind.JSON),
        ("JSON", ColumnKind.JSON),
        ("character varying", ColumnKind.TEXT),
        ("VARCHAR", ColumnKind.TEXT),
        ("boolean", ColumnKind.BOOLEAN),
        ("timestamp without time zone", ColumnKind.TEXT),
    ],
)
def test_a_tables_column_has_a_kind_by_its_type(sql_type, kind):
    assert kind_of_column(sql_type) is kind
