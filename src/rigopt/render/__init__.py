"""Answers for people: tables for a terminal, Markdown for a forum. Faces, no logic."""
