DELETE FROM manager.approved_removals;
