ANALYZE agents;
