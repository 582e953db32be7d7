"""The Airbyte protocol: commands on the command line, messages as lines of JSON."""
