from small import *
ANN = dict(type="user_actor", user_id="user_01A", name="Ann", email_address="ann@example.com", deleted=False)
USES = [u for d in days("2026-11-20", 8) for u in (
    use(d, 1500000, ws="wrkspc_01A", key="apikey_01A"),
    use(d, 1000000, ws="wrkspc_01B", actor=ANN, product="claude_code"))]
