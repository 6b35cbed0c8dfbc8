"""One self-contained page that says what was measured, on what, and how sure that is."""
