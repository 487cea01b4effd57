package identity

import (
	"context"
	"time"

	"chengshu/kernel/db"
)

// DeviceLife is how long a browser is remembered after an account signed in.
const DeviceLife = 180 * 24 * time.Hour

// maxDevices bounds those remembered of one account; the oldest are forgotten.
const maxDevices = 20

// device is a browser, known by a token that it keeps. The token permits
// nothing: wrong passwords from a device that knows the account are counted
// apart from everybody else's.
type device struct {
	token string
	knows bool // the account has signed in from it
}

// device finds out what is known of the browser that keeps token. One that is
// not known is given a new token.
func (s *Service) device(ctx context.Context, token, login string) (device, error) {
	fresh := device{token: newToken()}
	if len(token) != tokenLength {
		return fresh, nil
	}
	hash := digestOf(token)
	rows, err := s.db.Read(ctx).Query(`select login from identity_device where hash = $1 and seen_at > $2`,
		hash[:], s.nowMS()-DeviceLife.Milliseconds())
	if err != nil {
		return device{}, err
	}
	defer rows.Close()
	d := fresh
	for rows.Next() {
		var known string
		if err := rows.Scan(&known); err != nil {
			return device{}, err
		}
		d.token = token
		d.knows = d.knows || known == login
	}
	return d, rows.Err()
}

// learn remembers that login has signed in from d.
func (d device) learn(tx *db.Tx, login string, now int64) error {
	hash := digestOf(d.token)
	_, err := tx.Exec(`insert into identity_device (hash, login, seen_at) values ($1, $2, $3)
		on conflict (hash, login) do update set seen_at = excluded.seen_at`, hash[:], login, now)
	if err != nil || d.knows {
		return err
	}
	_, err = tx.Exec(`delete from identity_device where login = $1 and hash not in
		(select hash from identity_device where login = $1 order by seen_at desc, hash limit $2)`, login, int64(maxDevices))
	return err
}
