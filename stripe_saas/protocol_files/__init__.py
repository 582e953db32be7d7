"""The connector as a process, its messages, and the files that its commands take.

What one command wrote becomes the file that another one wants: Airbyte's platform does this for its
users, and these are for people who run the connector by hand.
"""
