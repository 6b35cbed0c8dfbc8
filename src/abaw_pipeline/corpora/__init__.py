"""Parsers of corpora: one module a layout, all giving the same listing of clips."""
