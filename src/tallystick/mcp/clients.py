"""Clients: the settings by which the usual clients start the server."""

from __future__ import annotations

import json
from shlex import join


def settings(command: list[str]) -> str:
    """Return what to paste, or to run, for each client; `command` starts the server."""
    program, *arguments = command
    server = {"command": program, "args": arguments}
    servers = json.dumps({"mcpServers": {"tallystick": server}}, indent=2, ensure_ascii=False)
    code = json.dumps({"servers": {"tallystick": {"type": "stdio", **server}}}, indent=2, ensure_ascii=False)
    return "\n\n".join(
        (
            f"Claude Code:\n\n{join(['claude', 'mcp', 'add', 'tallystick', '--', *command])}",
            f"Claude Desktop (claude_desktop_config.json), Cursor (.cursor/mcp.json), Windsurf:\n\n{servers}",
            f"VS Code (.vscode/mcp.json):\n\n{code}",
        )
    )
