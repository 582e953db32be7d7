"""A warehouse as the former loader left it: its tables as they were made, word for word.

That loader stood on PyAirbyte's caches and kept whole reads by the clock. The definitions were
taken from warehouses that it had made; the rows are those of an account as it is now.
"""

from __future__ import annotations

import json

from integration_tests.warehouse.syncing import Warehouse

DEFINITIONS = {
    "_airbyte_destination_state": """destination_name varchar not null,
        source_name varchar not null,
        stream_name varchar not null, state_json varchar, last_updated timestamp with time zone,
        primary key (destination_name, source_name, stream_name)""",
    "_airbyte_state": """source_name varchar, stream_name varchar, table_name varchar not null,
        state_json varchar, last_updated timestamp with time zone, primary key (table_name)""",
    "_airbyte_streams": """stream_name varchar, source_name varchar, table_name varchar not null,
        catalog_metadata varchar, primary key (table_name)""",
    "_stripe_saas_syncs": """sync_id varchar, started_at bigint, synced_at bigint,
        account_id varchar, account_name varchar, mode varchar, is_full boolean, status varchar,
        stream_count bigint, record_count bigint, error varchar""",
    "_stripe_saas_sync_streams": """sync_id varchar, stream varchar, status varchar,
        record_count bigint, synced_at bigint, error varchar""",
    "_stripe_saas_whole_reads": "stream varchar, began_at varchar",
    "customers": """id varchar, object varchar, created bigint, address json, balance bigint,
        business_name varchar, cash_balance json, currency varchar, customer_account varchar,
        default_source varchar, delinquent boolean, description varchar, discount json,
        email varchar, individual_name varchar, invoice_credit_balance json,
        invoice_prefix varchar, invoice_settings json, is_deleted boolean, livemode boolean,
        metadata json, "name" varchar, next_invoice_sequence bigint, phone varchar,
        preferred_locales json, shipping json, sources json, subscriptions json, tax json,
        tax_exempt varchar, tax_ids json, test_clock varchar, updated bigint,
        _airbyte_raw_id varchar, _airbyte_extracted_at timestamp, _airbyte_meta json""",
    "charges": """id varchar, object varchar, created bigint, amount bigint,
        amount_captured bigint, amount_refunded bigint, application varchar,
        application_fee varchar, application_fee_amount bigint, balance_transaction varchar,
        billing_details json, calculated_statement_descriptor varchar, captured boolean,
        currency varchar, customer varchar, description varchar, disputed boolean,
        failure_balance_transaction varchar, failure_code varchar, failure_message varchar,
        fraud_details json, livemode boolean, metadata json, on_behalf_of varchar, outcome json,
        paid boolean, payment_intent varchar, payment_method varchar, payment_method_details json,
        presentment_details json, radar_options json, receipt_email varchar,
        receipt_number varchar, receipt_url varchar, refunded boolean, refunds json,
        review varchar, shipping json, source_transfer varchar, statement_descriptor varchar,
        statement_descriptor_suffix varchar, status varchar, transfer varchar, transfer_data json,
        transfer_group varchar, updated bigint, _airbyte_raw_id varchar,
        _airbyte_extracted_at timestamp, _airbyte_meta json""",
    "payout_balance_transactions": """id varchar, object varchar, created bigint, amount bigint,
        available_on bigint, balance_type varchar, currency varchar, description varchar,
        exchange_rate decimal(38, 9), fee bigint, fee_details json, net bigint, payout varchar,
        reporting_category varchar, source varchar, status varchar, type varchar, updated bigint,
        _airbyte_raw_id varchar, _airbyte_extracted_at timestamp, _airbyte_meta json""",
}
"""Table -> its columns."""

STREAMS = ("customers", "charges", "payout_balance_transactions")


def as_the_former_loader_left_it(warehouse: Warehouse) -> None:
    """Puts a warehouse that is up to date into the tables of the former loader.

    Args:
        warehouse: synced by the present loader, `STREAMS` only.
    """
    states = {
        row["stream_name"]: json.loads(row["state_json"])["stream"]
        for row in warehouse.rows("select stream_name, state_json from stripe_raw._airbyte_state")
    }
    kept = (*STREAMS, "_stripe_saas_syncs", "_stripe_saas_sync_streams")
    warehouse.execute("create schema kept")
    for table in kept:
        warehouse.execute(f"create table kept.{table} as select * from stripe_raw.{table}")
    warehouse.execute("drop schema stripe_raw cascade")
    warehouse.execute("create schema stripe_raw")
    for table, columns in DEFINITIONS.items():
        warehouse.execute(f"create table stripe_raw.{table} ({columns})")
    for table in kept:
        names = ", ".join(
            f'"{row["column_name"]}"'
            for row in warehouse.rows(
                "select column_name from information_schema.columns "
                "where table_schema = 'stripe_raw' and table_name = ?",
                table,
            )
        )
        warehouse.execute(
            f"insert into stripe_raw.{table} ({names}) select {names} from kept.{table}"
        )
    for stream, state in states.items():
        described = {"name": stream, "namespace": None}
        message = {
            "type": "STREAM",
            "stream": {**state, "stream_descriptor": described},
            "global_": None,
            "data": None,
            "sourceStats": {"recordCount": 15.0, "rejectedRecordCount": None},
            "destinationStats": None,
        }
        warehouse.execute(
            "insert into stripe_raw._airbyte_state values (?, ?, ?, ?, current_timestamp)",
            "source-stripe-saas",
            stream,
            stream,
            json.dumps(message),
        )
    if warehouse.address.startswith("postgres"):
        warehouse.execute("create index customers_keys on stripe_raw.customers (id)")
    warehouse.execute("drop schema kept cascade")
