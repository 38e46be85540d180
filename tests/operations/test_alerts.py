"""Alerts: told once to every channel, signed as Standard Webhooks has it, tried again, and over when it is over."""

import hmac
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from reviewapp.accounts.models import ProjectSecret
from reviewapp.alerts.deliver import RETRY_AFTER, deliver_alert
from reviewapp.alerts.models import Alert, AlertChannel, Delivery
from reviewapp.alerts.raise_alert import end_alert, list_alerts, raise_alert
from reviewapp.audit.models import AuditEvent
from reviewapp.jobs.models import Intent
from sampling.operations.budgets import list_spending, watch_budget
from tests.http.stub_server import stub_server
from tests.sampling.lines import item, ndjson

URL = "/p/helpdesk/settings/alerts"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture
def stub(settings):
    with stub_server() as running:
        settings.OUTBOUND_ALLOW = [running.host]
        yield running


@pytest.fixture
def lea(cast, project, browser_of):
    return browser_of(cast.lea)


def deliver(now=NOW):
    """Do what is due, as a worker would."""
    for intent in Intent.objects.filter(kind="deliver_alert", done_at__isnull=True, run_after__lte=now):
        with transaction.atomic():
            Intent.objects.filter(pk=intent.pk).update(leased_until=now)
            deliver_alert(intent.payload, now)
            Intent.objects.filter(pk=intent.pk, run_after=intent.run_after).update(done_at=now)
            Intent.objects.filter(pk=intent.pk).update(leased_until=None)


def tell(project, text="Something changed.", key="a", now=NOW):
    return raise_alert(project, kind="drift", key=key, text=text, path="/p/helpdesk/operations", now=now)


def test_a_webhook_is_told_once_with_a_signature_that_its_receiver_can_check(project, lea, stub):
    page = lea.post(f"{URL}/add", {"kind": "webhook", "target": stub.url}).content.decode()
    secret = page.partition('aria-label="The secret">')[2].partition("<")[0]
    assert secret.startswith("whsec_")
    assert secret not in lea.get(URL).content.decode()
    assert secret[6:].encode() not in bytes(ProjectSecret.objects.get().data)
    assert [tell(project), tell(project), tell(project)] == [True, False, False]
    assert Alert.objects.get().times == 3
    deliver()
    deliver()
    ((_, headers, body),) = stub.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = b64encode(hmac.digest(b64decode(secret[6:]), signed, "sha256")).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert int(headers["webhook-timestamp"]) == NOW.timestamp()
    sent = orjson.loads(body)
    assert (sent["type"], sent["data"]["text"], sent["data"]["kind"]) == ("alert.raised", "Something changed.", "drift")
    assert sent["data"]["url"].endswith("/p/helpdesk/operations")
    assert b"Last alert arrived" in lea.get(URL).content
    assert [end_alert(project.pk, kind="drift", key="a", now=NOW) for _ in range(2)] == [True, False]
    assert tell(project)
    assert (len(list_alerts(project.pk)), len(list_alerts(project.pk, open_only=True))) == (2, 1)


def test_what_does_not_arrive_is_tried_again_and_given_up_in_the_end(project, lea, stub):
    lea.post(f"{URL}/add", {"kind": "webhook", "target": stub.url})
    stub.answer = lambda: (500, {}, [b"no"])
    tell(project)
    now, ids = NOW, set()
    for wait in RETRY_AFTER:
        deliver(now)
        delivery = Delivery.objects.get()
        assert (delivery.last_error, delivery.failed_at) == ("It answered 500.", None)
        assert Intent.objects.get().run_after == now + wait
        now += wait
    assert b"is tried again: It answered 500." in lea.get(URL).content
    deliver(now)
    assert Delivery.objects.get().failed_at == now
    ids = {headers["webhook-id"] for _, headers, _ in stub.got}
    assert (len(stub.got), len(ids)) == (len(RETRY_AFTER) + 1, 1)  # the receiver can tell a repetition
    assert b"did not arrive: It answered 500." in lea.get(URL).content


def test_a_receiver_that_is_gone_hears_no_more(project, lea, stub):
    lea.post(f"{URL}/add", {"kind": "webhook", "target": stub.url, "secret": "whsec_" + b64encode(b"k" * 32).decode()})
    stub.answer = lambda: (410, {}, [])
    tell(project)
    deliver()
    assert AlertChannel.objects.get().ended_at == NOW
    assert b"410" in lea.get(URL).content
    tell(project, key="b")
    deliver()
    assert len(stub.got) == 1


def test_mail_arrives_where_there_is_a_mail_server(project, lea, settings):
    lea.post(f"{URL}/add", {"kind": "email", "target": "ops@example.org"})
    channel = AlertChannel.objects.get()
    settings.MAIL_IS_SET = False
    lea.post(f"{URL}/{channel.pk}/test")
    deliver(datetime.now(UTC))
    page = lea.get(URL).content
    assert b"sets EMAIL_HOST" in page
    assert b"Last test did not arrive" in page
    settings.MAIL_IS_SET = True
    tell(project, text="Output texts\nhave changed.")
    deliver(datetime.now(UTC))
    (message,) = mail.outbox
    assert (message.to, message.subject) == (["ops@example.org"], "[Helpdesk] Output texts have changed.")
    assert "/p/helpdesk/operations" in message.body
    assert "ops@" not in repr(list(AuditEvent.objects.values("detail")))
    lea.post(f"{URL}/{channel.pk}/remove")
    assert not AlertChannel.objects.filter(ended_at__isnull=True).exists()
    assert lea.post(f"{URL}/{channel.pk}/test").status_code == 404


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"kind": "webhook", "target": "https://169.254.169.254/"}, "not a public address"),
        ({"kind": "webhook", "target": "nonsense"}, "whole web address"),
        ({"kind": "webhook", "target": "https://93.184.215.14/", "secret": "short"}, "in base64"),
        ({"kind": "email", "target": "nobody"}, "not an e-mail address"),
        ({"kind": "pigeon", "target": "x"}, ""),
    ],
)
def test_what_cannot_be_a_channel_is_refused_at_its_place(lea, form, said):
    answer = lea.post(f"{URL}/add", form)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not AlertChannel.objects.exists()


def test_the_same_channel_is_added_once(lea):
    form = {"kind": "email", "target": "ops@example.org"}
    assert [lea.post(f"{URL}/add", form).status_code for _ in range(2)] == [302, 409]


def test_budgets_tell_at_four_fifths_and_at_all_of_it_and_are_over_with_the_day(cast, project, lea, api_of):
    client = api_of(cast.lea)

    def spend(name, cost, at):
        line = ndjson(item(name, cost_usd=cost, occurred_at=at.isoformat()))
        client.post("/projects/helpdesk/items", line, content_type="application/x-ndjson")

    assert lea.post(f"{URL}/budget", {"daily_usd": "much"}).status_code == 422
    assert lea.post(f"{URL}/budget", {"daily_usd": "-1"}).status_code == 422
    assert lea.post(f"{URL}/budget", {"daily_usd": "1,50"}).status_code == 422
    lea.post(f"{URL}/budget", {"daily_usd": "$10", "monthly_usd": "1,000"})
    now = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    spend("a", 7.9, now - timedelta(hours=13))
    spend("b", 7.9, now - timedelta(hours=1))
    watch_budget(project, now=now)
    assert not Alert.objects.exists()
    spend("c", 0.2, now - timedelta(hours=2))
    for _ in range(2):
        watch_budget(project, now=now)
    assert list(Alert.objects.values_list("key", "severity")) == [("day 0.8", "warning")]
    assert Alert.objects.get().text.startswith("81% of the budget for")
    spend("d", 2, now - timedelta(hours=3))
    watch_budget(project, now=now)
    assert set(Alert.objects.values_list("key", "severity")) == {("day 0.8", "warning"), ("day 1", "critical")}
    day, month = list_spending(project.pk, now=now)
    assert (day.spent, day.expected) == (pytest.approx(10.1), pytest.approx(20.2))
    assert month.limit == 1000
    watch_budget(project, now=now + timedelta(days=1))
    assert not Alert.objects.filter(over_at__isnull=True).exists()
    lea.post(f"{URL}/budget", {})
    assert list_spending(project.pk, now=now) == []


def test_a_budget_that_is_spent_again_the_next_day_is_told_again(project, cast, lea, api_of):
    lea.post(f"{URL}/budget", {"daily_usd": "10"})
    night = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for days in (1, 0):
        at = (night - timedelta(days=days)).isoformat()
        api_of(cast.lea).post(
            "/projects/helpdesk/items", {"items": [item(f"batch {days}", cost_usd=20, occurred_at=at)]}
        )
        watch_budget(project, now=night - timedelta(days=days) + timedelta(minutes=30))
    assert Alert.objects.filter(key="day 1").count() == 2
    assert Alert.objects.filter(over_at=None).count() == 2


def test_the_page_needs_no_more_statements_for_more_alerts(project, lea):
    counts = []
    for many in (1, 15):
        for number in range(many):
            tell(project, key=f"{many}.{number}")
        with CaptureQueriesContext(connection) as queries:
            assert lea.get(URL).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 10
