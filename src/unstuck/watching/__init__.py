"""What frameworks share in seeing a script's trainings."""
