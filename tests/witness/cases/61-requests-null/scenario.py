from small import *
def mutate(p, q, b):
    """The newer dialect does not say how many requests the rows of 24 November stand for; null is allowed there."""
    for r in b.get("data", []) if p.endswith("analytics/usage") else []:
        if r["starting_at"].startswith("2026-11-24"): r["usage"]["requests"] = None
    return b
