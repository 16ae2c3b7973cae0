"""Page chain: which page of a query comes next, to the end that the API declares, and no page twice."""

from __future__ import annotations

from tallystick.api.page import Page, Query, content_of, next_token, strange

MOST_PAGES = 2_000
"""Pages of one query: two million rows of the newer dialect, more than an hour at its pace."""
MOST_EMPTY = 50
"""Pages in a row that hold nothing: some may, where deleted users are left out (analytics-api 1.9)."""


class PageChain:
    """The pages of one query; `following` asks for the next one, None at the end."""

    def __init__(self, query: Query) -> None:
        self.following: Query | None = query
        self._query = query
        self._tokens: set[str] = set()
        self._contents: set[bytes] = set()
        self._count = 0
        self._empty = 0

    def take(self, page: Page) -> Page:
        """Take the page that `following` asked for, and give it back.

        Raises UnexpectedResponse where the end cannot be trusted: more without a token, a token or a page seen before,
        too many pages, or too many in a row that hold nothing.
        """
        self._count += 1
        token = next_token(page, self._query.endpoint)
        if token or self._contents:  # an only page has none to be compared with
            content = content_of(page)
            self._empty = 0 if content else self._empty + 1
            if self._count > MOST_PAGES or self._empty > MOST_EMPTY:
                raise strange(page, f"{self._count:,} pages, the last {self._empty:,} of them empty, and no end")
            if content and content in self._contents:
                raise strange(page, f"the same page twice under two page tokens (page {self._count:,})")
            self._contents.add(content)
        if token in self._tokens:
            raise strange(page, f"the page token {token[:60]!r} twice, which would never end")
        self.following = None
        if token is not None:
            self._tokens.add(token)
            by_id = self._query.endpoint.paging == "id"
            self.following = self._query.having(("after_id" if by_id else "page", token))
        return page
