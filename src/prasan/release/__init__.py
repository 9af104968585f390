"""Who may know, and why: accord, policy, decide, render, explain. Pure."""
