"""Synthetic signing: a corpus that ships as code and is drawn from a seed."""
