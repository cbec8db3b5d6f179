"""Pictures of what was recognised, and why."""
