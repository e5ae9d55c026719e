"""Tests of `service.proof`: what is signed, who is believed, and what those are told who are not."""
