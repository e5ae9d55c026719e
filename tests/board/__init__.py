"""The board: its files, its figures, and the page in a real browser."""
