"""The published API: a document for programs, and pages for people.

- `answers`: answers and refusals as the document describes them
- `deciding`: the operations of those who decide
- `explanations`: every refusal explained to the producer who got it
- `headers`, `schemas`, `shapes`, `specimens`: what the document shows of headers, bodies, answers, examples
- `openapi`: the OpenAPI document
- `pages`: the documentation that the service itself serves
- `reading`: the operations of those who read
"""
