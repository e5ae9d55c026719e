"""The live feed: streams against a service that runs, over real connections."""
