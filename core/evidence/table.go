package evidence

import "chengshu/kernel/db"

// Migrations returns the tables of this package, for db.Migrate.
func Migrations() []db.Migration {
	return []db.Migration{{Owner: "evidence", Version: 1, SQL: []string{
		// act is written once per transition of a case, so its row is narrow and
		// its indexes few. seq is the index of the act's leaf in the log, null
		// until the act is sealed; what is unsealed is a partial index and not a
		// cursor, because on PostgreSQL n does not follow the order of commits.
		// The columns beside body repeat it for searching; the monitor checks
		// that they agree.
		`create table act (
			n serial,
			seq bigint,
			id text collate "C",
			at bigint,
			verb text collate "C",
			subject_type text collate "C",
			subject_id text collate "C",
			actor text collate "C",
			salt bytea,
			body bytea)`,
		`create index act_subject on act (subject_id, n)`,
		`create index act_unsealed on act (n) where seq is null`,
		`create unique index act_seq on act (seq) where seq is not null`,

		// One row per sealed batch: size leaves from first_seq on were sealed at
		// that time.
		`create table evidence_seal (first_seq bigint primary key, size bigint, at bigint)`,

		// The one log that seals the acts of this database: id is 1.
		`create table evidence_log (id bigint primary key, origin text collate "C", key text collate "C")`,

		// Who read whose data: one row for each person an act of reading was about.
		`create table evidence_reading (
			n serial,
			act text collate "C",
			person text collate "C",
			type text collate "C",
			record text collate "C",
			at bigint,
			actor text collate "C",
			org text collate "C",
			purpose text,
			basis text,
			fields text)`,
		`create index evidence_reading_person on evidence_reading (person, n)`,
		`create index evidence_reading_act on evidence_reading (act, n)`,

		// What the monitor found wrong; seq is -1 and act empty where they do not apply.
		`create table evidence_alarm (
			n serial,
			at bigint,
			kind text collate "C",
			seq bigint,
			act text collate "C",
			detail text)`,
		`create unique index evidence_alarm_once on evidence_alarm (kind, seq, act)`,

		// The last checkpoint that the monitor found right: id is 1.
		`create table evidence_monitor (id bigint primary key, at bigint, checkpoint text)`,
	}}, {Owner: "evidence", Version: 2, SQL: []string{
		// Who has looked into an alarm, when, and what came of it; 0 and null until then.
		`alter table evidence_alarm add column acknowledged_at bigint not null default 0`,
		`alter table evidence_alarm add column acknowledged_by text collate "C"`,
		`alter table evidence_alarm add column note text`,
	}}}
}
