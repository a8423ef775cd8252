"""Stages overlapped: small mailboxes between workers, streams side by side."""
