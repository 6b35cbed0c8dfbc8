"""Protocols that make folds, measures, and what can honestly be said about them."""
