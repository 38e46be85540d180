"""The ground: settings, people and projects, audit, HTTP plumbing, embedded servers, statistics."""
