"""How fast it goes and how old frames get: clocks, traces, metrics, and what a person sees of a run."""
