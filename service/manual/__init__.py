"""The published API: a document for programs, and pages for people.

- `explanations`: every refusal explained to the producer who got it
- `headers`, `shapes`, `specimens`: what the document shows of headers, answers, examples
- `openapi`: the OpenAPI document
- `pages`: the documentation that the service itself serves
"""
