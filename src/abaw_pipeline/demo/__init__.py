"""The embedded corpus: synthetic people whose faces and voices move with seven emotions."""
