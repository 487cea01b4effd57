package identity

import (
	"context"
	"crypto/sha256"
	"time"

	"chengshu/kernel/db"
	"chengshu/kernel/fault"
	"chengshu/kernel/httpsig"
)

// Signer returns the actor of a client that signs its requests, and its public
// key. A client that is unknown, expired or revoked, or that has a key to show
// instead, is Unauthenticated unknown-key. The database is asked each time.
func (s *Service) Signer(ctx context.Context, client string) (*Actor, *httpsig.Key, error) {
	c, err := readClient(s.db.Read(ctx), `c.id = $1`, client, s.nowMS())
	if err != nil {
		return nil, nil, err
	}
	if c.publicKey == "" {
		return nil, nil, badKey()
	}
	key, err := httpsig.ParseKey(c.publicKey)
	if err != nil {
		return nil, nil, wrap("client's public key", err)
	}
	return c.actor, key, nil
}

// TakeSigned notes what a client has signed, so that it is taken once until then:
// the second time is Unauthenticated replayed. It is kept in the database, for
// other processes and over a restart; what cannot be noted is not taken. How
// much is kept is bounded by the client's rate, beyond which it is Exhausted
// too-many-requests.
func (s *Service) TakeSigned(ctx context.Context, a *Actor, signed []byte, until time.Time) error {
	if wait, ok := s.limiter.Take("s "+a.Client, s.clientRate(a)); !ok {
		return tooMany(wait)
	}
	hash := sha256.Sum256(signed)
	return s.db.Do(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`insert into identity_signature (hash, until) values ($1, $2) on conflict (hash) do nothing`, hash[:], until.UnixMilli())
		if err == nil && n == 0 {
			return fault.New(fault.Unauthenticated, "replayed", "这个签名已经用过；请重新签名，一秒内有相同请求时加 nonce", "this signature was used before; sign again, with a nonce where requests within a second are alike")
		}
		if err != nil {
			return err
		}
		return useClient(tx, a.Client, s.today())
	})
}

const (
	signatureChunk = 5000   // keeps one transaction of sweepSigned short
	signatureSlack = 60_000 // ms: clocks of several processes may differ by so much
)

// sweepSigned forgets signatures that nobody can show any more.
func (s *Service) sweepSigned(ctx context.Context) error {
	for n := int64(signatureChunk); n == signatureChunk; {
		err := s.db.DoLow(ctx, func(tx *db.Tx) (err error) {
			n, err = tx.Exec(`delete from identity_signature where hash in (select hash from identity_signature where until < $1 limit $2)`,
				s.nowMS()-signatureSlack, signatureChunk)
			return err
		})
		if err != nil {
			return wrap("sweep of signatures", err)
		}
	}
	return nil
}

// clientRate is how often the client may come.
func (s *Service) clientRate(a *Actor) Rate {
	if a.perMinute > 0 {
		return Rate{PerMinute: a.perMinute, Burst: max(1, a.perMinute/4)}
	}
	return s.rates.Client
}
