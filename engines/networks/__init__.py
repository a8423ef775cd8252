"""The networks, one family a file; torch modules whose state_dict is the published files'."""
