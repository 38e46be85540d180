"""Requests that go out: where they may go, what they may bring back, and for how long."""

import gzip
import socket
from ipaddress import ip_address

import pytest

from reviewapp.http.outgoing import Outgoing, OutgoingFailedError, OutgoingRefusedError
from reviewapp.http.outgoing_guard import check_url, checked_addresses, is_public, place_of
from tests.http.stub_server import stub_server


@pytest.fixture
def stub():
    with stub_server() as running:
        yield running


@pytest.fixture
def out():
    with Outgoing(max_answer_bytes=1000) as outgoing:
        yield outgoing


@pytest.fixture
def names(monkeypatch):
    """Names that resolve to what the test says, each look-up counted."""
    known, asked = {}, []

    def resolve(host, port, *kind, **more):
        asked.append(host)
        if host not in known:
            raise socket.gaierror("unknown")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[host]]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    known["asked"] = asked
    return known


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "::",
        "::1",
        "fe80::1",
        "fd00:ec2::254",
        "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
    ],
)
def test_addresses_of_private_networks_and_clouds_are_refused_however_they_are_written(settings, address):
    settings.OUTBOUND_ALLOW = []
    assert not is_public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(OutgoingRefusedError, match="not a public address"):
        check_url(f"https://{host}/")


@pytest.mark.parametrize("url", ["https://2130706433/", "https://0x7f.1/", "https://127.1/"])
def test_odd_spellings_of_an_address_end_where_they_lead(settings, url):
    settings.OUTBOUND_ALLOW = []
    with pytest.raises(OutgoingRefusedError, match="not a public address"):
        check_url(url)


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org", "file:///etc/passwd", "//example.org", "https://", "https://[x", "https://a b/", "nonsense"],
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(OutgoingRefusedError):
        check_url(url)


def test_an_address_with_a_password_in_it_is_refused():
    with pytest.raises(OutgoingRefusedError, match="name or password"):
        check_url("https://user:secret@example.org/")


def test_public_https_is_allowed_and_public_http_is_not(settings, names):
    settings.OUTBOUND_ALLOW = []
    names["hooks.example.org"] = ["93.184.215.14"]
    check_url("https://hooks.example.org/")
    with pytest.raises(OutgoingRefusedError, match="without encryption"):
        check_url("http://hooks.example.org/")
    with pytest.raises(OutgoingRefusedError, match="cannot be resolved"):
        check_url("https://nowhere.example.org/")
    check_url("https://nowhere.example.org/", must_resolve=False)
    names["hooks.example.org"] = ["93.184.215.14", "10.0.0.1"]
    with pytest.raises(OutgoingRefusedError, match="not a public address"):
        check_url("https://hooks.example.org/")


@pytest.mark.parametrize(
    ("entry", "url", "allowed"),
    [
        ("intern.example", "http://intern.example:81/", True),
        ("Intern.Example.", "http://intern.example./", True),
        ("intern.example:8080", "http://intern.example:8080/", True),
        ("intern.example:8080", "http://intern.example:81/", False),
        ("10.0.0.0/8", "http://intern.example/", True),
        ("10.0.0.1", "http://intern.example/", True),
        ("10.0.0.2", "https://intern.example/", False),
        ("other.example", "https://intern.example/", False),
        ("[fd00::1]:443", "https://intern.example/", False),
    ],
)
def test_an_operator_lists_hosts_ports_and_networks(settings, names, entry, url, allowed):
    settings.OUTBOUND_ALLOW = [entry]
    names["intern.example"] = names["intern.example."] = ["10.0.0.1"]
    if allowed:
        check_url(url)
        return
    with pytest.raises(OutgoingRefusedError):
        check_url(url)


def test_the_address_that_was_checked_is_the_one_that_is_called(settings, names, stub, out, monkeypatch):
    """A name is looked up once a connection; where it leads to later does not matter."""
    settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
    names["hooks.example.org"] = ["127.0.0.1"]
    url = stub.url.replace("127.0.0.1", "hooks.example.org")
    assert checked_addresses(place_of(url)) == ["127.0.0.1"]
    names["asked"].clear()
    names["127.0.0.1"] = ["127.0.0.1"]  # connecting to an address looks it up as well, and finds itself
    assert out.send("POST", url, content=b"{}").body == b"fine"
    assert names["asked"] == ["hooks.example.org", "127.0.0.1"]
    (_, headers, body), *_ = stub.got
    assert (headers["host"], body) == (url.split("/")[2], b"{}")
    settings.OUTBOUND_ALLOW = []
    with Outgoing() as fresh, pytest.raises(OutgoingRefusedError):
        fresh.send("POST", url, content=b"{}")
    assert len(stub.got) == 1


def test_redirects_are_answers(settings, stub, out):
    settings.OUTBOUND_ALLOW = [stub.host]
    stub.answer = lambda: (302, {"Location": "http://169.254.169.254/latest/meta-data"}, [])
    answer = out.send("GET", stub.url)
    assert (answer.status, answer.headers["location"]) == (302, "http://169.254.169.254/latest/meta-data")


def test_large_answers_are_cut_off_also_where_they_were_packed_small(settings, stub, out):
    settings.OUTBOUND_ALLOW = [stub.host]
    stub.answer = lambda: (200, {"Content-Encoding": "gzip"}, [gzip.compress(b"a" * 1001)])
    with pytest.raises(OutgoingFailedError, match="more than 1,000 bytes") as failed:
        out.send("GET", stub.url)
    assert failed.value.sent
    stub.answer = lambda: (200, {"Content-Encoding": "gzip"}, [b"no gzip"])
    with pytest.raises(OutgoingFailedError):
        out.send("GET", stub.url)


def test_a_server_that_drips_is_given_up_at_the_deadline(settings, stub, out):
    settings.OUTBOUND_ALLOW = [stub.host]
    stub.pause = 0.05
    stub.answer = lambda: (200, {}, [b"a"] * 100)
    with pytest.raises(OutgoingFailedError, match=r"did not answer within 0\.2 s") as failed:
        out.send("GET", stub.url, timeout_seconds=0.2)
    assert failed.value.sent


def test_what_was_never_sent_is_told_apart(settings, names, out):
    settings.OUTBOUND_ALLOW = ["127.0.0.1", "nowhere.example"]
    names["127.0.0.1"] = ["127.0.0.1"]
    for url in ("http://127.0.0.1:1/", "https://nowhere.example/"):
        with pytest.raises(OutgoingFailedError) as failed:
            out.send("GET", url)
        assert not failed.value.sent
