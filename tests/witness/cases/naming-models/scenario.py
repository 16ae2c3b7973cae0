"""Models that usage and bill spell with and without their date."""
import os

from small import *

NEWER = bool(os.environ.get("NEWER"))
SHORT, NEW = "claude-haiku-4-5", "claude-quill-7"
SPELT = {SHORT: HAIKU, NEW + "-20261101": NEW}


def spelt(model, billed_as):
    """Half of the days are asked under one id, half under the other; the bill knows one."""
    return [u for day in days("2026-11-20", 8) for u in (
        use(day, 3000000, 0, ws="wrkspc_01A", key="apikey_01A", model=model, model_billed=billed_as, geo="not_available",
            billed={"uncached_input_tokens": "300"}),)]


USES = spelt(SHORT, HAIKU) + spelt(HAIKU, HAIKU) + spelt("claude-opus-4-6-20260205", "claude-opus-4-6") + spelt(NEW + "-20261101", NEW)
