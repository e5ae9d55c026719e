"""Tests of the service, from the outside wherever it can be."""
