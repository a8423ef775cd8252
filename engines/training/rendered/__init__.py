"""People rendered from the open body, with exact annotations."""
