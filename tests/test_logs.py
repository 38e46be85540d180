"""Log lines hold no secrets."""

from reviewapp.logs import hide_secrets


def test_tokens_and_invitation_links_are_blanked_out():
    event = {"event": "Not Found: /join/abc-DEF_1", "header": "Bearer rvw_0123456789ab_secret-1f2e3d4c", "status": 404}
    assert hide_secrets(None, "info", event) == {
        "event": "Not Found: /join/***",
        "header": "Bearer rvw_0123456789ab_***",
        "status": 404,
    }
