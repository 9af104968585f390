"""Between partners: TAXII 2.1 server and client, statements, peers."""
