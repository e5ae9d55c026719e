"""Documents and code tell the same story.

- `delivery`: the documents that are written from the reports of a test run
- `generated`: the parts of docs/ that are written from the code
- `section`: marked sections, written anew by those who measure
"""
