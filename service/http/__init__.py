"""What is asked of every request, whatever it is about.

- `answers`: the one JSON shape of a refusal, its log line and its count
- `body_limit`: reads a body, and not more of it than allowed
- `errors`: what is refused for the way it is asked
- `exact_path`: a published path has one spelling
- `headers`: the headers as they arrived
- `json_only`: the content types that are taken
- `own_path`: a path that is one route's alone
- `ration`: so much a second and no more
- `request_context`: request id, closing log line, metric, and an answer whatever happens
- `shapes`: what a refusal looks like, for the published document
- `strict_json`: JSON read so that nothing is lost on the way to `jsonb`
"""
