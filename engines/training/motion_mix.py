"""What synthetic people do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MotionMix:
    """What synthetic people do, and how much is known of them.

    Attributes:
        recorded: Share of sequences from recorded clips, of those sources that there are. Default: 0.5.
        procedural: Share of sequences from procedural clips. Default: 0.2.
        transitions: Share of sequences that are transitions between single poses. Default: 0.3.
        limb_exchange: How often limbs move as in another sequence; 1 is a quarter of the arms. Default: 0.7.
        tempo: Standard deviation of the logarithm of the tempo. Default: 0.2.
        jitter: Factor of the constant rotations that disturb all joints. Default: 0.6.
        bend: Factor of the constant bends of the spine. Default: 0.8.
        lean: Factor of how often people lean. Default: 0.6.
        lean_over_legs: Share of people who lean in any direction over legs that stay. Default: 0.35.
        noise: Factor of the detector's errors. Default: 0.75.
        tilt_known: Share of sequences whose camera knows the direction of gravity. Default: 0.5.
    """

    recorded: float = 0.5
    procedural: float = 0.2
    transitions: float = 0.3
    limb_exchange: float = 0.7
    tempo: float = 0.2
    jitter: float = 0.6
    bend: float = 0.8
    lean: float = 0.6
    lean_over_legs: float = 0.35
    noise: float = 0.75
    tilt_known: float = 0.5
