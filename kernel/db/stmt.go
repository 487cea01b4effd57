package db

import (
	"context"
	"database/sql"
	"strings"
	"sync"
)

// maxStatements bounds how many prepared statements a cache keeps, so that
// lists with many combinations of filters do not grow without end.
const maxStatements = 1024

// preparer is *sql.DB or *sql.Conn.
type preparer interface {
	PrepareContext(ctx context.Context, text string) (*sql.Stmt, error)
}

// stmtCache keeps prepared statements by their text. Two generations stand in
// for a list by age: what is not used while one generation fills is closed.
type stmtCache struct {
	on       preparer
	mu       sync.Mutex
	hot, old map[string]*stmt
}

// stmt is a prepared statement and how many are using it.
type stmt struct {
	*sql.Stmt
	text  string
	reads bool // changes nothing
	uses  int  // guarded by stmtCache.mu; one of them is the cache's own
}

func newStmtCache(on preparer) *stmtCache {
	return &stmtCache{on: on, hot: map[string]*stmt{}}
}

// take returns the statement for text, to be given back with put.
func (c *stmtCache) take(ctx context.Context, text string) (*stmt, error) {
	if s := c.find(text); s != nil {
		return s, nil
	}
	p, err := c.on.PrepareContext(ctx, sqliteText(text))
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &stmt{Stmt: p, text: text, reads: onlyReads(text), uses: 1}
	if _, raced := c.hot[text]; !raced {
		s.uses++
		c.store(s)
	}
	return s, nil
}

func (c *stmtCache) find(text string) *stmt {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.hot[text]
	if s == nil {
		if s = c.old[text]; s == nil {
			return nil
		}
		delete(c.old, text)
		c.store(s)
	}
	s.uses++
	return s
}

// store puts s among the hot ones, and drops the old generation when it fills.
func (c *stmtCache) store(s *stmt) {
	if len(c.hot) >= maxStatements/2 {
		for _, o := range c.old {
			c.drop(o)
		}
		c.old, c.hot = c.hot, make(map[string]*stmt, maxStatements/2)
	}
	c.hot[s.text] = s
}

// put gives back what take returned.
func (c *stmtCache) put(s *stmt) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(s)
}

func (c *stmtCache) drop(s *stmt) {
	if s.uses--; s.uses == 0 {
		s.Stmt.Close()
	}
}

// close drops all statements.
func (c *stmtCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range []map[string]*stmt{c.hot, c.old} {
		for _, s := range m {
			c.drop(s)
		}
		clear(m)
	}
}

// sqliteText is a statement as SQLite takes it: its text compares by bytes
// without being told.
func sqliteText(text string) string { return strings.ReplaceAll(text, ` collate "C"`, "") }

// onlyReads reports whether the statement surely changes nothing.
func onlyReads(text string) bool {
	t := strings.TrimLeft(text, " \t\r\n(")
	return len(t) >= 6 && strings.EqualFold(t[:6], "select")
}
