"""The benchmarks, each a function from a `Context` to rows of the table."""
