"""Stand-ins for services, each written from the public documentation of its API.

A stand-in knows who may ask (`opens`), answers page by page as the service does, and refuses as the service does.
What it is asked and what it holds is data: `wanted` are the rows that a first run brings, `newer` those of a second
run that only asks for what changed.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import unquote

from integrations.domain import Json
from integrations.tests.n8n.conftest import Reply, Request

TOKEN = "s3cret-t0ken"


def bearer(token: str = TOKEN) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def basic(user: str, password: str = TOKEN) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class StandIn:
    slug: ClassVar[str]
    documentation: ClassVar[str]
    """What the public documentation calls the API."""
    credential: ClassVar[Json] = {"token": TOKEN}
    opens: ClassVar[dict[str, str]] = bearer()
    config: ClassVar[Json]
    address: ClassVar[str] = "base_url"
    wanted: ClassVar[list[Json]]
    changing: ClassVar[Json | None] = {"incremental": True}
    """The settings that ask for changes only; None where the service cannot tell."""
    newer: ClassVar[list[Json]] = []
    refusal: ClassVar[Reply] = Reply({"message": "Bad credentials"}, 401)
    busy: ClassVar[Reply] = Reply({"message": "slow down"}, 429, {"Retry-After": "0"})

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.busy_times = 0
        self.url = ""

    def __call__(self, request: Request) -> Reply:
        self.requests.append(request)
        if any(request.headers.get(name) != value for name, value in self.opens.items()):
            return self.refusal
        if self.busy_times:
            self.busy_times -= 1
            return self.busy
        return self.answer(request)

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError


def page_of(rows: Sequence[Any], number: int, size: int = 2) -> Sequence[Any]:
    return rows[(number - 1) * size : number * size]


def since(rows: Sequence[Json], field: str, value: str | None) -> list[Json]:
    return [row for row in rows if value is None or row[field] >= value]


ISSUES = [{"id": n, "title": f"Íssue {n}", "updated_at": f"2026-01-0{n}T00:00:00Z"} for n in range(1, 6)]


class Github(StandIn):
    slug, documentation = "github", "the GitHub REST API"
    config = {"owner": "ann", "repository": "s.h-op", "resource": "issues"}
    wanted, newer = ISSUES, ISSUES[4:]
    refusal = Reply({"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}, 401)
    busy = Reply({"message": "API rate limit exceeded"}, 403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"})

    def answer(self, request: Request) -> Reply:
        assert request.headers["x-github-api-version"] == "2022-11-28"
        if request.path != "/repos/ann/s.h-op/issues":
            return Reply({"message": "Not Found"}, 404)
        number, asked = int(request.query.get("page", "1")), request.query.get("since")
        found = since(ISSUES, "updated_at", asked)
        here = f"{self.url}{request.path}?per_page=100&page={number + 1}" + (f"&since={asked}" if asked else "")
        more = {"Link": f'<{here}>; rel="next", <{here}>; rel="last"'} if number * 2 < len(found) else {}
        return Reply(page_of(found, number), headers=more)


class Gitlab(Github):
    slug, documentation = "gitlab", "the GitLab REST API"
    config = {"project": "group/sub/shop"}
    busy = Reply({"message": "Too many requests"}, 429, {"Retry-After": "1"})

    def answer(self, request: Request) -> Reply:
        if unquote(request.path) != "/api/v4/projects/group/sub/shop/issues" or "%2F" not in request.path:
            return Reply({"message": "404 Project Not Found"}, 404)
        number, asked = int(request.query.get("page", "1")), request.query.get("updated_after")
        found = since(ISSUES, "updated_at", asked)
        here = f"{self.url}{request.path}?page={number + 1}" + (f"&updated_after={asked}" if asked else "")
        more = {"Link": f'<{here}>; rel="next"'} if number * 2 < len(found) else {}
        return Reply(page_of(found, number), headers=more)


CHARGES = [{"id": f"ch_{n}", "created": 1_700_000_000 + n, "amount": n * 100} for n in range(5, 0, -1)]


class Stripe(StandIn):
    slug, documentation = "stripe", "the Stripe API"
    credential, opens = {"token": "rk_" + TOKEN}, bearer("rk_" + TOKEN)
    config = {"resource": "charges"}
    wanted, newer = CHARGES, CHARGES[:1]
    refusal = Reply({"error": {"type": "invalid_request_error", "message": "Invalid API Key provided: rk_***"}}, 401)
    busy = Reply({"error": {"code": "rate_limit", "message": "Too many requests"}}, 429, {"Retry-After": "0"})

    def answer(self, request: Request) -> Reply:
        assert (request.path, request.query["limit"]) == ("/v1/charges", "100")
        # The newest come first, as in Stripe's lists.
        found = [row for row in CHARGES if row["created"] >= int(request.query.get("created[gte]", "0"))]
        after = request.query.get("starting_after")
        begin = [row["id"] for row in found].index(after) + 1 if after else 0
        return Reply({"object": "list", "data": found[begin : begin + 2], "has_more": begin + 2 < len(found)})


CONTACTS = [
    {
        "id": str(n),
        "properties": {"email": f"{n}@example.com"},
        "createdAt": "2026-01-01T00:00:00.000Z",
        "updatedAt": f"2026-01-0{n}T00:00:00.000Z",
        "archived": False,
    }
    for n in range(1, 6)
]
CONTACT_ROWS = [{**{k: v for k, v in row.items() if k != "properties"}, **row["properties"]} for row in CONTACTS]


class Hubspot(StandIn):
    slug, documentation = "hubspot", "the HubSpot CRM API"
    config = {"object": "contacts", "properties": ["email"]}
    wanted, newer = CONTACT_ROWS, CONTACT_ROWS[4:]
    refusal = Reply({"status": "error", "message": "Authentication credentials not found.", "category": "X"}, 401)

    def answer(self, request: Request) -> Reply:
        if request.method == "POST":
            return self.search(json.loads(request.body))
        assert (request.path, request.query["properties"]) == ("/crm/v3/objects/contacts", "email")
        return self.page(CONTACTS, int(request.query.get("after", "0")))

    def search(self, asked: Json) -> Reply:
        filters = [each for group in asked["filterGroups"] for each in group["filters"]]
        found = CONTACTS
        if filters:
            assert (filters[0]["propertyName"], filters[0]["operator"]) == ("lastmodifieddate", "GTE")
            found = [row for row in CONTACTS if int(filters[0]["value"]) <= milliseconds(row["updatedAt"])]
        return self.page(found, int(asked.get("after", "0")))

    def page(self, found: Sequence[Json], begin: int) -> Reply:
        more = {"paging": {"next": {"after": str(begin + 2)}}} if begin + 2 < len(found) else {}
        return Reply({"results": found[begin : begin + 2], **more})


def milliseconds(moment: str) -> int:
    from datetime import datetime  # noqa: PLC0415

    return int(datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() * 1000)


TASKS = [
    {"id": str(n), "key": f"SHOP-{n}", "fields": {"summary": f"Do {n}", "updated": f"2026-01-0{n}T10:00:00.000+0000"}}
    for n in range(1, 4)
]
TASK_ROWS = [{"id": row["id"], "key": row["key"], **row["fields"]} for row in TASKS]


class Jira(StandIn):
    slug, documentation = "jira", "the Jira Cloud REST API"
    credential = {"email": "ann@example.com", "token": TOKEN}
    opens = basic("ann@example.com")
    config = {"jql": "project = SHOP", "fields": ["summary"]}
    changing = {"incremental": True, "fields": ["summary", "updated"]}
    wanted = [{name: row[name] for name in ("id", "key", "summary")} for row in TASK_ROWS]
    newer = TASK_ROWS[2:]
    refusal = Reply("Client must be authenticated to access this resource.", 401)

    def answer(self, request: Request) -> Reply:
        assert request.path == "/rest/api/3/search/jql"
        jql, wanted = request.query["jql"], request.query["fields"].split(",")
        if "project = SHOP" not in jql:
            return Reply({"errorMessages": ["Error in the JQL Query."], "errors": {}}, 400)
        assert jql.endswith(" ORDER BY updated ASC")
        found = TASKS[2:] if re.match(r"\(project = SHOP\) AND updated >= -\d+m ", jql) else TASKS
        begin = int(request.query.get("nextPageToken", "0"))
        rows = [{**row, "fields": {name: row["fields"][name] for name in wanted}} for row in found[begin : begin + 2]]
        is_last = begin + 2 >= len(found)
        return Reply({"issues": rows, "isLast": is_last, **({} if is_last else {"nextPageToken": str(begin + 2)})})


def notion_page(n: int) -> Json:
    words = [{"plain_text": f"Page {n}"}, {"plain_text": " of all"}]
    return {
        "id": f"page-{n}",
        "url": f"https://www.notion.so/{n}",
        "created_time": "2026-01-01T00:00:00.000Z",
        "last_edited_time": f"2026-01-0{n}T00:00:00.000Z",
        "properties": {
            "Name": {"type": "title", "title": words},
            "Done": {"type": "checkbox", "checkbox": True},
            "Kind": {"type": "select", "select": {"id": "x", "name": "A", "color": "red"}},
            "Tags": {"type": "multi_select", "multi_select": [{"name": "a"}, {"name": "b"}]},
            "Due": {"type": "date", "date": {"start": "2026-02-01", "end": None}},
            "Who": {"type": "people", "people": [{"id": "u1", "name": "Ann"}]},
            "Sum": {"type": "formula", "formula": {"type": "number", "number": n}},
            "Up": {"type": "relation", "relation": [{"id": "page-9"}]},
            "Roll": {"type": "rollup", "rollup": {"type": "array", "array": [{"type": "number", "number": 1}]}},
            "None": {"type": "select", "select": None},
        },
    }


def notion_row(n: int) -> Json:
    page = notion_page(n)
    plain = {"Name": f"Page {n} of all", "Done": True, "Kind": "A", "Tags": ["a", "b"], "Due": "2026-02-01"}
    more = {"Who": ["Ann"], "Sum": n, "Up": ["page-9"], "Roll": [1], "None": None}
    return {name: value for name, value in page.items() if name != "properties"} | plain | more


class Notion(StandIn):
    slug, documentation = "notion", "the Notion API"
    config = {"database": "668d797c76fa49349b05ad288df2d136"}
    wanted, newer = [notion_row(n) for n in range(1, 4)], [notion_row(3)]
    refusal = Reply({"object": "error", "status": 401, "code": "unauthorized", "message": "API token is invalid."}, 401)

    def answer(self, request: Request) -> Reply:
        asked = json.loads(request.body)
        assert (request.method, request.headers["notion-version"]) == ("POST", "2022-06-28")
        assert request.path == f"/v1/databases/{self.config['database']}/query"
        found = [notion_page(n) for n in range(1, 4)]
        if "filter" in asked:
            assert asked["filter"]["timestamp"] == "last_edited_time"
            found = since(found, "last_edited_time", asked["filter"]["last_edited_time"]["on_or_after"])
        begin = int(asked.get("start_cursor", "0"))
        has_more = begin + 2 < len(found)
        following = str(begin + 2) if has_more else None
        return Reply({"results": found[begin : begin + 2], "has_more": has_more, "next_cursor": following})


RECORDS = [
    {"id": f"rec{n}", "createdTime": "2026-01-01T00:00:00.000Z", "fields": {"Name": f"R{n}", "Edited": f"2026-01-0{n}"}}
    for n in range(1, 6)
]
RECORD_ROWS = [{"id": row["id"], "created_time": row["createdTime"], **row["fields"]} for row in RECORDS]


class Airtable(StandIn):
    slug, documentation = "airtable", "the Airtable Web API"
    config = {"base": "appZy1", "table": "Custom ers/2", "formula": "{Name} != ''"}
    changing = {"modified_field": "Edited"}
    wanted, newer = RECORD_ROWS, RECORD_ROWS[4:]
    refusal = Reply({"error": {"type": "AUTHENTICATION_REQUIRED", "message": "Authentication required"}}, 401)
    busy = Reply(
        {"errors": [{"error": "RATE_LIMIT_REACHED", "message": "Rate limit exceeded."}]}, 429, {"Retry-After": "0"}
    )

    def answer(self, request: Request) -> Reply:
        assert unquote(request.path) == "/v0/appZy1/Custom ers/2" and "%2F" in request.path
        formula, found = request.query["filterByFormula"], RECORDS
        if changed := re.fullmatch(r"AND\(\{Name\} != '', NOT\(IS_BEFORE\(\{Edited\}, '([^']+)'\)\)\)", formula):
            found = [row for row in RECORDS if row["fields"]["Edited"] >= changed[1]]
        else:
            assert formula == "{Name} != ''"
        begin = int(request.query.get("offset", "itr/0").removeprefix("itr/"))
        more = {"offset": f"itr/{begin + 2}"} if begin + 2 < len(found) else {}
        return Reply({"records": found[begin : begin + 2], **more})


ORDERS = [{"id": 5_000_000_000_000 + n, "updated_at": f"2026-01-0{n}T00:00:00-05:00"} for n in range(1, 6)]


class Shopify(StandIn):
    slug, documentation = "shopify", "the Shopify Admin REST API"
    opens = {"x-shopify-access-token": TOKEN}
    config = {"resource": "orders"}
    wanted, newer = ORDERS, ORDERS[4:]
    refusal = Reply({"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401)
    busy = Reply({"errors": "Exceeded 2 calls per second for api client."}, 429, {"Retry-After": "1.0"})

    def answer(self, request: Request) -> Reply:
        assert request.path == "/admin/api/2026-07/orders.json"
        told = request.query.get("page_info")
        # With page_info Shopify takes no filter: the page remembers it.
        assert not told or set(request.query) == {"limit", "page_info"}
        begin, asked = json.loads(base64.b64decode(told)) if told else (0, request.query.get("updated_at_min"))
        found = since(ORDERS, "updated_at", asked)
        following = base64.b64encode(json.dumps([begin + 2, asked]).encode()).decode()
        link = f'<{self.url}{request.path}?limit=250&page_info={following}>; rel="next"'
        return Reply({"orders": found[begin : begin + 2]}, headers={"Link": link} if begin + 2 < len(found) else {})


TICKETS = [{"id": n, "subject": f"Help {n}", "status": "open"} for n in range(1, 6)]


class Zendesk(StandIn):
    slug, documentation = "zendesk", "Zendesk's incremental export API"
    credential = {"user": "ann@example.com/token", "token": TOKEN}
    opens = basic("ann@example.com/token")
    config = {"resource": "tickets"}
    wanted, newer = TICKETS, []
    refusal = Reply({"error": "Couldn't authenticate you"}, 401)

    def answer(self, request: Request) -> Reply:
        assert request.path == "/api/v2/incremental/tickets/cursor.json"
        assert ("cursor" in request.query) != ("start_time" in request.query)
        begin = int(request.query.get("cursor", "0"))
        end = min(begin + 2, len(TICKETS))
        after = f"{self.url}{request.path}?cursor={end}"
        told = {"after_cursor": str(end), "after_url": after, "end_of_stream": end == len(TICKETS)}
        return Reply({"tickets": TICKETS[begin:end], **told})


ACCOUNTS = [
    {
        "attributes": {"type": "Account", "url": f"/services/data/v62.0/sobjects/Account/{n}"},
        "Id": f"001{n}",
        "Name": f"Ac=me & {n}",
        "Owner": {"attributes": {"type": "User"}, "Name": "Ann"},
        "SystemModstamp": f"2026-01-0{n}T00:00:00.000+0000",
    }
    for n in range(1, 4)
]
ACCOUNT_ROWS = [
    {"Id": row["Id"], "Name": row["Name"], "Owner": {"Name": "Ann"}, "SystemModstamp": row["SystemModstamp"]}
    for row in ACCOUNTS
]
OBJECT = {
    "type": "object",
    "object": "Account",
    "fields": ["Id", "Name", "Owner.Name", "SystemModstamp"],
    "where": "a = 'x'",
}


class Salesforce(StandIn):
    slug, documentation = "salesforce", "the Salesforce REST API"
    credential = {"auth": {"type": "person"}, "oauth2": {"access_token": TOKEN, "token_type": "Bearer"}}
    config = {"source": OBJECT}
    changing = {"source": {**OBJECT, "incremental": True}}
    wanted, newer = ACCOUNT_ROWS, ACCOUNT_ROWS[2:]
    refusal = Reply([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}], 401)
    busy = Reply([{"message": "Server is too busy", "errorCode": "SERVER_UNAVAILABLE"}], 503, {"Retry-After": "0"})

    def answer(self, request: Request) -> Reply:
        if request.path == "/services/data/v62.0/query/01gRO-2":
            return Reply({"done": True, "totalSize": 3, "records": ACCOUNTS[2:]})
        assert request.path == "/services/data/v62.0/query"
        query = request.query["q"]
        if "SystemModstamp >= 2026-01-03T00:00:00.000Z ORDER BY SystemModstamp" in query:
            return Reply({"done": True, "totalSize": 1, "records": ACCOUNTS[2:]})
        wanted = "SELECT Id, Name, Owner.Name, SystemModstamp FROM Account WHERE (a = 'x')"
        if query.removesuffix(" ORDER BY SystemModstamp") != wanted:
            return Reply([{"message": f"unexpected token: {query}", "errorCode": "MALFORMED_QUERY"}], 400)
        following = "/services/data/v62.0/query/01gRO-2"
        return Reply({"done": False, "totalSize": 3, "nextRecordsUrl": following, "records": ACCOUNTS[:2]})


class GoogleSheets(StandIn):
    slug, documentation = "google_sheets", "the Google Sheets API"
    credential = {"oauth2": {"access_token": TOKEN, "token_type": "Bearer"}}
    config = {"spreadsheet": "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms", "range": "Or ders!A1:D"}
    changing = None
    wanted = [{"id": 1, "name": "Ann", "C": None, "name_D": "x"}, {"id": 2, "name": None, "C": 1.5, "name_D": None}]
    refusal = Reply({"error": {"code": 401, "message": "Invalid Credentials", "status": "UNAUTHENTICATED"}}, 401)
    busy = Reply({"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}, 429)

    def answer(self, request: Request) -> Reply:
        assert unquote(request.path) == f"/v4/spreadsheets/{self.config['spreadsheet']}/values/Or ders!A1:D"
        # Sheets leaves out empty cells at the end of a row.
        values = [["id", "name", "", "name"], [1, "Ann", "", "x"], [2, "", 1.5]]
        return Reply({"range": "Orders!A1:D3", "majorDimension": "ROWS", "values": values})


class SlackMessage(StandIn):
    slug, documentation = "slack_message", "the Slack Web API"
    credential, opens = {"token": "xoxb-" + TOKEN}, bearer("xoxb-" + TOKEN)
    config = {"channel": "C01", "text": '={{ 40+2 }} "quoted" *bold*\nsecond ünï'}
    changing = None
    wanted = [{"channel": "C01", "ts": "1503435956.000247", "text": config["text"]}]
    refusal = Reply({"ok": False, "error": "invalid_auth"})
    busy = Reply({"ok": False, "error": "ratelimited"}, 429, {"Retry-After": "0"})

    def answer(self, request: Request) -> Reply:
        asked = json.loads(request.body)
        assert (request.method, request.path) == ("POST", "/chat.postMessage")
        if asked["channel"] != "C01":
            return Reply({"ok": False, "error": "channel_not_found"})
        message = {"type": "message", "text": asked["text"]}
        return Reply({"ok": True, "channel": "C01", "ts": "1503435956.000247", "message": message})


class Graphql(StandIn):
    slug, documentation = "graphql", "GraphQL and Relay's connections"
    credential = {"auth": {"type": "bearer", "token": TOKEN}}
    config = {
        "query": "query($after: String, $state: S) { orders(after: $after) { edges { node { id } } pageInfo { x } } }",
        "variables": {"state": "={{ 1 }}"},
        "records_path": "shop.orders.edges",
        "page_info_path": "shop.orders.pageInfo",
    }
    address = "url"
    changing = None
    wanted = [{"id": n} for n in range(5)]
    refusal = Reply({"errors": [{"message": "Not signed in"}]}, 401)

    def answer(self, request: Request) -> Reply:
        asked = json.loads(request.body)
        assert asked["query"] == self.config["query"]
        assert asked["variables"]["state"] == "={{ 1 }}"
        begin = int(asked["variables"].get("after", "c0")[1:])
        edges = [{"node": row, "cursor": "x"} for row in self.wanted[begin : begin + 2]]
        info = {"hasNextPage": begin + 2 < len(self.wanted), "endCursor": f"c{begin + 2}"}
        return Reply({"data": {"shop": {"orders": {"edges": edges, "pageInfo": info}}}})


ALL: list[type[StandIn]] = [
    *(Github, Gitlab, Stripe, Hubspot, Jira, Notion, Airtable, Shopify, Zendesk, Salesforce, GoogleSheets),
    *(SlackMessage, Graphql),
]
