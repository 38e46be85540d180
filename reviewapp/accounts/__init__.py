"""People, projects, roles, invitations and tokens; who may do what."""
