"""The actions of provisioning, one file each: input, result and handler."""
