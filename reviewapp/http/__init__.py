"""HTTP plumbing: errors, paging, bodies, who is asking."""
