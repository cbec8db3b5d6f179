"""A recogniser as one file that runs without this package."""
