"""How a reply becomes output: the part that lives in the CDK's concurrent core."""
