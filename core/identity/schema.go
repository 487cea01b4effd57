package identity

import "chengshu/kernel/db"

// Migrations returns the tables of this package, for db.Migrate.
func Migrations() []db.Migration {
	return []db.Migration{{Owner: "identity", Version: 1, SQL: []string{
		`create table identity_org (
			id text collate "C" primary key,
			parent text collate "C",
			path text collate "C",
			kind text collate "C",
			division text collate "C",
			name_zh text,
			name_en text,
			law_names text,
			closed_at bigint
		)`,
		`create unique index identity_org_path on identity_org (path)`,

		// One row; n counts the changes to identity_org, so that a process
		// learns cheaply that another one has changed the tree.
		`create table identity_tree (id bigint primary key, n bigint)`,
		`insert into identity_tree (id, n) values (1, 0)`,

		`create table identity_person (
			id text collate "C" primary key,
			name text,
			phone text collate "C",
			subject text collate "C",
			created_at bigint
		)`,
		`create unique index identity_person_subject on identity_person (subject) where subject is not null`,

		`create table identity_account (
			login text collate "C" primary key,
			person text collate "C",
			hash text,
			disabled boolean,
			demo boolean,
			created_at bigint,
			changed_at bigint
		)`,
		`create index identity_account_person on identity_account (person)`,

		`create table identity_post (
			id text collate "C" primary key,
			person text collate "C",
			org text collate "C",
			since bigint,
			until bigint
		)`,
		`create index identity_post_person on identity_post (person)`,
		`create index identity_post_org on identity_post (org)`,
		`create table identity_post_role (
			post text collate "C",
			role text collate "C",
			primary key (post, role)
		)`,
		`create index identity_post_role_role on identity_post_role (role, post)`,

		`create table identity_session (
			hash bytea primary key,
			id text collate "C",
			person text collate "C",
			login text collate "C",
			created_at bigint,
			seen_at bigint
		)`,
		`create index identity_session_person on identity_session (person)`,
		`create index identity_session_created on identity_session (created_at)`,

		`create table identity_client (
			id text collate "C" primary key,
			hash bytea,
			name text,
			person text collate "C",
			org text collate "C",
			roles text collate "C",
			created_at bigint,
			expires_at bigint,
			per_minute bigint,
			disabled boolean
		)`,
		`create unique index identity_client_hash on identity_client (hash)`,
		`create index identity_client_person on identity_client (person)`,

		// key is a digest: what somebody typed as a login may be a password.
		`create table identity_lock (
			key text collate "C" primary key,
			wrong bigint,
			first_at bigint,
			until_at bigint
		)`,
		`create index identity_lock_first on identity_lock (first_at)`,
	}}, {Owner: "identity", Version: 2, SQL: []string{
		// Browsers from which accounts have signed in; hash is that of the token they keep.
		`create table identity_device (
			hash bytea,
			login text collate "C",
			seen_at bigint,
			primary key (hash, login)
		)`,
		`create index identity_device_login on identity_device (login, seen_at)`,
		`create index identity_device_seen on identity_device (seen_at)`,
	}}, {Owner: "identity", Version: 3, SQL: []string{
		// A client that signs has public_key (PEM) and no hash; used_on is the
		// day in Shanghai of the last use that was noted.
		`alter table identity_client add column public_key text`,
		`alter table identity_client add column used_on text`,
		`create index identity_client_org on identity_client (org, id)`,

		// What was signed in requests that were taken, while it could be shown again.
		`create table identity_signature (hash bytea primary key, until bigint)`,
		`create index identity_signature_until on identity_signature (until)`,
	}}}
}
