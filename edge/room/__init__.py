"""Several calibrated cameras in one room: people matched across views, and one body for each in the room's frame."""
