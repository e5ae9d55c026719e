"""The signers of docs/signing, run as a producer's developer would run them."""
