"""The pages and the HTTP doors."""
