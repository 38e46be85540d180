"""What tests of shadow mode share: where it is asked, and how items, decisions and labels come in."""

from tests.sampling.lines import ndjson

URL = "/projects/helpdesk/shadow"
NDJSON = {"content_type": "application/x-ndjson"}
WORDS = ("refund", "deny", "ask")


def send(client, path, rows):
    assert client.post(f"/projects/helpdesk/{path}", ndjson(*rows), **NDJSON)["rejected"] == 0
