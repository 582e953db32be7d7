"""The CDK's standard suite wants its plugin loaded from here; see integration_tests/."""

pytest_plugins = ["airbyte_cdk.test.standard_tests.pytest_hooks"]
