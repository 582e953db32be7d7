"""How the connector is spoken to: the Airbyte protocol on the command line, as lines of JSON."""
