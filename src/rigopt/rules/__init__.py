"""Rules: stated once, checked, encoded and worded from the same statement."""
