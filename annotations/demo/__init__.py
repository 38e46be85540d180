"""The demo project: a bicycle shop's support assistant, two versions of it, and four people who review it."""
