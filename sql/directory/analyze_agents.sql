ANALYZE directory.agents;
