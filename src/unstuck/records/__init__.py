"""What was found, as frozen records; nothing alive is in them."""
