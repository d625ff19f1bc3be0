"""What to do about a message: guard, triage, understand, and one file of Actions per intent family."""
