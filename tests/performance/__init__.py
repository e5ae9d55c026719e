"""How fast the service is, beside five others that store the same signals on the same machine."""
