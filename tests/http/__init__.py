"""Tests of `service.http`: each guard before a small application of the tests."""
