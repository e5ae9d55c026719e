"""The producers' client against the real service, mishaps on the way included."""
