"""Tests of `service.operate`: what the service tells about itself, and how it leaves."""
