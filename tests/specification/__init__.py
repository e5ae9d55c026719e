"""The living specification: what the feature files promise, and whether it held when they were last run.

`plugin` records a run of pytest, and writes it down as Cucumber Messages and as one HTML page. `feature_files` and
`sentences` read what is promised, `names` what the service calls by name; the tests here hold these to their form.
"""
