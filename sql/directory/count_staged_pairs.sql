SELECT pairs FROM staged_digest;
