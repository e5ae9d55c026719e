"""Tests of `service.manual`: the published document, and its pages."""
