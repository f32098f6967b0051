import { sqlTexts } from './shared.js'

const USER_COLUMNS = 'id, type, creation_date, last_authentication_date, disabled'

/**
 * The statements of the PostgreSQL store. The parts of one statement see the database as it was when it began; only a
 * row that the statement locks or changes is seen as it is then. So each verb first locks the user or session that it
 * is about, and decides by that row.
 * @param schema a valid name, in lower case
 */
export function postgresTexts(schema: string) {
  const t = `"${schema}".`
  const { agedIdentities, ...shared } = sqlTexts({
    tables: t,
    indexes: '',
    id: 'text COLLATE "C"',
    position: 'bigint GENERATED ALWAYS AS IDENTITY',
    identityCount: ', identity_count integer NOT NULL',
    keep: 'FOR KEY SHARE',
    skipLocked: 'FOR UPDATE SKIP LOCKED',
  })
  return {
    ...shared,

    findSchema: `SELECT to_regclass('${t}schema_version') IS NOT NULL AS there`,

    // One message with several statements is one transaction. The lock makes simultaneous ones wait for each other.
    createSchema: `
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SELECT pg_advisory_xact_lock(hashtextextended('custom-jwt-auth', 0));
DO $$ BEGIN
  IF to_regnamespace('"${schema}"') IS NULL THEN CREATE SCHEMA "${schema}"; END IF;
END $$;
DO $$ BEGIN
  IF to_regclass('${t}schema_version') IS NOT NULL THEN
    IF (SELECT max(version) FROM ${t}schema_version) = 1 THEN
      ${migrateFrom1(t, agedIdentities)}
    END IF;
  END IF;
END $$;
${shared.schema}`,

    // No row: there is no user, and $4 is null or was not free. What is blocked has a row of its own.
    signIn: `
WITH blocked AS (
  SELECT key FROM ${t}blocks WHERE key = $1
), found AS (
  UPDATE ${t}users u
  SET last_authentication_date = CASE WHEN u.disabled THEN u.last_authentication_date ELSE $3::bigint END
  FROM ${t}identities i WHERE i.key = $1 AND u.id = i.user_id AND NOT EXISTS (SELECT FROM blocked)
  RETURNING u.*
), refreshed AS (
  UPDATE ${t}identities i SET issued_at = greatest(i.issued_at, $5::double precision),
    identity = CASE WHEN i.issued_at <= $5::double precision THEN $2 ELSE i.identity END
  FROM found f WHERE i.key = $1 AND NOT f.disabled
  RETURNING i.key, i.identity
), created AS (
  INSERT INTO ${t}users (${USER_COLUMNS}, identity_count)
  SELECT $4::text, 'normal', $3::bigint, $3::bigint, false, 1
  WHERE $4::text IS NOT NULL AND NOT EXISTS (SELECT FROM found) AND NOT EXISTS (SELECT FROM blocked)
  ON CONFLICT DO NOTHING
  RETURNING *
), owned AS (
  INSERT INTO ${t}identities (key, user_id, identity, issued_at) SELECT $1, id, $2, $5 FROM created
)
SELECT ${USER_COLUMNS}, false AS blocked, false AS created, (
  SELECT string_agg(coalesce(r.identity, i.identity), ',' ORDER BY i.position)
  FROM ${t}identities i LEFT JOIN refreshed r ON r.key = i.key WHERE i.user_id = f.id
) AS identities FROM found f
UNION ALL
SELECT ${USER_COLUMNS}, false, true, $2 FROM created
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, true, false, NULL FROM blocked`,

    // Whether the id is another's. Not by the user who has the identity: then that user was created a moment ago.
    isIdTaken: `
SELECT EXISTS (SELECT FROM ${t}users WHERE id = $1)
  AND NOT EXISTS (SELECT FROM ${t}identities WHERE key = $2) AS taken`,

    // The count is a column of the locked row, since identities that came while it was waited for are not seen.
    linkIdentity: `
WITH locked AS (
  SELECT ${USER_COLUMNS}, identity_count FROM ${t}users WHERE id = $1 FOR NO KEY UPDATE
), linked AS (
  INSERT INTO ${t}identities AS i (key, user_id, identity, issued_at) SELECT $2, id, $3, $5 FROM locked
  WHERE identity_count < $4::integer OR EXISTS (SELECT FROM ${t}identities o WHERE o.key = $2 AND o.user_id = $1)
  ON CONFLICT (key) DO UPDATE SET issued_at = greatest(i.issued_at, excluded.issued_at),
    identity = CASE WHEN i.issued_at <= excluded.issued_at THEN excluded.identity ELSE i.identity END
  WHERE i.user_id = excluded.user_id
  RETURNING user_id, identity, xmax = 0 AS is_new
), counted AS (
  UPDATE ${t}users u SET identity_count = u.identity_count + 1 FROM linked l WHERE u.id = l.user_id AND l.is_new
)
SELECT ${USER_COLUMNS}, (SELECT identity FROM linked) AS linked, identity_count >= $4::integer AS full, (
  SELECT string_agg(i.identity, ',' ORDER BY i.position) FROM ${t}identities i WHERE i.user_id = l.id
) AS identities FROM locked l`,

    unlinkIdentity: `
WITH locked AS (
  SELECT id FROM ${t}users WHERE id = $1 AND identity_count > 1 FOR NO KEY UPDATE
), unlinked AS (
  DELETE FROM ${t}identities i USING locked l WHERE i.key = $2 AND i.user_id = l.id RETURNING i.user_id
)
UPDATE ${t}users u SET identity_count = u.identity_count - 1 FROM unlinked x WHERE u.id = x.user_id`,

    // Rows for those who were not added. A user or identity that comes meanwhile is a unique violation: repeated.
    importUsers: `
WITH given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::boolean[], $9::integer[])
    AS g (${USER_COLUMNS}, identity_count)
), given_identities AS (
  SELECT * FROM unnest($6::text[], $7::text[], $8::text[]) WITH ORDINALITY AS g (key, user_id, identity, place)
), refused AS (
  SELECT id, 'known' AS outcome FROM given WHERE EXISTS (SELECT FROM ${t}users u WHERE u.id = given.id)
  UNION ALL
  SELECT DISTINCT g.user_id, 'taken' FROM given_identities g
  WHERE EXISTS (SELECT FROM ${t}identities i WHERE i.key = g.key)
    AND NOT EXISTS (SELECT FROM ${t}users u WHERE u.id = g.user_id)
), added AS (
  INSERT INTO ${t}users (${USER_COLUMNS}, identity_count)
  SELECT ${USER_COLUMNS}, identity_count FROM given WHERE id NOT IN (SELECT id FROM refused)
  RETURNING id
), owned AS (
  INSERT INTO ${t}identities (key, user_id, identity, issued_at)
  SELECT i.key, i.user_id, i.identity, g.last_authentication_date FROM given_identities i JOIN given g ON g.id = i.user_id
  WHERE i.user_id IN (SELECT id FROM added) ORDER BY i.place
)
SELECT id, outcome FROM refused`,

    // With the number of sessions that the user had before.
    createSession: `
WITH created AS (${shared.createSession} RETURNING id)
SELECT (
  SELECT count(*) FROM ${t}identities i JOIN ${t}sessions s ON s.identity_key = i.key WHERE i.user_id = $2
)::integer AS others FROM created`,

    rotateSession: `
WITH locked AS (
  SELECT id, generation, CASE
    WHEN generation = $2 THEN 'rotated'
    WHEN generation - 1 = $2 AND $3::double precision <= rotated_at + $4::double precision THEN 'current'
    ELSE 'reused'
  END AS outcome
  FROM ${t}sessions WHERE id = $1 FOR UPDATE
), rotated AS (
  UPDATE ${t}sessions s SET generation = s.generation + 1, rotated_at = $3::double precision
  FROM locked l WHERE s.id = l.id AND l.outcome = 'rotated'
), ended AS (
  DELETE FROM ${t}sessions s USING locked l WHERE s.id = l.id AND l.outcome = 'reused'
)
SELECT outcome FROM locked`,
  }
}

/** The statements that make the tables of version 1 into those of version 2, in place, as other roles have rights to them. */
function migrateFrom1(t: string, agedIdentities: string): string {
  // Nobody wrote down what a session began with: it is taken for the user's first identity.
  return `
ALTER TABLE ${t}users ADD COLUMN identity_count integer NOT NULL DEFAULT 0;
UPDATE ${t}users u SET identity_count = (SELECT count(*) FROM ${t}identities i WHERE i.user_id = u.id);
ALTER TABLE ${t}users ALTER COLUMN identity_count DROP DEFAULT;
ALTER TABLE ${t}identities ADD COLUMN issued_at double precision NOT NULL DEFAULT 0;
${agedIdentities};
ALTER TABLE ${t}sessions
  ADD COLUMN position bigint,
  ADD COLUMN identity_key text COLLATE "C" REFERENCES ${t}identities (key) ON DELETE CASCADE;
UPDATE ${t}sessions s SET position = o.place, identity_key =
  (SELECT i.key FROM ${t}identities i WHERE i.user_id = s.user_id ORDER BY i.position LIMIT 1)
  FROM (SELECT id, row_number() OVER (ORDER BY created_at, id) AS place FROM ${t}sessions) o WHERE o.id = s.id;
DELETE FROM ${t}sessions WHERE identity_key IS NULL;
ALTER TABLE ${t}sessions
  DROP CONSTRAINT sessions_pkey,
  DROP COLUMN user_id,
  ALTER COLUMN identity_key SET NOT NULL,
  ALTER COLUMN position SET NOT NULL,
  ADD PRIMARY KEY (position),
  ADD CONSTRAINT sessions_id_key UNIQUE (id);
ALTER TABLE ${t}sessions ALTER COLUMN position ADD GENERATED ALWAYS AS IDENTITY;
PERFORM setval(pg_get_serial_sequence('${t}sessions', 'position'),
  (SELECT coalesce(max(position), 0) + 1 FROM ${t}sessions), false);
`
}
