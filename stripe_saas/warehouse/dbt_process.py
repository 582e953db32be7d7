"""dbt's own command line, for a process of its own: `python -m` cannot start dbt by itself."""

from dbt.cli.main import cli

if __name__ == "__main__":
    cli()
