"""Tests of the months in whose tables signals lie."""
