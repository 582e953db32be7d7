"""The connector's lines, taken by a reader that stalls now and then as a database does."""
