from small import *
import json
SEEN = {}
def respond(p, q, h):                 # the first answer of each report is an error under 200, or is cut off
    n = SEEN[p] = SEEN.get(p, 0) + 1
    if p.endswith("analytics/cost") and n == 1: return 200, {"content-type": "application/json"}, b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_stand"}'
    if p.endswith("analytics/usage") and n == 1: return 200, {"content-type": "application/json"}, b'{"data":[{"starting_at":"2026-11-20T00:00:00Z"'
