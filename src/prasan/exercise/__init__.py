"""The simulator: a scripted exercise, drawn traffic with its truth, and the score of events against it."""
