-- The tables that grow with every message, cut by commune into hash partitions. For a province; a
-- commune does without. Run it once, with no server running, after `hocvuso db upgrade`:
--   psql --single-transaction -v ON_ERROR_STOP=1 -f deploy/postgresql/partitions.sql DATABASE
-- Names of constraints and indexes stay, so that later migrations find them. Rows that are there are
-- copied: that takes a while and twice the space. Every key begins with commune_id, so every query of a
-- commune reads one partition.
DO $$
DECLARE
    parts CONSTANT int := 32;
    cut text;
    made record;
    again text[];
BEGIN
    FOREACH cut IN ARRAY ARRAY['inbox', 'outbox', 'conversation_events', 'questions', 'completions'] LOOP
        again := ARRAY[]::text[];
        FOR made IN
            SELECT conname, pg_get_constraintdef(oid) AS definition
            FROM pg_constraint
            WHERE conrelid = cut::regclass AND contype IN ('p', 'u', 'c', 'f')
            ORDER BY contype = 'f'
        LOOP
            again := again || format('ALTER TABLE %I ADD CONSTRAINT %I %s', cut, made.conname, made.definition);
        END LOOP;
        FOR made IN
            SELECT pg_get_indexdef(indexrelid) AS definition
            FROM pg_index
            WHERE indrelid = cut::regclass
              AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = cut::regclass)
        LOOP
            again := again || made.definition;
        END LOOP;

        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING STORAGE) '
                       'PARTITION BY HASH (commune_id)', cut || '_cut', cut);
        FOR part IN 0 .. parts - 1 LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS %s, REMAINDER %s)',
                           cut || '_' || part, cut || '_cut', parts, part);
        END LOOP;
        EXECUTE format('INSERT INTO %I SELECT * FROM %I', cut || '_cut', cut);
        -- What refers to the table from others is taken off, and put on again afterwards.
        FOR made IN
            SELECT conrelid::regclass AS other, conname, pg_get_constraintdef(oid) AS definition
            FROM pg_constraint
            WHERE confrelid = cut::regclass AND conrelid <> cut::regclass AND contype = 'f' AND conparentid = 0
        LOOP
            EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', made.other, made.conname);
            again := again || format('ALTER TABLE %s ADD CONSTRAINT %I %s',
                                     made.other, made.conname, made.definition);
        END LOOP;
        EXECUTE format('DROP TABLE %I', cut);
        EXECUTE format('ALTER TABLE %I RENAME TO %I', cut || '_cut', cut);
        FOR part IN 1 .. cardinality(again) LOOP
            EXECUTE again[part];
        END LOOP;
    END LOOP;
END
$$;
