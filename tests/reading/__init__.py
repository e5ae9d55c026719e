"""How signals come out."""
