"""Old months go into files, and may come back.

- `archiving`: a month is closed, written, compared, and only then dropped
- `errors`: what operators are refused
- `extent`: what a table holds of a month, and how old it is
- `files`: compressed lines that are on disk before they have their name
- `folder`: what lies in the folder of a month
- `restoring`: a month is put back as it was
- `retention`: a service archives by itself what is old enough
- `statement`: the statements of all that
"""
