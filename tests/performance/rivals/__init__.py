"""The rivals of the benchmark that are written in Python. Each is the best ordinary version of itself."""
