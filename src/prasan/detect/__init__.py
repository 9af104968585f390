"""What it means: pure kernels on columns, one file per kind."""
