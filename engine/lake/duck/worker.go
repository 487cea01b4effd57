package duck

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	_ "github.com/duckdb/duckdb-go/v2" // the driver "duckdb"

	"chengshu/engine/lake/worker"
)

// workerName is what workers of this package are started as.
const workerName = "duck"

// Worker does the work and ends the process when it was started as a worker;
// otherwise it returns at once.
func Worker() { worker.Serve(workerName, work) }

// work reads a task and writes lines.
func work(in io.Reader, out io.Writer) error {
	var t Task
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return err
	}
	say := json.NewEncoder(out)
	db, err := open(t)
	if err != nil {
		return say.Encode(line{Step: -1, Error: err.Error()})
	}
	defer db.Close()
	for i, step := range t.Steps {
		if err := say.Encode(line{Step: i, Begun: true}); err != nil {
			return err
		}
		rows, err := run(db, step)
		if err != nil {
			return say.Encode(line{Step: i, Error: err.Error()})
		}
		if rows != nil {
			if err := say.Encode(line{Step: i, Rows: rows}); err != nil {
				return err
			}
		}
	}
	return say.Encode(line{Done: true})
}

// open opens a database in memory that reaches the task's folder only.
func open(t Task) (*sql.DB, error) {
	db, err := sql.Open("duckdb", "")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // settings and temporary tables belong to a connection
	memory, threads := t.Memory, t.Threads
	if memory <= 0 {
		memory = defaultMemory
	}
	if threads <= 0 {
		threads = defaultThreads
	}
	for _, set := range []string{
		"autoinstall_known_extensions = false",
		"autoload_known_extensions = false",
		fmt.Sprintf("memory_limit = '%dB'", memory),
		fmt.Sprintf("threads = %d", threads),
		"preserve_insertion_order = true",
		"TimeZone = 'Asia/Shanghai'",
		"temp_directory = " + Quote(t.Dir),
		"allowed_directories = [" + Quote(t.Dir) + "]",
		"enable_external_access = false",
		"lock_configuration = true",
	} {
		if _, err := db.Exec("set " + set); err != nil {
			return nil, errors.Join(err, db.Close())
		}
	}
	return db, nil
}

func run(db *sql.DB, step Step) (*Rows, error) {
	if !step.Rows {
		_, err := db.ExecContext(context.Background(), step.SQL)
		return nil, err
	}
	rows, err := db.QueryContext(context.Background(), step.SQL)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := &Rows{Rows: [][]any{}}
	if out.Columns, err = rows.Columns(); err != nil {
		return nil, err
	}
	for rows.Next() {
		if len(out.Rows) == maxRows {
			return nil, fmt.Errorf("more than %d rows", maxRows)
		}
		values, into := make([]any, len(out.Columns)), make([]any, len(out.Columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i, v := range values {
			values[i] = plain(v)
		}
		out.Rows = append(out.Rows, values)
	}
	return out, rows.Err()
}

// plain turns what JSON does not know into text.
func plain(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case []byte:
		return string(v)
	case fmt.Stringer:
		return v.String()
	}
	return v
}
