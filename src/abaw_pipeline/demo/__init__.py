"""The embedded corpus: synthetic people whose voices move with seven emotions."""
