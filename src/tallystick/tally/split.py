"""Split: a whole amount in whole parts by weights, to the last one; without Arrow, for few amounts."""

from __future__ import annotations


def split(total: int, weights: list[int]) -> list[int]:
    """A whole amount in whole parts that sum to it, largest remainder first, then the earlier.

    Raises ValueError for a weight below zero, or none above.
    """
    weight_sum = sum(weights)
    if weight_sum <= 0 or min(weights) < 0:
        raise ValueError("weights must be whole numbers, none below zero, and not all zero")
    sign, total = (-1, -total) if total < 0 else (1, total)
    parts = [total * weight // weight_sum for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: -(total * weights[index] % weight_sum))
    for index in order[: total - sum(parts)]:
        parts[index] += 1
    return [sign * part for part in parts]
