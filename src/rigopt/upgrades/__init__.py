"""Rigs over time and over people: room for later parts, owned parts, plans in stages, teams."""
