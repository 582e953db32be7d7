"""Syncs that run by themselves, one at a time a company, and go on after a kill."""
