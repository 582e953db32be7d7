"""A config made into settings, and the files that the connector brings along."""
