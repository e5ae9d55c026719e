"""The commands for producers, run as they are installed, against the real service."""
