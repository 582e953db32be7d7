"""The models after a small sync: brought up to date without dbt, in proportion to what changed."""
