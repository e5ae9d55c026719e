"""Runs every example of every feature file against the real service."""

from pytest_bdd import scenarios

from tests.specification.feature_files import FEATURES

scenarios(str(FEATURES))
