"""The MRR rules read a simulated company and must come to the ledger that it kept itself."""
