"""Closing months: the figures that were reported stay, with a copy of the rows behind them."""
