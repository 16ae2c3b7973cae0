import os

from small import *

NEWER = bool(os.environ.get("NEWER"))
COSTS = [cost(d, "125", type="web_fetch", text="Web Fetch Usage", ws="wrkspc_01A") for d in days("2026-11-20", 8)]
COSTS += [cost("2026-11-22", "900", type="fine_tuning", text="Fine-tuning")]
COSTS += [cost("2026-11-23", "77", type="tokens", text="Day cache", ws="wrkspc_01A", model=SONNET,
               token_type="cache_creation.ephemeral_24h_input_tokens", service_tier="standard",
               context_window="0-200k", inference_geo="global")]
