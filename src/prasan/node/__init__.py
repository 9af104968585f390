"""The only room that knows every room: settings, clock, randomness, wiring."""
