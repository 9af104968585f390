"""Documents: objects, views, partners, ledgers, users. One native store per database, one conformance suite for all."""
