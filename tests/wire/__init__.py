"""Tests of `service.wire`: the transport before a socket, answers, and what clients can make it keep."""
