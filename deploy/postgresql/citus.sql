-- The same schema over several machines with Citus: every table but communes is distributed by commune,
-- all of a commune's rows lie on one machine. For a country. Run it once on the coordinator, in a new
-- database, after `hocvuso db upgrade` and before the first server starts.
--
-- NOT RUN where this was written (no Citus there). A test checks what Citus asks of a schema: that every
-- primary key, unique constraint and reference carries commune_id, and that no table is missing here.
-- What still has to be changed in the program then: docs/scale.md, "A country".
CREATE EXTENSION IF NOT EXISTS citus;

SELECT create_reference_table('communes');

SELECT create_distributed_table('audit', 'commune_id');
SELECT create_distributed_table('erasures', 'commune_id');
SELECT create_distributed_table('job_runs', 'commune_id');
SELECT create_distributed_table('unlogged_counts', 'commune_id');
SELECT create_distributed_table('breaches', 'commune_id');
SELECT create_distributed_table('channel_tokens', 'commune_id');
SELECT create_distributed_table('daily_counts', 'commune_id');
SELECT create_distributed_table('monthly_counts', 'commune_id');
SELECT create_distributed_table('hamlets', 'commune_id');
SELECT create_distributed_table('plans', 'commune_id');
SELECT create_distributed_table('announcements', 'commune_id');
SELECT create_distributed_table('guide_versions', 'commune_id');
SELECT create_distributed_table('reports', 'commune_id');
SELECT create_distributed_table('report_forms', 'commune_id');
SELECT create_distributed_table('report_dates', 'commune_id');
SELECT create_distributed_table('target_measures', 'commune_id');
SELECT create_distributed_table('target_values', 'commune_id');
SELECT create_distributed_table('imports', 'commune_id');
SELECT create_distributed_table('api_keys', 'commune_id');
SELECT create_distributed_table('api_calls', 'commune_id');
SELECT create_distributed_table('staff_accounts', 'commune_id');
SELECT create_distributed_table('subject_requests', 'commune_id');
SELECT create_distributed_table('households', 'commune_id');
SELECT create_distributed_table('learners', 'commune_id');
SELECT create_distributed_table('staff_invitations', 'commune_id');
SELECT create_distributed_table('staff_sessions', 'commune_id');
SELECT create_distributed_table('channel_identities', 'commune_id');
SELECT create_distributed_table('completions', 'commune_id');
SELECT create_distributed_table('announcement_recipients', 'commune_id');
SELECT create_distributed_table('handoffs', 'commune_id');
SELECT create_distributed_table('questions', 'commune_id');
SELECT create_distributed_table('set_aside_questions', 'commune_id');
SELECT create_distributed_table('conversations', 'commune_id');
SELECT create_distributed_table('handoff_events', 'commune_id');
SELECT create_distributed_table('conversation_events', 'commune_id');
SELECT create_distributed_table('inbox', 'commune_id');
SELECT create_distributed_table('outbox', 'commune_id');
SELECT create_distributed_table('profiles', 'commune_id');
SELECT create_distributed_table('reminders', 'commune_id');
SELECT create_distributed_table('volunteers', 'commune_id');
SELECT create_distributed_table('class_notes', 'commune_id');
SELECT create_distributed_table('mentorships', 'commune_id');
SELECT create_distributed_table('attendances', 'commune_id');
