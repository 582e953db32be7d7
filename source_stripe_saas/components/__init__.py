"""What the manifest names: one small class a file, for what YAML cannot say."""
