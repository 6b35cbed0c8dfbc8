"""Judges any video with the systems of a study: tables, pages, annotated videos."""
