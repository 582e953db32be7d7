"""What maintains the repository: generators of extracts, schemas and tables; none of it is shipped."""
