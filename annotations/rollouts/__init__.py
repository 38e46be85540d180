"""Rollouts: gates fixed beforehand, evidence frozen, sign-off by two, and the stage a serving system asks for."""
