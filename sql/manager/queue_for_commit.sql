-- From here to its commit this transaction is alone: nobody else writes to the audit log.
SELECT manager.queue_for_commit();
