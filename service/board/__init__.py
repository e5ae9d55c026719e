"""A page to look at what comes in.

- `pages`: the page and its files
"""
