"""What the sentences of the feature files do, one module for each word of the domain."""
