"""Models that follow small syncs of a moving company, beside models that are built whole."""
