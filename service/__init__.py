"""Signals: takes trading signals, proves who sent them, and stores them for good before it answers."""

__version__ = "1.0.0"
