package search

import (
	"strconv"
	"strings"

	"chengshu/kernel/db"
)

const (
	maxQuery  = 300 // bytes of a query that count
	maxTerms  = 16  // stretches and words of a query that count
	minPrefix = 3   // characters from which a word is taken as a beginning
)

// Query is what to look for.
type Query struct {
	// Text is as a person typed it: every word and every stretch of Han
	// characters in it must occur. Nothing in it is an operator. At most 300
	// bytes and 16 terms count.
	Text string
	// Scope limits the search to rows that were put with one of these; none
	// means everywhere. Text may be empty when there is a scope.
	Scope []string
}

// term is one thing that must occur: neighbouring tokens, or the beginning of
// one.
type term struct {
	tokens []string
	prefix bool
}

func terms(text string) []term {
	var out []term
	for _, r := range runs(head(text, maxQuery)) {
		if len(out) == maxTerms {
			break
		}
		if !r.han {
			w := cut(r.text)
			out = append(out, term{[]string{w}, atLeast(w, minPrefix)})
		} else if p := pairs(r.text); len(p) > 0 {
			out = append(out, term{p, false})
		} else {
			out = append(out, term{[]string{r.text}, true})
		}
	}
	return out
}

// atLeast reports whether s has n characters.
func atLeast(s string, n int) bool {
	for range s {
		if n--; n == 0 {
			return true
		}
	}
	return false
}

// grammar is how a dialect writes an expression over tokens. The tokens hold
// letters, digits, accents and "_" only; the quotes keep them from being read
// as anything else even so.
type grammar struct {
	quote, next, quoteAll, prefix, and, or string
}

var grammars = map[db.Dialect]grammar{
	// "a b c" AND "d"*
	db.SQLite: {next: " ", quoteAll: `"`, prefix: "*", and: " AND ", or: " OR "},
	// ('a' <-> 'b' <-> 'c') & 'd':*
	db.PostgreSQL: {quote: "'", next: " <-> ", prefix: ":*", and: " & ", or: " | "},
}

func (g grammar) term(b *strings.Builder, t term) {
	if g.quoteAll == "" && len(t.tokens) > 1 {
		b.WriteByte('(')
		defer b.WriteByte(')')
	}
	b.WriteString(g.quoteAll)
	for i, tok := range t.tokens {
		if i > 0 {
			b.WriteString(g.next)
		}
		b.WriteString(g.quote)
		b.WriteString(tok)
		b.WriteString(g.quote)
	}
	b.WriteString(g.quoteAll)
	if t.prefix {
		b.WriteString(g.prefix)
	}
}

// expression returns q in the language of the dialect, "" when there is
// nothing to look for.
func expression(d db.Dialect, q Query) string {
	g, list := grammars[d], terms(q.Text)
	if len(list) == 0 && strings.TrimSpace(q.Text) != "" {
		return "" // Only signs: they occur nowhere.
	}
	var b strings.Builder
	for i, s := range q.Scope {
		if i == 0 {
			b.WriteByte('(')
		} else {
			b.WriteString(g.or)
		}
		g.term(&b, term{tokens: []string{scopeToken(s)}})
	}
	if len(q.Scope) > 0 {
		b.WriteByte(')')
	}
	for _, t := range list {
		if b.Len() > 0 {
			b.WriteString(g.and)
		}
		g.term(&b, t)
	}
	return b.String()
}

// Match is the pieces of a query that finds the rows of a [Query]:
//
//	"select c.title from " + m.From + " cross join case_incident c" +
//	" where c.n = " + m.Key + " and " + m.Where + " and " + m.Key + " < $2" +
//	" order by " + m.Key + " desc limit 20"
//
// Written so, with the index first, `cross join`, and order and paging on Key,
// it is read newest first and only as far as the limit asks.
type Match struct {
	From  string // the index's table
	Key   string // its column with the rows' keys
	Where string // the condition; "1 = 0" when the query has nothing that could occur
	Args  []any  // for the parameters of Where
}

// In returns a condition on a column of the keys, for a query that does not
// lead with the index: a count, or one condition among better ones. All rows
// that match are collected first.
func (m Match) In(column string) string {
	return column + " in (select " + m.Key + " from " + m.From + " where " + m.Where + ")"
}

// Match returns the query for q, with parameters from $first on.
func (x *Index) Match(q Query, first int) Match {
	m := Match{From: x.table, Key: x.table + ".rowid"}
	if x.e.dialect == db.PostgreSQL {
		m.Key = x.table + ".n"
	}
	expr := expression(x.e.dialect, q)
	if expr == "" {
		m.Where = "1 = 0"
		return m
	}
	m.Args = []any{expr}
	param := "$" + strconv.Itoa(first)
	if x.e.dialect == db.PostgreSQL {
		m.Where = x.table + ".tokens @@ cast(" + param + " as tsquery)"
	} else {
		m.Where = x.table + " match " + param
	}
	return m
}
