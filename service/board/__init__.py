"""A page to look at what comes in.

- `minutes`: how many signals were stored in each minute
- `overview`: the figures that are not in the feed
- `pages`: the page and its files
"""
