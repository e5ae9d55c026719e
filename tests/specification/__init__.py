"""The living specification: what the feature files promise, and whether it held when they were last run.

`plugin` records a run of pytest, and writes it down as Cucumber Messages and as one HTML page.
"""
