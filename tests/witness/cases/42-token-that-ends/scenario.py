from small import *
import json
SEEN = []
def respond(p, q, h):                 # a token ends after every fourth request; only the next one is taken then
    SEEN.append(p); number = 1 + (len(SEEN) - 1) // 5
    if h.get("authorization") != f"Bearer opaque-token-{number}":
        return 401, {"content-type": "application/json"}, json.dumps({"type": "error", "error": {"type": "authentication_error", "message": "OAuth token has expired."}}).encode()
