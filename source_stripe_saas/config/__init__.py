"""A config -> settings, and the files that belong to the connector."""
