"""The stream `subscription_events`: what it reads, how its rows are made, what its state remembers.

Lists and events go into a temporary store; when all of them are in, each subscription's facts are
taken out together and given to the rules in `mrr`, which know nothing of any of this.
"""
