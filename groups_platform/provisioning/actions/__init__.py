"""The actions of provisioning: an action is a file, with what is wanted, what comes of it, and the handler."""
