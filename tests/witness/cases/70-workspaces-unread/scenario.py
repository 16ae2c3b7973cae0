"""The list of workspaces cannot be read: FAULT says why; SCOPE: keys tell their workspace by its real id too."""
import json
import os

from stand import *

FAULT, SCOPE = os.environ.get("FAULT", ""), os.environ.get("SCOPE", "")


def scoped(key, workspace="wrkspc_01Default"):
    return key | ({"scope": {"type": "workspace", "workspace_id": workspace}} if SCOPE else {})


WORKSPACES = [workspace("wrkspc_01A", "Search"), workspace("wrkspc_01B", "Support")]
KEYS = [
    scoped(key("apikey_01A", "search-prod", "wrkspc_01A"), "wrkspc_01A"),
    scoped(key("apikey_01B", "support-prod", "wrkspc_01B"), "wrkspc_01B"),
    scoped(key("apikey_01D", "misc", None)),
]
USES = [u for d in days("2026-11-20", 8) for u in (
    use(d, 1000000, 100000, ws="wrkspc_01A", key="apikey_01A"),
    use(d, 300000, 20000, ws="wrkspc_01B", key="apikey_01B", model=HAIKU),
    use(d, 1000000, 0, ws=None, key="apikey_01D"))]


def respond(path, query, headers):
    if FAULT == "refused" and path.endswith("/workspaces"):
        error = {"type": "error", "error": {"type": "permission_error", "message": "Missing required scopes."}}
        return 403, {"content-type": "application/json"}, json.dumps(error).encode()
    return None


def mutate(path, query, body):
    if path.endswith("/workspaces"):
        if FAULT == "null data":
            return body | {"data": None}
        if FAULT == "null id":  # of the first entry, which is the default workspace where that is asked for
            return body | {"data": [body["data"][0] | {"id": None}, *body["data"][1:]]}
        if FAULT == "null ids":
            return body | {"data": [entry | {"id": None} for entry in body["data"]]}
    return body
