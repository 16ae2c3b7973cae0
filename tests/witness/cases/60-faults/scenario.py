"""A small organization with something of each kind, for answers that are spoiled on their way (tests/faults)."""
from cc import *
WORKSPACES = [workspace("wrkspc_01A", "Search", tags={"team": "search"}), workspace("wrkspc_01B", "Support"), workspace("wrkspc_01C", "Labs", archived="2026-11-01T00:00:00Z")]
KEYS = [key("apikey_01A", "search-prod", "wrkspc_01A"), key("apikey_01B", "support-prod", "wrkspc_01B"), key("apikey_01C", "default-key", None)]
USES = [u for i, d in enumerate(days("2026-11-25", 4)) for u in (
    use(d, 1000000 + i, 100000, read=2000000, w5=50000, web=2, ws="wrkspc_01A", key="apikey_01A", requests=7),
    use(d, 300000, 20000 + 7 * i, ws="wrkspc_01B", key="apikey_01B", model=HAIKU, geo="not_available", requests=3),
    use(d, 40000, 3000, w1=9000, ws="wrkspc_01A", key="apikey_01A", tier="batch", product="message_batches_api", requests=2),
    use(d, 5000, 500, ws=None, key="apikey_01C", model=OPUS, requests=1),
    *(use(d, 1000, 100, ws="wrkspc_01B", model=model, account=id_, actor=dict(type="user_actor", user_id=id_, name=name, email_address=mail, deleted=False), product="claude_code", requests=4)
      for id_, name, mail, model in (("user_01A", "Ann", "ann@example.com", SONNET), ("user_01B", "Bob", "bob@example.com", OPUS))),
    use(d, 1000, 100, ws="wrkspc_01A", key="apikey_01A", product="claude_code", requests=1))]
COSTS = [cost(d, "12.5", ws="wrkspc_01A") for d in days("2026-11-25", 3)]
CLAUDE_CODE = {d: [row(d, "ann@example.com"), row(d, "bob@example.com", amount="75", model=OPUS), row(d, key="search-prod", amount="12")] for d in days("2026-11-25", 3)}
