"""Tests of `service.wire`: the transport before a socket, and what clients can make it keep."""
