package identity

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
)

// Lock-out. An attempt is counted as wrong before the password is looked at
// and taken back when it was right, so that many at once gain nothing. An
// address is allowed more than an account: whole offices share one. Attempts
// from a device that knows the account are counted for that device alone, so
// that nobody can lock an owner out by guessing elsewhere.
const (
	wrongPerAccount = 5
	wrongPerAddress = 30
	wrongWindow     = 15 * time.Minute
	firstDelay      = time.Minute
	longestDelay    = time.Hour
)

// accountKey and addressKey name what is locked.
func accountKey(login string) string { return lockKey("account", login) }

func lockKey(kind, what string) string {
	sum := sha256.Sum256([]byte(kind + "\x00" + what))
	return hex.EncodeToString(sum[:16])
}

// addressKey names the network that an address stands for: an IPv4 address, or
// the /64 of an IPv6 one, since whoever has one of those has all of it.
func addressKey(addr string) string {
	host := addr
	if ap, err := netip.ParseAddrPort(addr); err == nil {
		host = ap.Addr().String()
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is6() && !ip.IsLoopback() {
		p, _ := ip.Prefix(64) // 64 fits any IPv6 address
		return p.Addr().String()
	}
	return ip.String()
}

// loopback reports whether an address key is the machine's own. Behind a proxy
// that runs there too, and of which the program was not told, it is everybody's:
// it is never locked.
func loopback(key string) bool {
	ip, err := netip.ParseAddr(key)
	return err == nil && ip.IsLoopback()
}

// attempt counts one attempt against key; the empty key has no limit. It returns until when key is locked,
// zero when it is not, and whether this attempt is the one that locks it.
func attempt(tx *db.Tx, key string, limit, now int64) (until int64, locks bool, err error) {
	if key == "" {
		return 0, false, nil
	}
	var wrong, first int64
	err = tx.QueryRow(`select wrong, first_at, until_at from identity_lock where key = $1`, key).Scan(&wrong, &first, &until)
	if err != nil && !errors.Is(err, db.ErrNoRows) {
		return 0, false, err
	}
	if until > now {
		return until, false, nil
	}
	if since := max(first, until); now-since > wrongWindow.Milliseconds() {
		wrong, first = 0, now
	}
	wrong++
	until = 0
	if wrong >= limit {
		delay := longestDelay
		if over := wrong - limit; over < 6 {
			delay = firstDelay << over
		}
		until = now + min(delay, longestDelay).Milliseconds()
	}
	_, err = tx.Exec(`insert into identity_lock (key, wrong, first_at, until_at) values ($1, $2, $3, $4)
		on conflict (key) do update set wrong = excluded.wrong, first_at = excluded.first_at, until_at = excluded.until_at`,
		key, wrong, first, until)
	return 0, wrong == limit, err
}

// forgive takes back the attempts against an account and the one against an
// address, after a right password.
func forgive(tx *db.Tx, account, address string) error {
	if _, err := tx.Exec(`delete from identity_lock where key = $1`, account); err != nil {
		return err
	}
	_, err := tx.Exec(`update identity_lock set wrong = wrong - 1,
		until_at = case when wrong > $1 then until_at else 0 end where key = $2 and wrong > 0`, int64(wrongPerAddress), address)
	return err
}

func lockedOut(wait time.Duration) error {
	minutes := int((wait + time.Minute - 1) / time.Minute)
	return fault.Wrap(&Wait{wait}, fault.Exhausted, "locked-out",
		fmt.Sprintf("尝试次数过多，请在 %d 分钟后再试", minutes), fmt.Sprintf("too many wrong attempts; try again in %d min", minutes))
}
