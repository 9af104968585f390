"""A node over time: founded, tended, backed up, restored, and rid of what it may keep no longer."""
