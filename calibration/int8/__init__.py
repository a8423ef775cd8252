"""INT8: what a network sees in a user's footage, which of its layers bear 8 bits, and whether the result is good."""
