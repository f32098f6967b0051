// A user, two identities and a session, as version 0.1.0 stored them, by the statements that it made its tables with.
import type { Document } from 'mongodb'
import { identityDigest } from '../../lib/stores/identities.js'
import { identityText } from '../../lib/stores/sql/shared.js'
import { identity, NOW, objectId } from '../../lib/testing/store-contract/support.js'

export const FIRST = identity('24601', { role: 'plain' })
export const SECOND = identity('madeleine', { role: 'mayor' })
export const [USER, SESSION, OTHER] = [objectId(1), objectId(10), objectId(2)]
/** The user's last login. */
export const LAST = NOW - 100

/** @param kind what differs between the two databases */
export function sqlOf1(t: string, indexes: string, id: string, position: string): string {
  const texts = [FIRST, SECOND].map((own) => `('${identityDigest(own)}', '${USER}', '${identityText(own)}')`)
  return `
CREATE TABLE ${t}schema_version (version integer PRIMARY KEY);
CREATE TABLE ${t}users (id ${id} PRIMARY KEY, type text NOT NULL, creation_date bigint NOT NULL,
  last_authentication_date bigint NOT NULL, disabled boolean NOT NULL);
CREATE TABLE ${t}identities (position ${position} PRIMARY KEY, key ${id} NOT NULL UNIQUE,
  user_id ${id} NOT NULL REFERENCES ${t}users ON DELETE CASCADE, identity text NOT NULL);
CREATE INDEX ${indexes}identities_by_user ON ${t}identities (user_id, position);
CREATE TABLE ${t}sessions (id ${id} PRIMARY KEY, user_id ${id} NOT NULL REFERENCES ${t}users ON DELETE CASCADE,
  device_id text NOT NULL, created_at bigint NOT NULL, expires_at bigint NOT NULL, generation bigint NOT NULL,
  rotated_at double precision NOT NULL);
CREATE INDEX ${indexes}sessions_by_user ON ${t}sessions (user_id);
CREATE INDEX ${indexes}sessions_by_end ON ${t}sessions (expires_at);
INSERT INTO ${t}schema_version (version) VALUES (1) ON CONFLICT DO NOTHING;
INSERT INTO ${t}users VALUES ('${USER}', 'normal', ${NOW - 1000}, ${LAST}, false), ('${OTHER}', 'normal', 0, 0, true);
INSERT INTO ${t}identities (key, user_id, identity) VALUES ${texts.join(', ')};
INSERT INTO ${t}sessions VALUES ('${SESSION}', '${USER}', '${objectId(0xdece)}', ${NOW - 50}, ${NOW + 3600}, 3, ${NOW - 20.5});
`
}

const date = (seconds: number): Date => new Date(seconds * 1000)
const dates = { creation_date: date(NOW - 1000), last_authentication_date: date(LAST) }

/** The unique index of the users. */
export const indexOf1 = { 'identities.provider_type': 1, 'identities.id': 1 } as const

export const documentsOf1: { auth_users: Document[]; auth_sessions: Document[] } = {
  auth_users: [
    { _id: USER, type: 'normal', identities: [FIRST, SECOND], ...dates, disabled: false, session_epoch: 'e' },
    // Without identities, and one as mongoimport made it.
    { _id: OTHER, type: 'normal', creation_date: date(0), last_authentication_date: date(0), disabled: true },
    {
      _id: objectId(3),
      type: 'normal',
      identities: [{ id: 'imported', provider_type: 'custom-token', provider_id: '5f0c' }],
      creation_date: 1,
      last_authentication_date: LAST,
    },
  ],
  auth_sessions: [
    {
      _id: SESSION,
      user_id: USER,
      user_epoch: 'e',
      device_id: objectId(0xdece),
      created_at: date(NOW - 50),
      expires_at: date(NOW + 3600),
      generation: 3,
      rotated_at: date(NOW - 20.5),
    },
    // Revoked, but not yet removed.
    {
      _id: objectId(11),
      user_id: USER,
      user_epoch: 'old',
      device_id: '',
      created_at: date(0),
      expires_at: date(NOW),
    },
  ],
}
