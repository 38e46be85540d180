"""The API of this stage; `add_routers` puts it on the API object."""
