"""Who may read what: tokens of readers, and how far they reach.

- `scope`: what a reader may see; pure
"""
