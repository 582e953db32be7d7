"""Pages for people, rendered here; no script but our own files."""
