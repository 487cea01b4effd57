package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// Cost is what one hash takes: argon2id over Memory KiB, Passes times, on one
// thread.
type Cost struct {
	Memory uint32 // KiB
	Passes uint32
}

// floor is the least that a person's password is hashed with, OWASP's minimum
// for argon2id. demoCost is for passwords that are printed at start anyway.
var (
	floor    = Cost{Memory: 19 * 1024, Passes: 2}
	demoCost = Cost{Memory: 64, Passes: 1}
)

const (
	hashTarget = 50 * time.Millisecond // what measuring aims at
	maxPasses  = 16
	saltBytes  = 16
	keyBytes   = 32
	// Bounds of what a stored hash may ask for: a damaged row must not take
	// the machine down.
	maxMemory = 1 << 20 // KiB
)

// hasher makes and checks password hashes, few at a time: each takes tens of
// megabytes, and sign-ins must not be a way to exhaust the machine.
type hasher struct {
	slots chan struct{}
	once  sync.Once
	cost  Cost
	dummy string // checked when there is no account, so that it takes as long
}

func newHasher(fixed *Cost) *hasher {
	h := &hasher{slots: make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))}
	if fixed != nil {
		h.cost = *fixed
	}
	return h
}

// ready measures the machine at first use, unless the cost was given.
func (h *hasher) ready() {
	h.once.Do(func() {
		if h.cost == (Cost{}) {
			h.cost = measure(time.Now)
		}
		h.dummy = encode(h.cost, make([]byte, saltBytes), make([]byte, keyBytes))
	})
}

// measure finds the number of passes that takes about hashTarget here. The
// clock is the machine's: it is the machine that is measured.
func measure(now func() time.Time) Cost {
	c := floor
	var took time.Duration
	for range 2 { // the first one also pays for fresh memory
		start := now()
		argon2.IDKey([]byte("measure"), make([]byte, saltBytes), c.Passes, c.Memory, 1, keyBytes)
		took = max(now().Sub(start), time.Millisecond)
	}
	c.Passes = uint32(min(maxPasses, max(int64(c.Passes), int64(c.Passes)*int64(hashTarget)/int64(took))))
	return c
}

func (h *hasher) acquire(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hash returns the PHC string of password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	h.ready()
	return h.hashAt(ctx, h.cost, password)
}

func (h *hasher) hashAt(ctx context.Context, c Cost, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.slots }()
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails (crypto/rand)
	return encode(c, salt, argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, 1, keyBytes)), nil
}

// verify reports whether password makes hash, and whether hash is weaker than
// what is made now. An empty hash takes the time of a true one and fails.
func (h *hasher) verify(ctx context.Context, hash, password string) (ok, weak bool, err error) {
	h.ready()
	known := hash != ""
	if !known {
		hash = h.dummy
	}
	c, salt, want, err := decode(hash)
	if err != nil {
		return false, false, err
	}
	if err := h.acquire(ctx); err != nil {
		return false, false, err
	}
	defer func() { <-h.slots }()
	got := argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, 1, keyBytes)
	ok = subtle.ConstantTimeCompare(got, want) == 1 && known
	return ok, c.Memory < h.cost.Memory || c.Passes*2 <= h.cost.Passes, nil
}

// encode writes the PHC string format, as the argon2 reference tool does.
func encode(c Cost, salt, key []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, c.Memory, c.Passes, b64(salt), b64(key))
}

var errHash = errors.New("identity: a stored password hash is not readable")

func decode(s string) (c Cost, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return c, nil, nil, errHash
	}
	params := strings.Split(parts[3], ",")
	if len(params) != 3 || params[2] != "p=1" {
		return c, nil, nil, errHash
	}
	m, err1 := number(params[0], "m=", maxMemory)
	t, err2 := number(params[1], "t=", 64)
	salt, err3 := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	key, err4 := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if errors.Join(err1, err2, err3, err4) != nil || len(salt) < 8 || len(salt) > 64 || len(key) != keyBytes {
		return c, nil, nil, errHash
	}
	return Cost{Memory: m, Passes: t}, salt, key, nil
}

func number(s, prefix string, limit uint64) (uint32, error) {
	digits, ok := strings.CutPrefix(s, prefix)
	n, err := strconv.ParseUint(digits, 10, 32)
	if !ok || err != nil || n == 0 || n > limit {
		return 0, errHash
	}
	return uint32(n), nil
}
