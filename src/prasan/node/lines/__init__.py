"""The ways in and out: ports, pulls, bundles, foreign servers, the live relay."""
