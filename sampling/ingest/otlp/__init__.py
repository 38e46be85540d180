"""Traces in: spans of the OpenTelemetry protocol, of which those that are calls of a chat model become items."""
