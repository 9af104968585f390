"""The simulator: scripted exercise traffic, always marked as such."""
