"""The models on engines that are not installed with the project, against DuckDB row by row."""
