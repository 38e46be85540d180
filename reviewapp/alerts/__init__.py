"""Alerts: what somebody should hear of, told once to e-mail addresses and webhooks."""
