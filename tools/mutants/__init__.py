"""Small mistakes put into the code one by one -> those that no test notices.

`make mutants` runs it: see CONTRIBUTING.md.
"""
