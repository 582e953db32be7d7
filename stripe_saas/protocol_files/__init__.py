"""What one command of the connector wrote -> the file that another one wants.

Airbyte's platform does this for its users; these are for whoever runs the connector by hand.
"""
