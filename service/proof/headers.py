"""The form of the signing headers."""

PRODUCER_ID_FORM = "[!-~]{1,64}"
