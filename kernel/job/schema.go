package job

import "chengshu/kernel/db"

// Migrations returns the tables of this package, for db.Migrate.
//
// attempts counts beginnings, the present one included. again asks for one more
// run after the one under way. resume is what Checkpoint kept. Times are in ms.
func Migrations() []db.Migration {
	return []db.Migration{{Owner: "job", Version: 1, SQL: []string{
		`create table job (
			id text collate "C" primary key,
			kind text collate "C",
			lane text collate "C",
			priority bigint,
			payload text,
			unique_key text collate "C",
			state text collate "C",
			run_at bigint,
			attempts bigint,
			max_attempts bigint,
			lease_by text,
			lease_until bigint,
			again boolean,
			cancel boolean,
			done bigint,
			total bigint,
			note text,
			resume text,
			last_error text,
			created_at bigint,
			finished_at bigint
		)`,
		`create index job_claim on job (lane, priority, run_at) where state = 'waiting'`,
		`create index job_due on job (run_at) where state = 'scheduled'`,
		`create unique index job_unique on job (kind, unique_key)
			where unique_key is not null and state in ('scheduled', 'waiting', 'running')`,
		`create index job_list on job (state, kind, id)`,
		`create index job_finished on job (finished_at) where finished_at is not null and state <> 'dead'`,
	}}}
}
