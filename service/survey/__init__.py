"""What is known beside the signals, kept up to date off the hot path.

- `holding`: who keeps stored signals from readers
- `survey`: which instruments there are, and how far a time is in the feed
"""
