"""Server: the tools, resources and prompts over one ledger, by the official SDK."""

from __future__ import annotations

from typing import Any

import mcp_types as types
from mcp.server import Server, ServerRequestContext
from mcp.shared.exceptions import MCPError

from tallystick import __version__
from tallystick.errors import InvalidQuestion, TallystickError
from tallystick.mcp.listing import TOOLS
from tallystick.mcp.prompts import PROMPTS, RULE, Prompt
from tallystick.mcp.reply import SCHEMA, as_text, reply
from tallystick.mcp.resources import PAGES
from tallystick.mcp.tool import FULL, Tool
from tallystick.web.application import Dashboard
from tallystick.web.paths import without_folders
from tallystick.web.tokens import LOCAL, Identity

INSTRUCTIONS = (
    "Questions about an organization's Claude bill. Days are UTC days; since and until are included. Money is exact "
    "US dollars. A command in a text, as `tallystick owners`, is a tool or a report of `ask`; `variance` is `why`, "
    f"`budget` is `budgets`. {RULE}"
)
READS = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
Context = ServerRequestContext[Any, Any]


def server(dashboard: Dashboard, owner: Identity = LOCAL) -> Server[Any]:
    """Return the server whose questions the dashboard's readers answer, held to the teams of who asks.

    Who asks is whom the token names, where requests come by HTTP; else the `owner` of the process.
    """
    handlers = Handlers(dashboard, owner)
    return Server(
        "tallystick",
        version=__version__,
        instructions=INSTRUCTIONS,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_read_resource=handlers.read_resource,
        on_list_prompts=handlers.list_prompts,
        on_get_prompt=handlers.get_prompt,
    )


class Handlers:
    """What answers each kind of request."""

    def __init__(self, dashboard: Dashboard, owner: Identity) -> None:
        self._dashboard = dashboard
        self._owner = owner

    async def list_tools(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        """Answer every tool."""
        return types.ListToolsResult(tools=described())

    async def call_tool(self, context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Answer a call: an answer, or why there is none, which a model can mend."""
        tool = next((tool for tool in TOOLS if tool.name == params.name), None)
        if tool is None:
            raise _unknown("tool", params.name)
        arguments = params.arguments or {}
        try:
            address = tool.address(arguments)
            visit = self._dashboard.readers.visit()
        except TallystickError as wrong:
            return _refused(without_folders(wrong, self._dashboard.readers.settings.ledger))
        answer = await self._dashboard.answer(_identity(context) or self._owner, visit, address)
        if isinstance(answer, TallystickError):
            return _refused(answer)
        content = reply(address.report, answer, full=arguments.get(FULL) is True)
        text = types.TextContent(type="text", text=as_text(content))
        return types.CallToolResult(content=[text], structured_content=content)

    async def list_resources(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        """Answer every resource."""
        pages = [
            types.Resource(uri=page.uri, name=page.name, description=page.about, mime_type="text/plain")
            for page in PAGES
        ]
        return types.ListResourcesResult(resources=pages)

    async def read_resource(self, _: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """Answer the text of a resource."""
        page = next((page for page in PAGES if page.uri == str(params.uri)), None)
        if page is None:
            raise _unknown("resource", str(params.uri))
        text = types.TextResourceContents(uri=page.uri, mime_type="text/plain", text=page.text())
        return types.ReadResourceResult(contents=[text])

    async def list_prompts(self, _: Context, __: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        """Answer every prompt."""
        return types.ListPromptsResult(prompts=[_described(prompt) for prompt in PROMPTS])

    async def get_prompt(self, _: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        """Answer a prompt with its arguments in it."""
        prompt = next((prompt for prompt in PROMPTS if prompt.name == params.name), None)
        if prompt is None:
            raise _unknown("prompt", params.name)
        try:
            text = prompt.message(dict(params.arguments or {}))
        except InvalidQuestion as wrong:
            raise MCPError(types.INVALID_PARAMS, str(wrong)) from None
        message = types.PromptMessage(role="user", content=types.TextContent(type="text", text=text))
        return types.GetPromptResult(description=prompt.about, messages=[message])


def described() -> list[types.Tool]:
    """Return every tool as it is told to a model."""
    return [_tool(tool) for tool in TOOLS]


def _identity(context: Context) -> Identity | None:
    """Whom the token of a request names; None where it did not come by HTTP."""
    return context.request.state.identity if context.request is not None else None


def _tool(tool: Tool) -> types.Tool:
    return types.Tool(
        name=tool.name, description=tool.about, input_schema=tool.schema, output_schema=SCHEMA, annotations=READS
    )


def _described(prompt: Prompt) -> types.Prompt:
    arguments = [
        types.PromptArgument(name=name, description=about, required=False)
        for name, (about, _) in prompt.arguments.items()
    ]
    return types.Prompt(name=prompt.name, description=prompt.about, arguments=arguments)


def _refused(wrong: TallystickError) -> types.CallToolResult:
    text = "\n".join(filter(None, (wrong.what, wrong.hint)))
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)


def _unknown(kind: str, name: str) -> MCPError:
    return MCPError(types.INVALID_PARAMS, f"There is no {kind} {name!r}.")
