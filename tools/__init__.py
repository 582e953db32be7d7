"""Generators of the repository's extracts, schemas and tables; none of this is shipped."""
