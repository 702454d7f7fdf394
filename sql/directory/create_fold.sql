-- Empty tables like the live ones, in a schema of the replay's own.
CREATE SCHEMA {fold};
CREATE TABLE {fold}.agents (LIKE directory.agents INCLUDING ALL);
CREATE TABLE {fold}.groups (LIKE directory.groups INCLUDING ALL);
CREATE TABLE {fold}.group_membership (LIKE directory.group_membership INCLUDING ALL);
CREATE TABLE {fold}.pending_membership (LIKE directory.pending_membership INCLUDING ALL);
CREATE TABLE {fold}.missing_groups (LIKE directory.missing_groups INCLUDING ALL);
CREATE TABLE {fold}.group_history (LIKE directory.group_history INCLUDING ALL);
CREATE TABLE {fold}.agent_history (LIKE directory.agent_history INCLUDING ALL);
CREATE TABLE {fold}.membership_history (LIKE directory.membership_history INCLUDING ALL);
CREATE TABLE {fold}.findings (LIKE directory.findings INCLUDING ALL);
CREATE TABLE {fold}.sync_days (LIKE directory.sync_days INCLUDING ALL);
CREATE TABLE {fold}.sync_plans (LIKE directory.sync_plans INCLUDING ALL);
CREATE TABLE {fold}.sync_decisions (LIKE directory.sync_decisions INCLUDING ALL);
CREATE TABLE {fold}.sync_attempts (LIKE directory.sync_attempts INCLUDING ALL);
CREATE TABLE {fold}.pending_history (LIKE directory.pending_history INCLUDING ALL);
CREATE TABLE {fold}.rows_before (LIKE directory.rows_before INCLUDING ALL);
