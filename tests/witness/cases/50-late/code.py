"""Claude Code in the newer dialect: two days are used by it and by the API, the bill of Claude Code's second is late."""
from cc import *
KEYS = [key("apikey_01A", "search-prod", "wrkspc_01A")]
WORKSPACES = [workspace("wrkspc_01A", "Search")]
ANN = dict(type="user_actor", user_id="user_01A", email_address="ann@example.com")
USES = [u for d in ("2026-11-24", "2026-11-25") for u in (
    use(d, 1000000, 100000, ws="wrkspc_01A", key="apikey_01A"),
    use(d, 2000000, 0, ws="wrkspc_01A", actor=ANN, account="user_01A", model=OPUS, product="claude_code", cents=None if d == "2026-11-25" else "list"))]
CLAUDE_CODE = {d: [row(d, "ann@example.com", model=OPUS)] for d in ("2026-11-24", "2026-11-25")}
